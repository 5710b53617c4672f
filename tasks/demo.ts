/**
 * The example store and the guided tour through the main job.
 *
 * The store is drawn by chance from a seed, so everybody sees the same one. Three steps make it: say
 * what it holds, lay that out as MLflow does, write it.
 *
 * @module
 */

import { InvalidArgumentError } from "../lib/errors.ts";
import { join, toFileUrl } from "@std/path";
import { sqliteUri } from "../lib/store/store_uri.ts";
import { shellWords } from "../lib/text/shell_words.ts";
import type { Abortable } from "./ports/store.ts";
import { type DemoStore, describeDemoStore } from "./_demo/describe_demo_store.ts";
import type { DemoEntry } from "./_demo/entry.ts";
import { layOutDemoStore } from "./_demo/lay_out_demo_store.ts";
import { makeTourDirectory, writeDemoEntries } from "./_demo/write_demo_entries.ts";

/** The oldest experiment is four years old; the store cannot begin before 1970. */
const EARLIEST_NOW = Date.UTC(1974, 0, 1);

/** How to draw the example store. */
export interface DemoStoreOptions extends Abortable {
  /** Epoch ms: the moment that all ages in the store count back from. */
  readonly now: number;
  /**
   * The same seed and `now` give the same store, but for artifact URIs, which hold its directory.
   *
   * @default {42}
   */
  readonly seed?: number;
  /** As what to write it: as files, or as a database of SQLite with the artifacts beside it. @default {"files"} */
  readonly kind?: "files" | "sqlite";
  /** Looked at before anything is written. */
  readonly signal?: AbortSignal | undefined;
}

/** What was written. */
export interface DemoStoreSummary {
  /** Absolute real path of the directory that holds all of it. */
  readonly directory: string;
  /** What names the store: that directory, or the URI of the database in it. */
  readonly location: string;
  /** Experiments with metadata. */
  readonly experiments: number;
  /** Directories of experiments without metadata: that lost their `meta.yaml`, or their row. */
  readonly orphans: number;
  /** Runs of the experiments with metadata. */
  readonly runs: number;
  /** Those of the runs that a clean-up after 30 days removes. */
  readonly prunable: number;
}

/**
 * Writes the example store: 15 experiments with 1,293 runs, of which 143 can go after 30 days, two
 * orphans and a small model registry. MLflow 2 and 3 read it as files, MLflow 3.17 as a database.
 *
 * Requires `--allow-read` and `--allow-write` for the directory.
 *
 * @param directory Where to write it; made when it is not there.
 * @param options The moment and the seed.
 * @returns What was written, counted.
 * @throws {InvalidArgumentError} When the directory is not empty or no directory, or `now` is no time in ms.
 * @throws {DiskFullError} When there is no room for it; then nothing of it is left there.
 * @throws {DOMException} `AbortError` when the signal is aborted; nothing is written then.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeDemoStore } from "mltidy";
 *
 * const directory = await Deno.makeTempDir();
 * const written = await writeDemoStore(directory, { now: Date.UTC(2026, 4, 1) });
 * assertEquals([written.experiments, written.orphans], [15, 2]);
 * assertEquals([written.runs, written.prunable], [1293, 143]);
 * ```
 */
export async function writeDemoStore(
  directory: string,
  options: DemoStoreOptions,
): Promise<DemoStoreSummary> {
  if (!Number.isSafeInteger(options.now) || options.now < EARLIEST_NOW) {
    throw new InvalidArgumentError(
      `Cannot draw the example store for the time ${options.now}: expected milliseconds since 1970, ` +
        `at least ${EARLIEST_NOW}`,
    );
  }
  await refuseUnlessEmpty(directory);
  options.signal?.throwIfAborted();
  const { now, seed = 42, kind = "files" } = options;
  const store = describeDemoStore(now, seed);
  const layOut = await LAY_OUT[kind]();
  const root = await writeDemoEntries(directory, (root) => layOut(store, root));
  const runs = store.experiments.flatMap((experiment) => experiment.runs);
  return {
    directory: root,
    location: kind === "files" ? root : sqliteUri(join(root, "mlflow.db")),
    experiments: store.experiments.length,
    orphans: store.orphans.length,
    runs: runs.length,
    prunable: runs.filter((run) => run.prunable).length,
  };
}

type DemoKind = NonNullable<DemoStoreOptions["kind"]>;

type LayOut = (store: DemoStore, root: string) => Iterable<DemoEntry>;

const LAY_OUT: Readonly<Record<DemoKind, () => Promise<LayOut>>> = {
  files: () => Promise.resolve((store, root) => layOutDemoStore(store, toFileUrl(root).href)),
  // Loaded when it is wanted: SQLite, and the tables of MLflow's.
  sqlite: async () => (await import("./_demo/lay_out_demo_database.ts")).layOutDemoDatabase,
};

/** The tasks that the tour runs; each takes the store's location and gives what it would print. */
export interface DemoTasks {
  /** Tells what the store holds. */
  readonly summary: (store: string) => Promise<string>;
  /** Tells what is broken. */
  readonly verify: (store: string) => Promise<string>;
  /** Computes the clean-up's plan and changes nothing. */
  readonly plan: (store: string) => Promise<string>;
  /** Carries the clean-up out, without a question. */
  readonly apply: (store: string) => Promise<string>;
  /** Undoes the clean-up. */
  readonly restore: (store: string) => Promise<string>;
}

/** Where the tour speaks. */
export interface DemoIo {
  /** Takes some lines of text, without a newline at their end. */
  readonly print: (text: string) => void;
}

/** What the tour needs. */
export interface DemoOptions extends DemoStoreOptions {
  /** What the steps run. */
  readonly tasks: DemoTasks;
}

interface TourStep {
  readonly sentence: string;
  readonly command: string;
  readonly run: () => Promise<string>;
}

/**
 * Writes the example store into a new temporary directory and shows the main job on it, step by step:
 * each with a sentence, the command to type, and what it prints. The store stays for a closer look.
 *
 * Requires `--allow-read` and `--allow-write` for the system's temporary directory.
 *
 * @param io Where to print.
 * @param options The tasks to run, the moment and the seed.
 * @returns What was written, before the clean-up.
 * @throws {InvalidArgumentError} When `now` is no time in ms.
 */
export async function demo(io: DemoIo, options: DemoOptions): Promise<DemoStoreSummary> {
  const parent = await makeTourDirectory();
  const { kind = "files", tasks } = options;
  const { opening, sentences, place } = TOURS[kind];
  io.print(opening);
  const written = await writeDemoStore(join(parent, place), options);
  for (const step of tourOf(written.location, tasks, sentences)) {
    io.print(`\n# ${step.sentence}\n$ ${step.command}\n`);
    io.print((await step.run()).trimEnd());
  }
  io.print(
    `\n# The store stays for a closer look, as it was at first; remove it with:\n` +
      `$ rm -r ${shellWords([parent])}`,
  );
  return written;
}

function tourOf(
  location: string,
  tasks: DemoTasks,
  sentences: Tour["sentences"],
): readonly TourStep[] {
  const store = shellWords(["--store", location]);
  return [
    {
      sentence: sentences.summary,
      command: `deno task summary ${store}`,
      run: () => tasks.summary(location),
    },
    {
      sentence: sentences.verify,
      command: `deno task verify ${store}`,
      run: () => tasks.verify(location),
    },
    {
      sentence: "What a clean-up would do, and why; this changes nothing.",
      command: `deno task cleanup ${store}`,
      run: () => tasks.plan(location),
    },
    {
      sentence: sentences.apply,
      command: `deno task cleanup:apply --force ${store}`,
      run: () => tasks.apply(location),
    },
    {
      sentence: "What is there now: MLflow lists it without a warning.",
      command: `deno task summary ${store}`,
      run: () => tasks.summary(location),
    },
    {
      sentence: sentences.undo,
      command: `deno task restore --last ${store}`,
      run: () => tasks.restore(location),
    },
  ];
}

/** What the tour says that is not the same of every kind of store. */
interface Tour {
  readonly opening: string;
  /** Where in the directory of the tour the store goes. */
  readonly place: string;
  readonly sentences: Readonly<Record<"summary" | "verify" | "apply" | "undo", string>>;
}

const TOURS: Readonly<Record<DemoKind, Tour>> = {
  files: {
    opening: "A neglected store, as MLflow leaves one behind, is written for this tour.",
    place: "mlruns",
    sentences: {
      summary: "What is there: 17 experiment directories, two of which lost their meta.yaml.",
      verify: "What is wrong with it: at the two orphans, MLflow warns on every listing.",
      apply: "Carry it out: exactly this plan; everything that leaves goes into a backup.",
      undo: "All of it can be undone: this brings back every byte.",
    },
  },
  sqlite: {
    opening:
      "A neglected database, as MLflow 3 leaves one behind, is written for this tour, with\n" +
      "17 directories of artifacts beside it, two of which no experiment has any more.",
    place: "",
    sentences: {
      summary: "What is there: 15 experiments, and artifacts of two more that have no row.",
      verify: "What is wrong with it: runs that nobody ended, and artifacts that no row names.",
      apply: "Carry it out: exactly this plan; what changes is written down, what leaves is kept.",
      undo: "All of it can be undone: this gives back each row as it was, and each file.",
    },
  },
};

async function refuseUnlessEmpty(directory: string): Promise<void> {
  const where = `Cannot write the example store to ${JSON.stringify(directory)}`;
  try {
    for await (const _ of Deno.readDir(directory)) {
      throw new InvalidArgumentError(
        `${where}: expected an empty or new directory, found it in use`,
      );
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotADirectory) {
      throw new InvalidArgumentError(`${where}: expected an empty or new directory, found a file`);
    }
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
