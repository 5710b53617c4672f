/**
 * Saved plan → plan. A plan file is input like any other: everything that acting depends on is checked.
 *
 * @module
 */

import { PlanFormatError } from "../errors.ts";
import { checkPolicy } from "../policy/check_policy.ts";
import { type CleanupPolicy, readingOf } from "../policy/policy.ts";
import { isUsage } from "../store/usage.ts";
import { isCount, isFlag, isMoment, isNewer, isRecord, isText } from "../text/json.ts";
import { isActionKind } from "./action_kind.ts";
import {
  faultOfCopy,
  faultOfMerge,
  faultOfMove,
  faultOfMoves,
  isStorePath,
} from "./moves/move_shape.ts";
import type { Action, Kept, Plan, PlanTask, RemovalPlan, RepairPlan } from "./plan.ts";
import {
  isActionReason,
  isKeepReason,
  isMajority,
  isMisfit,
  isRemotePlaces,
  isStop,
} from "./reason_shape.ts";

const TASKS: readonly PlanTask[] = ["prune", "cleanup", "move", "merge", "repair"];

/**
 * Reads a plan that was printed as JSON.
 *
 * @param text JSON.
 * @param source Where the text comes from, for the message.
 * @returns The plan.
 * @throws {PlanFormatError} When the text is no plan, or one of another schema, or lacks what showing or
 * applying it depends on.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { parsePlan, PlanFormatError } from "mltidy";
 *
 * assertThrows(() => parsePlan("{}", "plan.json"), PlanFormatError, "schema");
 * ```
 */
export function parsePlan(text: string, source: string): Plan {
  const refuse = (why: string, cause?: unknown): never => {
    throw new PlanFormatError(`Cannot apply ${source}: ${why}`, { cause });
  };
  if (isDeeperThan(DEEPEST, text)) refuse(`expected at most ${DEEPEST} levels of nesting`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse("it is not JSON", error);
  }
  const plan = value as Partial<Plan> | null;
  const schemas = TASKS.map((task) => `mltidy/${task}/v1`);
  if (!isRecord(value) || !schemas.includes(String(plan?.schema))) {
    const newer = schemas.find((known) => isNewer(plan?.schema, known));
    if (newer !== undefined) {
      refuse(
        `expected schema "${newer}", found "${plan?.schema}": a newer version of mltidy made it; use that one, or plan again`,
      );
    }
    const found = isRecord(value) ? JSON.stringify(value["schema"]) ?? "none" : "no object";
    return refuse(
      `expected schema ${schemas.map((one) => `"${one}"`).join(" or ")}, found ${found}`,
    );
  }
  for (const key of ["store", "basis"] as const) {
    if (!isText(plan?.[key])) refuse(`expected a text in ${key}`);
  }
  if (plan?.schema !== `mltidy/${plan?.task}/v1`) refuse("its task does not fit its schema");
  if (!isMoment(plan?.plannedAt)) refuse("expected epoch milliseconds in plannedAt");
  for (const key of ["policy", "experiments", "totals"] as const) {
    if (!isRecord(plan?.[key])) refuse(`expected an object in ${key}`);
  }
  for (const key of ["actions", "kept"] as const) {
    if (!Array.isArray(plan?.[key])) refuse(`expected a list in ${key}`);
  }
  const whole = value as unknown as Plan;
  const fault = faultOf(whole);
  if (fault !== null) refuse(fault);
  const seen = new Set<string>();
  for (const [index, action] of whole.actions.entries()) {
    const fault = faultOfAction(action);
    if (fault !== null) refuse(`action ${index + 1} ${fault}`);
    const text = JSON.stringify(action);
    if (seen.has(text)) refuse(`action ${index + 1} stands there twice`);
    seen.add(text);
  }
  for (const [index, one] of whole.kept.entries()) {
    const fault = faultOfKept(one);
    if (fault !== null) refuse(`what is kept, ${index + 1}, ${fault}`);
  }
  return whole;
}

const COUNTS = [
  "softDeleteRuns",
  "purgeRuns",
  "purgeExperiments",
  "quarantineOrphans",
  "keptRuns",
] as const;

const OPTIONAL_COUNTS = ["purgeLoggedModels", "dropArtifacts", "thinMetrics", "moveRuns"] as const;

/** No plan has as many levels. */
const DEEPEST = 64;

/** Tells whether a text of JSON has more levels than so many, whoever may get lost in them. */
function isDeeperThan(limit: number, text: string): boolean {
  let depth = 0;
  for (const [part] of text.matchAll(/"(?:[^"\\]|\\.)*"?|[[\]{}]/gs)) {
    if (part === "[" || part === "{") depth++;
    else if (part === "]" || part === "}") depth--;
    if (depth > limit) return true;
  }
  return false;
}

/** What is wrong with what a plan says of all its actions. */
function faultOf(plan: Plan): string | null {
  const { experiments, totals, stops, lostTimes, linked, reviewed } = plan;
  if (!Object.values(experiments).every(isText)) return "expected texts in experiments";
  for (const key of COUNTS) if (!isCount(totals[key])) return `expected a number in totals.${key}`;
  for (const key of OPTIONAL_COUNTS) {
    const count = totals[key];
    if (count !== undefined && !isCount(count)) return `expected a number in totals.${key}`;
  }
  if (!isUsage(totals.usage)) return "expected bytes and files in totals.usage";
  for (const key of ["later", "copied"] as const) {
    const usage = totals[key];
    if (usage !== undefined && !isUsage(usage)) return `expected bytes and files in totals.${key}`;
  }
  const areStops = stops === undefined || Array.isArray(stops) && stops.every(isStop);
  if (!areStops) return "its stops are none";
  const areTimes = lostTimes === undefined || Array.isArray(lostTimes) && lostTimes.every(isText);
  if (!areTimes) return "expected texts in lostTimes";
  const areLinks = linked === undefined || Array.isArray(linked) && linked.every(isLinkedPlace);
  if (!areLinks) return "expected links and what they lead to in linked";
  if (reviewed !== undefined && !isReviewed(reviewed)) return "its reviewed plan is none";
  switch (plan.task) {
    case "repair":
      return faultOfRepairs(plan);
    case "move":
      return faultOfMoves(plan);
    case "merge":
      return faultOfMerge(plan);
    case "cleanup":
    case "prune":
      return faultOfRemovals(plan);
  }
}

function isReviewed(value: unknown): boolean {
  return isRecord(value) && isMoment(value["plannedAt"]) && Array.isArray(value["lapsed"]) &&
    value["lapsed"].every((one: unknown) =>
      isRecord(one) && isActionKind(one["kind"]) && isText(one["path"]) && isText(one["name"]) &&
      isText(one["because"]) && Array.isArray(one["reasons"]) && one["reasons"].every(isKeepReason)
    );
}

function isLinkedPlace(value: unknown): boolean {
  return isRecord(value) && isText(value["path"]) && isText(value["target"]);
}

/** Those of a repair have no word of ages. */
function faultOfRepairs({ policy, totals }: RepairPlan): string | null {
  if (!isRepairPolicy({ ...policy })) return "its policy is none";
  return isCount(totals.repairs) ? null : "expected a number in totals.repairs";
}

function faultOfRemovals(
  { policy, budget, majorities, notes, remote }: RemovalPlan,
): string | null {
  if (!isCleanupPolicy(policy)) return "its policy is none";
  if (budget !== undefined && !isBudget(budget)) return "its budget is none";
  const areMajorities = majorities === undefined ||
    Array.isArray(majorities) && majorities.every(isMajority);
  if (!areMajorities) return "its majorities are none";
  const areNotes = notes === undefined || Array.isArray(notes) && notes.every(isMisfit);
  if (!areNotes) return "its notes are none";
  return remote === undefined || isRemotePlaces(remote) ? null : "its remote places are none";
}

const KEPT_KINDS: Readonly<Record<Kept["kind"], true>> = {
  "run": true,
  "damaged-run": true,
  "logged-model": true,
  "experiment": true,
  "trace": true,
  "registered-model": true,
  "orphan": true,
  "damage": true,
};

/** What is wrong with something that stays. */
function faultOfKept(kept: unknown): string | null {
  if (!isRecord(kept)) return "is no object";
  const { kind, path, name, reasons } = kept;
  if (!isText(kind) || !Object.hasOwn(KEPT_KINDS, kind)) {
    return `is of an unknown kind ${JSON.stringify(kind)}`;
  }
  if (!isText(path)) return "has no path";
  if (!isText(name)) return "has no name";
  return faultOfReasons(reasons, isKeepReason);
}

/** Whoever is asked must be able to read why. */
function faultOfReasons(reasons: unknown, isReason: (value: unknown) => boolean): string | null {
  if (!Array.isArray(reasons) || reasons.length === 0) return "has no reason";
  return reasons.every(isReason) ? null : "has a reason that is none";
}

/** What is wrong with an action. */
function faultOfAction(action: unknown): string | null {
  if (!isRecord(action)) return "is no object";
  const { kind, path, name, stamp, usage, reasons } = action;
  if (!isActionKind(kind)) return `is of an unknown kind ${JSON.stringify(kind)}`;
  if (!isText(path)) return "has no path";
  if (!isStorePath(path)) return `has a path that is none of a store: ${JSON.stringify(path)}`;
  if (!isText(stamp) || stamp === "") return "has no stamp";
  if (!isText(name)) return "has no name";
  if (!isUsage(usage)) return "does not say what leaves the store";
  return faultOfReasons(reasons, isActionReason) ?? OWN_FAULTS[kind](action);
}

/** What is wrong with what acting depends on in one kind of action alone. */
type OwnFault = (action: Readonly<Record<string, unknown>>) => string | null;

const ofRun: OwnFault = ({ runId, experimentId }) =>
  isText(runId) && isText(experimentId) ? null : "does not name its run and experiment";

const changed: OwnFault = ({ changes }) => {
  const isScalar = (one: unknown) => one === null || isText(one) || Number.isSafeInteger(one);
  return isRecord(changes) && Object.values(changes).every(isScalar) ? null : "has no changes";
};

/** What is moved away is named by its path alone. */
const nothing: OwnFault = () => null;

const OWN_FAULTS: Readonly<Record<Action["kind"], OwnFault>> = {
  "soft-delete-run": ofRun,
  "purge-run": ofRun,
  "purge-experiment": ({ experimentId, runIds }) => {
    if (!isText(experimentId)) return "does not name its experiment";
    return Array.isArray(runIds) && runIds.every(isText)
      ? null
      : "does not say which runs go with it";
  },
  "purge-logged-model": ({ modelId, experimentId, withoutRun }) => {
    if (!isText(modelId) || !isText(experimentId)) return "does not name its model and experiment";
    return withoutRun === null || isText(withoutRun)
      ? null
      : "does not say which run must have left before";
  },
  "drop-artifact": (action) =>
    isFlag(action["tagged"]) ? ofRun(action) : "does not say whether its run has a tag",
  "thin-metric": (action) => {
    const { key, most, cuts = [] } = action;
    if (!isText(key) || !isCount(most)) return "does not name its metric, or how much of it stays";
    return Array.isArray(cuts) && cuts.every(isCut) ? ofRun(action) : "cuts no parts of a file";
  },
  "quarantine-orphan": nothing,
  "move-run": faultOfMove,
  "copy-in": faultOfCopy,
  "quarantine-stray": nothing,
  "write-meta": ({ file, text, isNew, tag }) => {
    if (file !== "meta.yaml" && file !== "trace_info.yaml") return "writes no record";
    if (!isFlag(isNew)) return "does not say whether its record is new";
    const isTag = tag === null ||
      isRecord(tag) && isText(tag["text"]) && isFlag(tag["makesFolder"]);
    return isText(text) && isTag ? null : "has no text";
  },
  "create-experiment": ({ artifactLocation }) =>
    isText(artifactLocation) ? null : "does not say where artifacts are kept",
  "purge-dangling-rows": ({ rows }) =>
    isCount(rows) && rows > 0 ? null : "does not say how many rows go",
  "rewrite-tag": ({ text }) => isText(text) ? null : "has no text",
  "trim-metric-file": ({ bytes }) => isCount(bytes) && bytes > 0 ? null : "has no number of bytes",
  "cut-metric-file": ({ cuts }) =>
    Array.isArray(cuts) && cuts.length > 0 && cuts.every(isCut)
      ? null
      : "does not say what it cuts",
  "create-dirs": ({ directories }) =>
    Array.isArray(directories) && directories.length > 0 && directories.every(isStorePath)
      ? null
      : "does not say which directories it makes",
  "finish-stale-run": changed,
  "set-stage": changed,
  "release-name": changed,
  "complete-meta": changed,
  "quote-value": changed,
  "rewrite-location": changed,
};

function isBudget(value: unknown): boolean {
  if (!isRecord(value) || !isText(value["kind"])) return false;
  const { wanted, reached, met, heldBy } = value;
  return isCount(wanted) && isCount(reached) && isFlag(met) && Array.isArray(heldBy) &&
    heldBy.every((one: unknown) =>
      isRecord(one) && isKeepReason(one["reason"]) && isCount(one["runs"]) && isUsage(one["usage"])
    );
}

/** Whether a plan could have been made by it. */
function isCleanupPolicy(policy: CleanupPolicy): boolean {
  try {
    checkPolicy(policy);
    return isFlag(policy.quarantineOrphans) && readingOf(policy) !== null;
  } catch {
    return false;
  }
}

function isCut(cut: unknown): boolean {
  return isRecord(cut) && isCount(cut["from"]) && isCount(cut["to"]) && cut["from"] < cut["to"];
}

function isRepairPolicy(policy: Record<string, unknown>) {
  const { settle, staleAfter, finishAs, relocate, dropLines = false } = policy;
  const isPlace = relocate === null ||
    isRecord(relocate) && (relocate["from"] === null || isText(relocate["from"]));
  return isAmount(settle) && isAmount(staleAfter) && isPlace && isFlag(dropLines) &&
    (finishAs === "FAILED" || finishAs === "KILLED");
}

function isAmount(value: unknown): boolean {
  return typeof value === "number" && value >= 0;
}
