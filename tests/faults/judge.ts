/**
 * Judging a case whose command was killed or hindered.
 *
 * @module
 */

import { listBackups } from "../../tasks/backups/list_backups.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { treeDifferences } from "../_support/tree.ts";
import {
  backupsIn,
  type Case,
  errorsIn,
  look,
  type Moment,
  openCase,
  settle,
  untidiness,
} from "./case.ts";
import { differences, exactly, type Expected } from "./promise.ts";
import type { Setup } from "./scenarios.ts";
import type { Ending } from "./strace.ts";

/** What a command may leave behind besides what it promises. */
export interface Tolerance {
  /** The time of the root, which our directory's making changes, and which cannot be put back at once. */
  readonly rootTime: boolean;
  /** The times of all directories, which nobody makes durable. */
  readonly directoryTimes?: boolean;
  /**
   * Several calls failed, so what could not be taken back may be there in part, as long as it can be
   * undone.
   */
  readonly several: boolean;
}

/**
 * Recovers a case and judges what has become of it.
 *
 * @param one The case, just after the command ended.
 * @param setup What was done to it.
 * @param ending How the command ended.
 * @param tolerance What is let pass.
 * @returns What is wrong, one line each; empty when nothing is.
 */
export async function judge(
  one: Case,
  setup: Setup,
  ending: Ending,
  tolerance: Tolerance,
): Promise<readonly string[]> {
  const tolerating = (expected: Expected): Expected => ({
    ...expected,
    timeless: new Set([
      ...expected.timeless,
      ...(setup.timeless ?? []),
      ...(tolerance.rootTime ? ["mlruns"] : []),
      ...(tolerance.directoryTimes
        ? [...setup.before.tree].filter(([, { kind }]) => kind === "directory").map(([path]) =>
          path
        )
        : []),
    ]),
  });
  const printed = ending.signal === null && ending.stdout !== "" ? ending.stdout : null;
  const wrong: string[] = [];
  const blame = (what: string, lines: readonly string[]) =>
    wrong.push(...lines.slice(0, 6).map((line) => `${what}: ${line}`));

  if (/^\s+at .*:\d+:\d+|panicked/m.test(ending.stderr)) blame("stack trace", [ending.stderr]);
  if (printed !== null && !tolerance.several) {
    const actual = await look(one);
    blame(
      "not what it printed",
      differences(actual, tolerating(setup.promises(actual, printed))),
    );
  }
  const settled = [...settledIn(printed), ...await settle(one)];
  const after = await look(one);
  const fromBefore = differences(after, tolerating(exactly(setup.before)));
  const fromPromised = differences(after, tolerating(setup.promises(after, printed)));
  const isBefore = fromBefore.length === 0;
  const isPartly = (tolerance.several || setup.mayBePartly === true) && printed === null &&
    setup.partly !== undefined &&
    differences(after, tolerating(setup.partly(after))).length === 0;
  const mayBeStuck = tolerance.several && setup.original !== null && setup.isUndoable;
  if (!isBefore && !isPartly && !mayBeStuck && fromPromised.length > 0) {
    blame("not as before", fromBefore);
    blame("not as promised", fromPromised);
  }
  if (ending.code === (setup.done ?? 0) && fromPromised.length > 0) {
    wrong.push("it said done, and it is not");
  }
  for (const { outcome, collisions } of settled) {
    // Of two changes of one task, the one before the one that was taken back stays.
    const isTakenBack = isBefore || isPartly && setup.mayBePartly === true;
    if (outcome === "reversed" && !isTakenBack) wrong.push("it said taken back, and it is not");
    if (outcome === "completed" && isBefore) wrong.push("it said complete, and it is not");
    blame("collision", collisions);
  }
  if (setup.checkBackups) blame("backups", await setup.checkBackups(one, after));
  else if (isBefore) blame("backup not as before", backupDifferences(after, setup.before));
  blame("untidy", untidiness(one));
  const errors = await errorsIn(one);
  if (!setup.mayDamage) {
    blame(
      "new damage",
      [...errors].filter((error) => !setup.errors.has(error)),
    );
  }

  const again = await settle(one);
  blame("settled twice", again.map(({ id, outcome }) => `${id} ${outcome}`));
  const unchanged = await look(one);
  blame("second recovery changed", treeDifferences(unchanged.tree, after.tree));
  blame("second recovery changed our directory", treeDifferences(unchanged.own, after.own));

  if (setup.original !== null && (isBefore || setup.isUndoable)) {
    const wanted = tolerating(exactly(setup.original));
    const back = differences(after, wanted).length > 0 ? await bringBack(one, setup, after) : after;
    const timeless = isPartly ? [...setup.undo?.timeless ?? []] : [];
    const expected = { ...wanted, timeless: new Set([...wanted.timeless, ...timeless]) };
    blame("lost", differences(back, expected));
  }
  return wrong;
}

function settledIn(printed: string | null): Awaited<ReturnType<typeof settle>> {
  if (printed === null) return [];
  try {
    return JSON.parse(printed).settled ?? [];
  } catch {
    return [];
  }
}

function backupDifferences(after: Moment, before: Moment): readonly string[] {
  const backupsOf = ({ own }: Moment) =>
    new Map([...own].filter(([path]) => /^(?:backups|copies)\/[^.]/.test(path)));
  return treeDifferences(backupsOf(after), backupsOf(before));
}

/**
 * Undoes the changes that the command made, the newest first; of a command that undoes, one change.
 *
 * @param one The case.
 * @param setup What was done to it.
 * @param after How it stands.
 * @returns How it stands then.
 */
export async function bringBack(
  one: Case,
  { undo, before }: Setup,
  after: Moment,
): Promise<Moment> {
  await using store = await openCase(one);
  if (undo !== undefined) {
    await restore(store, { id: undo.id });
    return await look(one);
  }
  const made = backupsIn(after).filter((place) => !backupsIn(before).includes(place));
  const changesOf = async (place: string, options: { readonly backups?: string }) =>
    (await listBackups(store, options)).backups
      .filter(({ kind, id }) => kind === "change" && made.includes(`${place}/${id}`))
      .map(({ id }) => ({ id, ...options }));
  const own = await changesOf("backups", {});
  const elsewhere = await changesOf("copies", { backups: one.copies });
  // What was being moved may lie in both places.
  const moved = elsewhere.filter(({ id }) => !own.some((each) => each.id === id));
  const changes = [...own, ...moved];
  if (changes.length === 0) await restore(store);
  for (const change of changes) await restore(store, change);
  return await look(one);
}
