/**
 * Judging the logged models of active experiments: which may go, and why the rest stays.
 *
 * A model goes when MLflow has soft-deleted it, as `mlflow gc` has it go, or when the run that logged it has
 * left the store or leaves it: never while that run stays.
 *
 * @module
 */

import type { KeepReason } from "../plan/plan.ts";
import { type CleanupPolicy, EARLIEST } from "../policy/policy.ts";
import { isShown, type ModelReference, type References } from "../snapshot/find_references.ts";
import { asExperimentId, asRunId, inOrder, type StorePath } from "../store/path.ts";
import type { LoggedModel, StoreSnapshot } from "../store/snapshot.ts";
import { isRecord } from "../text/json.ts";
import type { DatabaseUse } from "./find_database_uses.ts";
import type { FindHolds } from "./find_uses.ts";
import { NO_SOURCE } from "./find_broken_names.ts";
import { type Hidden, mayReferToIt } from "./find_hidden.ts";
import {
  type JudgedExperiment,
  type JudgedModel,
  type JudgedOrphan,
  type Keeps,
  subjectOf,
  type Tells,
  toKeep,
  type Verdict,
  verdictBy,
} from "./judged.ts";

/** What may keep a model. */
export interface ModelProtections {
  /** How much is told of what keeps it. */
  readonly tells: Tells;
  readonly findPin: (model: LoggedModel) => string | null;
  readonly findHolds: FindHolds;
  readonly uses: ReadonlyMap<StorePath, DatabaseUse>;
  readonly references: References;
  /** What cannot be read, and so may refer to it. */
  readonly hidden: readonly Hidden[];
  /** What could not be read, under its own path and that of each directory around it. */
  readonly unreadable: ReadonlyMap<string, KeepReason>;
  /** Tells of a run, by its id, whether one stays in the store; `null`: there is none, be it damaged. */
  readonly stays: (run: string) => boolean | null;
  /** Tells of a run's id whether it is not whole, and no run has it. */
  readonly isBroken: (run: string) => boolean;
}

/**
 * Judges every logged model by itself; that its run stays, or a run that uses it, overrules that later.
 *
 * @param snapshot The store.
 * @param holders The verdicts on deleted experiments and orphans.
 * @param policy The rules.
 * @param now Epoch ms.
 * @param protections What may keep a model.
 * @returns The verdicts, ordered by path.
 */
export function judgeModels(
  snapshot: StoreSnapshot,
  holders: readonly (JudgedExperiment | JudgedOrphan)[],
  policy: CleanupPolicy,
  now: number,
  protections: ModelProtections,
): readonly JudgedModel[] {
  const holderAt = new Map(holders.map((one) => [subjectOf(one).path, one]));
  return inOrder([...snapshot.experiments, ...snapshot.orphans]).flatMap((place) => {
    const holder = holderAt.get(place.path) ?? null;
    const around: Verdict | null = holder === null ? null : toKeep(
      "damage" in place
        ? { kind: "in-orphan", orphan: place.path }
        : { kind: "in-deleted-experiment", experiment: place.id },
    );
    return inOrder(place.loggedModels).map((model) => ({
      model,
      experimentId: asExperimentId(place.id),
      holder,
      verdict: around ??
        verdictBy(keepsOfModel(model, snapshot, policy, now, protections), protections.tells),
    }));
  });
}

function* keepsOfModel(
  model: LoggedModel,
  snapshot: StoreSnapshot,
  policy: CleanupPolicy,
  now: number,
  { findPin, findHolds, uses, references, hidden, unreadable, stays, isBroken }: ModelProtections,
): Keeps {
  const { id, path, sourceRunId, link, stamp, lastChange } = model;
  const isDeleted = model.lifecycleStage === "deleted";
  if (link) yield { kind: "symbolic-link" };
  const use = uses.get(path);
  if (use !== undefined) yield use;
  const [registered] = [
    ...references.loggedModels.get(id) ?? [],
    // `runs:/RUN/NAME` finds the model that the run has logged by that name.
    ...references.runs.get(sourceRunId ?? "") ?? [],
    ...taggedVersions(model, snapshot),
  ];
  if (registered !== undefined) yield { kind: "registered", ...registered };
  const unread = unreadable.get(path);
  if (unread !== undefined) yield unread;
  if (policy.purgeAfter === null) yield { kind: "no-rule" };
  // Of which run it is, and so which versions refer to it, nobody can tell.
  if (sourceRunId !== null && isBroken(sourceRunId)) yield mayReferToIt(path, NO_SOURCE);
  // Of one that its run holds in the store, nobody looks at the files.
  const isHeld = !isDeleted && (sourceRunId === null || stays(sourceRunId) === true);
  if (!isDeleted) {
    if (sourceRunId === null) yield { kind: "no-source-run" };
    else if (stays(sourceRunId) === true) yield { kind: "run-stays", run: asRunId(sourceRunId) };
  }
  const tag = findPin(model);
  if (tag !== null) yield { kind: "pinned", tag };
  yield* findHolds("logged-model", id);
  if (hidden[0] !== undefined) yield hidden[0].reason;
  for (const use of model.usedBy) {
    if (use.kind === "unreadable") yield mayReferToIt(use.path, use.message);
    if (use.kind === "trace") yield { kind: "trace-source", trace: use.trace };
  }
  if (!isHeld && (stamp === "" || lastChange === null)) {
    yield { kind: "unreadable", path, message: "its files could not all be looked at" };
  }
  const time = Math.max(lastChange ?? 0, model.lastUpdatedTime ?? 0);
  const age = now - time;
  const limit = policy.purgeAfter ?? 0;
  const run = asRunId(sourceRunId ?? "");
  if (lastChange !== null && age < 0) yield { kind: "in-the-future", time };
  else if (lastChange !== null && time < EARLIEST) yield { kind: "implausible-time", time };
  else if (age <= limit && isDeleted) yield { kind: "deleted-recently", age, limit };
  else if (age <= limit && !isHeld) yield { kind: "left-recently", run, age, limit };
  return isDeleted
    ? { kind: "deleted-longer-than", time, age, limit }
    : { kind: "without-run", run, time, age, limit };
}

const VERSIONS_TAG = "mlflow.modelVersions";

/**
 * The versions that a model's own tag names and that are there: MLflow leaves the tag as it is when a version is
 * deleted. Where the tag cannot be read it may name any, and where nothing is registered the registry may lie
 * elsewhere.
 */
function taggedVersions(
  { tags }: LoggedModel,
  { registeredModels }: StoreSnapshot,
): readonly ModelReference[] {
  const text = tags.get(VERSIONS_TAG);
  if (text === undefined) return [];
  const named = namedVersions(text);
  if (named === null) return [{ model: VERSIONS_TAG, version: text, aliases: [] }];
  const isThere = ({ model, version }: ModelReference) =>
    registeredModels.some(({ name, versions }) =>
      name === model && versions.some((one) => one.version === version && isShown(one))
    );
  return registeredModels.length === 0 ? named : named.filter(isThere);
}

/** `null` where it is not all that MLflow writes: a list of names with versions. */
function namedVersions(text: string): readonly ModelReference[] | null {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return null;
  }
  const isNamed = (one: unknown): one is { readonly name: string; readonly version: unknown } =>
    isRecord(one) && typeof one.name === "string" && /^\d+$/.test(`${one.version}`);
  return Array.isArray(list) && list.every(isNamed)
    ? list.map(({ name, version }) => ({ model: name, version: `${version}`, aliases: [] }))
    : null;
}
