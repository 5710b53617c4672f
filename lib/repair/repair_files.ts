/**
 * Repairing what is not a record: folders that are missing, metrics that were cut off, and what others
 * have left in the store.
 *
 * @module
 */

import type {
  CreateDirectories,
  CutMetricFile,
  EntryEvidence,
  QuarantineStray,
  RepairAction,
  TrimMetricFile,
} from "../plan/repair_action.ts";
import { type Cut, cutsOf } from "../records/trim_metric.ts";
import { ABSENT } from "../store/facts.ts";
import { holdersOf, linkedIn } from "../store/holders.ts";
import { isLitter } from "../store/names.ts";
import { asStorePath, byPath, experimentPathOf, type StorePath } from "../store/path.ts";
import { LINE_DAMAGES, type Problem } from "../store/problem.ts";
import { NO_USAGE } from "../store/usage.ts";
import { utf8Length } from "../text/utf8.ts";
import { findProject } from "../verify/store_checks.ts";
import { type RepairContext, unsettled } from "./context.ts";

/**
 * Plans the repair of folders, metrics and strays.
 *
 * @param context The store and what is known of it.
 * @param written Paths of the directories whose records are written: they hold no strays.
 * @returns Folders first, then metrics, then what goes.
 */
export function repairFiles(
  context: RepairContext,
  written: ReadonlySet<string>,
): readonly RepairAction[] {
  const isLinked = linkedIn(context.snapshot);
  // What lies in an orphan is in nobody's way but its own.
  const orphans = new Set<string>(
    context.snapshot.orphans.map(({ path }) => path).filter((path) => !written.has(path)),
  );
  const problems = context.snapshot.problems
    .filter(({ path }) => !isLinked(path) && !orphans.has(experimentPathOf(path)))
    .toSorted(byPath);
  // In a working directory what is not MLflow's is where its owner wants it.
  const inRoot = findProject(context.snapshot).length > 0 ? [] : context.snapshot.strays;
  const strays = outermost([
    ...inRoot.toSorted(byPath).flatMap(({ path, kind }) => {
      const entry = context.evidence.entries.get(path);
      if (entry?.kind === "link" || entry === undefined) return [];
      const isOld = kind === "backup-directory";
      const why = isOld ? "a directory of backups, in MLflow's sight" : litterText(path);
      const isBad = isOld || kind === "unlistable-directory";
      return isBad && why !== null ? quarantine(context, path, entry, why) : [];
    }),
    ...problems.filter(({ path }) => !written.has(path))
      .flatMap((problem) => removeLitter(context, problem)),
  ]);
  // Whatever else has runs' folders may be anything.
  const runs = new Set<string>([
    ...written,
    ...holdersOf(context.snapshot).flatMap((holder) => holder.runs).map(({ path }) => path),
  ]);
  const leaving = new Set<string>(strays.map(({ path }) => path));
  return [
    ...createTrash(context),
    ...problems.filter(({ path }) => runs.has(path))
      .flatMap((problem) => createFolders(context, problem)),
    ...problems.filter(({ path }) => !leaving.has(path))
      .flatMap((problem) => trimMetric(context, problem)),
    ...strays,
  ];
}

function createTrash({ snapshot }: RepairContext): readonly CreateDirectories[] {
  if (snapshot.hasTrash) return [];
  const path = asStorePath(".trash");
  return [{
    kind: "create-dirs",
    path,
    name: path,
    directories: [path],
    reasons: [{ kind: "broken", message: ".trash/ is missing" }],
    usage: NO_USAGE,
    stamp: ABSENT,
  }];
}

function createFolders(
  { evidence }: RepairContext,
  { path, subject, damage, message }: Problem,
): readonly CreateDirectories[] {
  const run = evidence.runs.get(path);
  if (subject !== "run" || damage !== "missing-folder" || run === undefined) return [];
  // A file in the place of a folder may be anybody's.
  const [first, ...others] = run.lacks.map((name) => asStorePath(`${path}/${name}`));
  if (first === undefined || run.blocked.length > 0) return [];
  return [{
    kind: "create-dirs",
    path,
    name: path.slice(path.lastIndexOf("/") + 1),
    directories: [first, ...others],
    reasons: [{ kind: "broken", message }],
    usage: NO_USAGE,
    stamp: ABSENT,
  }];
}

function trimMetric(
  context: RepairContext,
  problem: Problem,
): readonly (TrimMetricFile | CutMetricFile)[] {
  const { path, subject, damage, message } = problem;
  if (!LINE_DAMAGES.includes(damage)) return [];
  const entry = context.evidence.entries.get(path);
  if (entry === undefined || entry.text === null) return [];
  if (unsettled(context, entry.changed) !== null) return [];
  const { text, stamp } = entry;
  const [first, ...others] = metricCuts(context, subject, text) ?? [];
  if (first === undefined || isAll(first, text)) return [];
  const reasons = [{ kind: "broken", message }] as const;
  const base = { path, name: keyOf(path), reasons, usage: NO_USAGE, stamp };
  return others.length === 0 && first.to === utf8Length(text)
    ? [{ ...base, kind: "trim-metric-file", bytes: first.from }]
    : [{ ...base, kind: "cut-metric-file", cuts: [first, ...others] }];
}

function metricCuts(
  { policy: { dropLines = false } }: RepairContext,
  subject: Problem["subject"],
  text: string,
): readonly Cut[] | null {
  return cutsOf(text, subject === "metric" ? "run" : "logged-model", { dropLines });
}

function isAll({ from, to }: Cut, text: string): boolean {
  return from === 0 && to === utf8Length(text);
}

/**
 * Tells whether a repair might move what a problem is about out of the store: of that, all is to be measured.
 *
 * @param problem The problem.
 * @returns Whether it might; what is there decides.
 */
export function mayLeave({ path, subject, damage }: Problem): boolean {
  return litterText(path) !== null ||
    // An orphan without a file is quarantined by a clean-up, which asks more of it.
    damage === "missing" && subject !== "experiment" ||
    isMetric(subject) && POINTLESS.has(damage);
}

const POINTLESS: ReadonlySet<Problem["damage"]> = new Set([
  "empty",
  "malformed-line",
  "torn-line",
]);

function isMetric(subject: Problem["subject"]): boolean {
  return subject === "metric" || subject === "logged-model-value";
}

function removeLitter(context: RepairContext, problem: Problem): readonly QuarantineStray[] {
  const { path, subject, damage, message } = problem;
  const entry = context.evidence.entries.get(path);
  if (entry === undefined || entry.kind === "link" || !mayLeave(problem)) return [];
  // An emptied version still tells that a model is in use: what is registered is for its owner.
  if (isRegistered(context, path)) return [];
  const litter = litterText(path);
  if (litter !== null) return quarantine(context, path, entry, litter);
  if (damage === "missing") {
    const isEmpty = entry.kind === "directory" && entry.usage.files === 0;
    return isEmpty ? quarantine(context, path, entry, `${message}; it is empty`) : [];
  }
  const isPointless = damage === "empty" || entry.text !== null &&
      metricCuts(context, subject, entry.text)?.some((cut) => isAll(cut, entry.text!)) === true;
  return isPointless ? quarantine(context, path, entry, `${message}; there is no point in it`) : [];
}

/** Whether a path lies in a registered model, or is one of which anything but its directory is left. */
function isRegistered({ snapshot }: RepairContext, path: string): boolean {
  const names = path.split("/");
  return names[0] === "models" &&
    (names.length > 2 || snapshot.problems.some((other) => other.path.startsWith(`${path}/`)));
}

function litterText(path: string): string | null {
  return isLitter(path.slice(path.lastIndexOf("/") + 1))
    ? "left behind by an editor or the operating system"
    : null;
}

function quarantine(
  context: RepairContext,
  path: StorePath,
  entry: EntryEvidence,
  message: string,
): readonly QuarantineStray[] {
  if (unsettled(context, entry.changed) !== null || entry.treeStamp === "") return [];
  return [{
    kind: "quarantine-stray",
    path,
    name: keyOf(path),
    reasons: [{ kind: "broken", message }],
    usage: entry.usage,
    stamp: entry.treeStamp,
  }];
}

/** What lies in something that goes, goes with it. */
function outermost(strays: readonly QuarantineStray[]): readonly QuarantineStray[] {
  const byPlace = new Map(strays.map((each) => [`${each.path}`, each]));
  return [...byPlace.values()].filter(({ path }) =>
    path.split("/").slice(0, -1).every((_, index, names) =>
      !byPlace.has(names.slice(0, index + 1).join("/"))
    )
  );
}

function keyOf(path: StorePath): string {
  const [, key] = /\/(?:metrics|params|tags)\/(.+)$/.exec(path) ?? [];
  return key ?? path.slice(path.lastIndexOf("/") + 1);
}
