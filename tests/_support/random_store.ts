/**
 * Random small stores on the disk, for tests that do real work on them: each has something to
 * soft-delete, something to move away and something to keep, and whatever else the arbitraries draw.
 *
 * The shape depends on the seed alone; times lie relative to the moment of making.
 *
 * @module
 */

import { join } from "@std/path";
import fc from "./fast_check.ts";
import { planCleanup } from "../../lib/cleanup/plan_cleanup.ts";
import type { CleanupPolicy } from "../../lib/policy/policy.ts";
import { fingerprintOf } from "../../lib/snapshot/fingerprint.ts";
import type { StoreSnapshot } from "../../lib/store/snapshot.ts";
import { snapshotArbitrary } from "./arbitraries.ts";
import { DAY } from "./builders.ts";
import { type Files, setTimes, type StorePlace, writeFiles, writeStore } from "./disk_store.ts";

/** What `cleanup` does without flags. */
export const DEFAULT_POLICY: CleanupPolicy = {
  olderThan: 30 * DAY,
  purgeAfter: 30 * DAY,
  quarantineOrphans: true,
  settle: 600_000,
};

/**
 * Draws a store that a clean-up changes by 3 to 10 actions of at least two kinds.
 *
 * @param seed Names the store.
 * @param now Epoch ms: the moment around which all ages lie.
 * @returns The store, as a snapshot.
 */
export function randomStore(seed: number, now: number): StoreSnapshot<"tags"> {
  for (let attempt = 0;; attempt++) {
    const drawn = fc.sample(snapshotArbitrary({ now }), {
      seed: seed + attempt * 1e6,
      numRuns: 50,
    });
    const fit = drawn.find((snapshot) => {
      const linked = [...snapshot.experiments, ...snapshot.orphans].filter(({ link }) => link);
      // What lies behind a link is left alone, which a drawn run does not know of.
      const actions = planCleanup(snapshot, DEFAULT_POLICY, { now }).actions
        .filter(({ path }) => !linked.some((holder) => path.startsWith(`${holder.path}/`)));
      const kinds = new Set(actions.map(({ kind }) => kind));
      return actions.length >= 3 && actions.length <= 10 && kinds.size > 1 &&
        kinds.has("soft-delete-run");
    });
    if (fit) return fit;
  }
}

/**
 * Writes a random store, and gives its directories and files the modes, links and odd names that
 * training code leaves behind.
 *
 * @param place Where it goes; both directories are made.
 * @param seed Names the store.
 * @param now Epoch ms: the moment around which all ages lie.
 */
export function writeRandomStore(place: StorePlace, seed: number, now: number): void {
  const snapshot = randomStore(seed, now);
  writeStore(place, snapshot);
  const pick = (path: string, choices: number) =>
    parseInt(fingerprintOf([String(seed), path]).slice(0, 8), 16) % choices;
  for (const { runs } of [...snapshot.experiments, ...snapshot.orphans]) {
    for (const { path, link } of runs) {
      if (!link && pick(path, 2) === 0) litter(join(place.root, path), place);
    }
  }
  roughen(place.root, "", pick);
}

const LITTER: Files = {
  "artifacts/empty": null,
  "artifacts/모델 😀\n.bin": "weights\u0000\u0001",
  "artifacts/deep/er/still/here.txt": "",
  "artifacts/linked.bin": "one file, two names",
};

function litter(run: string, { outside }: StorePlace): void {
  const time = Deno.lstatSync(run).mtime?.getTime() ?? 0;
  writeFiles(run, LITTER);
  Deno.linkSync(join(run, "artifacts/linked.bin"), join(run, "artifacts/deep/again.bin"));
  Deno.symlinkSync(outside, join(run, "artifacts/to-outside"));
  setTimes(run, time);
}

function roughen(
  directory: string,
  path: string,
  pick: (path: string, choices: number) => number,
): void {
  for (const { name, isDirectory, isFile } of [...Deno.readDirSync(directory)]) {
    const at = join(directory, name);
    const below = `${path}/${name}`;
    if (isFile) Deno.chmodSync(at, [0o644, 0o600, 0o664][pick(below, 3)]!);
    if (!isDirectory) continue;
    roughen(at, below, pick);
    Deno.chmodSync(at, [0o755, 0o700, 0o775][pick(below, 3)]!);
  }
}
