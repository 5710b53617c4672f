/**
 * The commands that are put to the test: one row each. A new command that writes to a store is a new row.
 *
 * @module
 */

import { backup } from "../../tasks/backups/backup.ts";
import { verifyBackups } from "../../tasks/backups/verify_backups.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { prune } from "../../tasks/prune.ts";
import { type Tree, treeDifferences } from "../_support/tree.ts";
import {
  backupsIn,
  type Case,
  errorsIn,
  keep,
  look,
  type Moment,
  openCase,
  putBack,
  settle,
} from "./case.ts";
import { prepareDrop } from "./drop_setup.ts";
import { prepareMerge, prepareRestoreMerge } from "./merge_files_setup.ts";
import { prepareMove } from "./move_setup.ts";
import { preparePreflight } from "./preflight_setup.ts";
import type { Program } from "./program.ts";
import { carriedOut, exactly, type Expected } from "./promise.ts";
import { prepareRepair } from "./repair_setup.ts";
import { prepareReviewed } from "./reviewed_setup.ts";
import { prepareRestore, prepareRestoreCopy, prepareRestorePart } from "./restore_setups.ts";
import { shuffled } from "./shuffled.ts";
import { type Call, runInjected, traceCalls } from "./strace.ts";
import { prepareTraining } from "./training.ts";

/** What a scenario is made with. */
export interface Tools {
  readonly seed: number;
  /** A command line of this project. */
  readonly program: (...words: readonly string[]) => Program;
  /** Where strace may write. */
  readonly log: string;
}

/** A case that is ready for its command. */
export interface Setup {
  readonly program: Program;
  /** How the case may stand in the end: as if the command had never been typed … */
  readonly before: Moment;
  /** … or as the command promises, by what it printed (`null` when it did not come to that). */
  readonly promises: (actual: Moment, printed: string | null) => Expected;
  /** Some of what was to be done, each part whole. */
  readonly partly?: (actual: Moment) => Expected;
  /** Any of what was to be done, where that is less than a part: what cannot be read is not mended. */
  readonly each?: (actual: Moment) => Expected;
  /**
   * Whether the case may stand so whenever nothing was printed; else only when several calls failed.
   */
  readonly mayBePartly?: boolean;
  /** Whether what was being written may be found damaged. */
  readonly mayDamage?: boolean;
  /** What `restore` must bring back from wherever the case ends; `null` when it need not. */
  readonly original: Moment | null;
  /** Paths of whose times there is no record. */
  readonly timeless?: readonly string[];
  /** How that is brought back, and of what the times are not when only a part was there. */
  readonly undo?: { readonly id: string; readonly timeless: ReadonlySet<string> };
  /** The exit code that says that all is done. @default {0} */
  readonly done?: number;
  /** The errors that the store had before anything was done to it. */
  readonly errors: ReadonlySet<string>;
  /** Whether the promised state, too, can be undone. */
  readonly isUndoable: boolean;
  /**
   * Says what is wrong with the backups in the end. Without it they must be as before when the store is.
   */
  readonly checkBackups?: (one: Case, after: Moment) => Promise<readonly string[]>;
}

/** A command that writes. */
export interface Scenario {
  readonly name: string;
  /** What `--tasks` selects it by. */
  readonly task: string;
  /** Whether it makes room, and so works on a disk that has none. @default {false} */
  readonly makesRoom?: boolean;
  /** Brings a fresh case to where the command finds it. */
  readonly prepare: (one: Case, tools: Tools) => Promise<Setup>;
}

/** All of them. */
export const scenarios: readonly Scenario[] = [
  { name: "cleanup-backup", task: "cleanup", prepare: prepareCleanup },
  {
    name: "cleanup-no-backup",
    task: "cleanup",
    makesRoom: true,
    prepare: async (one, tools) => ({
      ...await prepareCleanup(one, tools, "--no-backup"),
      isUndoable: false,
    }),
  },
  {
    name: "cleanup-elsewhere",
    task: "cleanup",
    prepare: (one, tools) => prepareCleanup(one, tools, "--backups", one.copies),
  },
  { name: "cleanup-drop", task: "cleanup", prepare: prepareDrop },
  { name: "apply-what-still-holds", task: "apply", prepare: prepareReviewed },
  { name: "restore-last", task: "restore", prepare: prepareRestore },
  { name: "restore-part", task: "restore", prepare: prepareRestorePart },
  { name: "restore-copy", task: "restore", prepare: prepareRestoreCopy },
  {
    name: "recover-cleanup",
    task: "recover",
    prepare: (one, tools) => prepareRecover(one, tools, prepareCleanup),
  },
  {
    name: "recover-restore",
    task: "recover",
    prepare: (one, tools) => prepareRecover(one, tools, prepareRestore),
  },
  { name: "backup-copy", task: "backup", prepare: (one, tools) => prepareBackup(one, tools) },
  {
    name: "backup-elsewhere",
    task: "backup",
    prepare: (one, tools) => prepareBackup(one, tools, { backups: one.copies }),
  },
  { name: "backup-expire", task: "backup", makesRoom: true, prepare: prepareExpiry },
  { name: "repair", task: "repair", prepare: prepareRepair },
  { name: "move", task: "move", prepare: prepareMove },
  { name: "merge", task: "merge", prepare: prepareMerge },
  { name: "restore-merge", task: "merge", prepare: prepareRestoreMerge },
  {
    name: "recover-merge",
    task: "recover",
    prepare: (one, tools) => prepareRecover(one, tools, prepareMerge),
  },
  { name: "preflight", task: "preflight", prepare: preparePreflight },
  { name: "training", task: "training", prepare: prepareTraining },
];

async function prepareCleanup(
  one: Case,
  { seed, program }: Tools,
  ...flags: readonly string[]
): Promise<Setup> {
  await using store = await openCase(one);
  // Stores differ in their past, too: never touched, once locked, once pruned.
  if (seed % 3 === 1) await settle(one);
  if (seed % 3 === 2) await prune(store, { olderThan: "200d", apply: true });
  const before = await look(one);
  const { plan } = await cleanup(store);
  return {
    program: program("cleanup", "--apply", "--force", "--json", ...flags, "--store", one.root),
    before,
    ...carriedOut(plan, before),
    original: before,
    errors: await errorsIn(one),
    isUndoable: true,
  };
}

/** Kills another command where it leaves something to settle; a different place for each seed. */
async function prepareRecover(
  one: Case,
  tools: Tools,
  prepare: Scenario["prepare"],
): Promise<Setup> {
  const setup = await prepare(one, tools);
  await keep(one);
  const { ending, calls } = await traceCalls(setup.program, one.place, tools.log);
  for (const call of shuffled(calls, tools.seed)) {
    await putBack(one);
    await runInjected(setup.program, one.place, tools.log, call, "kill");
    await using store = await openCase(one);
    if ((await store.changes!.interrupted()).length > 0) {
      return {
        ...setup,
        program: tools.program("recover", "--json", "--store", one.root),
        promises: (actual, printed) =>
          // A journal that was cut off itself is of a change that never began.
          printed === null || printed.includes('"completed"')
            ? setup.promises(actual, null)
            : exactly(setup.before),
      };
    }
  }
  throw new Error(
    `None of ${calls.length} kills left a journal: ${
      setup.program.words.join(" ")
    }\n${ending.stderr}`,
  );
}

/** Names a call in the way that `--call` takes it. */
export function callName({ name, ordinal }: Call): string {
  return `${name}#${ordinal}`;
}

/** A first copy for some seeds; for the others a second one, which shares with the first what it can. */
async function prepareBackup(
  one: Case,
  { seed, program }: Tools,
  place: { readonly backups?: string } = {},
): Promise<Setup> {
  await using store = await openCase(one);
  const errors = await errorsIn(one);
  if (seed % 2 === 1) {
    await backup(store, place);
    await prune(store, { olderThan: "60d", apply: true });
  }
  const before = await look(one);
  const flags = place.backups === undefined ? [] : ["--backups", place.backups];
  return {
    program: program("backup", "--json", ...flags, "--store", one.root),
    before,
    promises: () => exactly(before),
    original: null,
    errors,
    isUndoable: false,
    checkBackups: (_, after) => checkCopies(one, before, after, []),
  };
}

async function prepareExpiry(one: Case, { program }: Tools): Promise<Setup> {
  await using store = await openCase(one);
  const errors = await errorsIn(one);
  const { id } = await backup(store);
  await prune(store, { olderThan: "60d", apply: true });
  await backup(store);
  const before = await look(one);
  return {
    program: program("backup", "--expire", id, "--json", "--store", one.root),
    before,
    promises: () => exactly(before),
    original: null,
    errors,
    isUndoable: false,
    checkBackups: (_, after) => checkCopies(one, before, after, [id]),
  };
}

/** Each backup that there was is as it was, or wholly gone if it may go; every copy reads back right. */
async function checkCopies(
  one: Case,
  before: Moment,
  after: Moment,
  mayGo: readonly string[],
): Promise<readonly string[]> {
  const wrong: string[] = [];
  const partOf = ({ own }: Moment, place: string): Tree =>
    new Map([...own].filter(([path]) => path.startsWith(`${place}/`)));
  for (const place of backupsIn(before)) {
    const isGone = !backupsIn(after).includes(place);
    if (isGone && mayGo.some((id) => place === `backups/${id}`)) continue;
    wrong.push(...treeDifferences(partOf(after, place), partOf(before, place)));
  }
  await using store = await openCase(one);
  for (const place of [{}, { backups: one.copies }]) {
    for (const { id, faults } of (await verifyBackups(store, place)).checks) {
      wrong.push(...faults.map(({ path, message }) => `${id}, ${path}: ${message}`));
    }
  }
  return wrong;
}
