/**
 * Reading ahead where reads wait for a disk or a network.
 *
 * On a warm cache one read after the other is twice as fast as many at once; on a cold one it is four
 * times as slow. So the time that runs take is watched, and as soon as they take too long, the files of
 * the next ones are read many at once, only to have the system know them when the scan gets there. On a busy
 * system they take long, too: but then it takes as long to read them once more.
 *
 * @module
 */

import type { Extras } from "../../lib/store/extras.ts";
import type { Depth } from "../../lib/store/snapshot.ts";
import { listSome } from "./list_directory.ts";
import { MOST, readText } from "./read.ts";

/** Watches the pace of a scan. */
export interface ReadAhead {
  /**
   * To be asked before each run is read. Needs read permission.
   *
   * @param runs The runs that will be read, each with its path below the store's root.
   * @param index Which of them is the next.
   * @returns What to wait for first; mostly `null`.
   */
  before(runs: readonly { readonly path: string }[], index: number): Promise<void> | null;
}

/** After how many runs to look at the clock: fewer than are read before a busy system gives another program its turn. */
const GROUP = 16;
/** How many groups in a row must be slow: what waits for a disk does so in each, what waits for its turn does not. */
const IN_A_ROW = 4;
/** How many more at first, while code is still to be compiled. */
const AT_FIRST = 4;
/** How many runs to read twice, to tell what they wait for. */
const SAMPLES = 4;
/** How many runs to read ahead before the pace is measured again. */
const AHEAD = 2_048;
/** How many files to read at once. */
const AT_ONCE = 64;
/** ms that reading ahead takes at most. */
const LONGEST = 10_000;
/** ms that a run takes at most when nothing waits, several times over. */
const SLOW: Readonly<Record<Depth, number>> = { meta: 0.1, tags: 0.6, full: 2 };
/** What a scan reads of a run besides `meta.yaml`. */
const FOLDERS: Readonly<Record<Depth, readonly string[]>> = {
  meta: [],
  tags: ["tags"],
  full: ["tags", "params", "metrics"],
};

/** What a scan reads. */
export interface ReadAheadOptions {
  /** Absolute path of the store's root. */
  readonly root: string;
  /** How deep it reads. */
  readonly depth: Depth;
  /** Whether it measures every run, too, which takes its time. */
  readonly sizes: boolean;
  /** What alone it reads besides metadata; `null`: all of the folders. */
  readonly extras: Extras | null;
}

/**
 * Begins to watch the pace of a scan.
 *
 * @param options What the scan reads.
 * @param areOnDisk Tells whether runs have to be fetched from a disk.
 * @returns What to ask before each run.
 */
export function newReadAhead(
  { root, depth, sizes, extras }: ReadAheadOptions,
  areOnDisk: typeof waitsForDisk = waitsForDisk,
): ReadAhead {
  const files = namedFiles(extras);
  const folders = extras === null ? FOLDERS[depth] : [];
  let since = performance.now();
  let [probed, slow] = [0, -AT_FIRST];
  // How many runs are to be read ahead, and how many have been and not been reached yet.
  let [ahead, ready] = [0, 0];
  return {
    before(runs, index) {
      if (ready > 0) {
        if (--ready === 0) since = performance.now();
        return null;
      }
      if (ahead === 0) {
        if (probed++ < GROUP) return null;
        const now = performance.now();
        slow = now - since > GROUP * SLOW[sizes ? "full" : depth] ? slow + 1 : 0;
        [since, probed] = [now, 1];
        if (slow < IN_A_ROW) return null;
        slow = 0;
        const samples = runs.slice(index, index + SAMPLES).map(({ path }) => `${root}/${path}`);
        if (!areOnDisk(samples, files, folders)) return null;
        ahead = AHEAD;
      }
      const next = runs.slice(index, index + ahead).map(({ path }) => `${root}/${path}`);
      ahead -= next.length;
      ready = next.length - 1;
      return readAll(next, files, folders).then(() => {
        since = performance.now();
      });
    },
  };
}

function namedFiles(extras: Extras | null): readonly string[] {
  const { tags = [], params = [], metrics = [] } = extras ?? {};
  return [
    "meta.yaml",
    ...tags.map((key) => `tags/${key}`),
    ...params.map((key) => `params/${key}`),
    ...metrics.map((key) => `metrics/${key}`),
  ];
}

/**
 * Tells whether to read runs is to wait for a disk. Needs read permission.
 *
 * @param runs Their absolute paths.
 * @param files What is read of each.
 * @param folders Of which each file is read.
 * @returns Whether most are read faster at once again, when the system has them in memory.
 */
function waitsForDisk(
  runs: readonly string[],
  files: readonly string[],
  folders: readonly string[],
): boolean {
  const timeOf = (run: string) => {
    const start = performance.now();
    for (const file of files) readText(`${run}/${file}`);
    for (const folder of folders) {
      for (const name of namesIn(`${run}/${folder}`)) readText(`${run}/${folder}/${name}`);
    }
    return performance.now() - start;
  };
  return runs.filter((run) => timeOf(run) > 2 * timeOf(run)).length > runs.length / 2;
}

function namesIn(folder: string): readonly string[] {
  try {
    return listSome(folder).map(({ name }) => name);
  } catch {
    return [];
  }
}

async function readAll(
  runs: readonly string[],
  files: readonly string[],
  folders: readonly string[],
): Promise<void> {
  const left = runs.values();
  const reader = async () => {
    for (const run of left) {
      for (const file of files) await readFile(`${run}/${file}`);
      for (const folder of folders) await readFolder(`${run}/${folder}`);
    }
  };
  const all = Promise.all(Array.from({ length: AT_ONCE }, reader));
  // A pipe that is put in the place of a file meanwhile must not keep the scan.
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LONGEST);
  await Promise.race([all, late]);
  clearTimeout(timer);
}

async function readFolder(path: string): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(path)) await readFile(`${path}/${name}`);
  } catch {
    // Whatever is wrong, the scan meets it again.
  }
}

async function readFile(path: string): Promise<void> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (isFile && size <= MOST.record) await Deno.readFile(path);
  } catch {
    // Whatever is wrong, the scan meets it again.
  }
}
