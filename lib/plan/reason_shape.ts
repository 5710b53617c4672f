/**
 * What reasons and stops have besides their kind, as a saved plan must have it for them to be put into
 * words.
 *
 * @module
 */

import { isFlag as flag, isRecord, isText as text } from "../text/json.ts";
import type { BucketRoot } from "../store/artifact_uri.ts";
import type { Majority, Misfit, RemotePlaces } from "./outlook.ts";
import type { ActionReason, KeepReason, Stop } from "./plan.ts";
import type { Standing } from "./standing.ts";

/** Tells whether a value read from JSON is as it must be. */
type Check = (value: unknown) => boolean;

/** A check for each kind, of each key. */
type Shapes<R extends { readonly kind: string }> = {
  readonly [K in R["kind"]]: {
    readonly [P in Exclude<keyof Extract<R, { kind: K }>, "kind">]-?: Check;
  };
};

/** JSON has no infinity: it writes `null`. */
const number: Check = (value) =>
  value === null || typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
const texts: Check = (value) => Array.isArray(value) && value.every(text);
const textOrNothing: Check = (value) => value === undefined || text(value);
const standings: Check = (value) =>
  Array.isArray(value) && value.every((one) => isShaped(one, STANDINGS));
const facet: Check = (value) => value === null || hasAll(value, { key: text, value: text });

const STANDINGS: Shapes<Standing> = {
  "keep-last": { rank: number, of: number, n: number },
  "keep-within": { age: number, limit: number },
  "keep-best": {
    metric: text,
    mode: text,
    over: text,
    per: facet,
    rank: number,
    of: number,
    n: number,
  },
  "keep-period": { period: text, start: number, newest: flag, rank: number, n: number },
  "keep-tag": { tag: text },
  "keep-status": { status: text },
  "keep-named": { glob: text },
  "keep-where": {
    where: text,
    value: (value) => value === null || typeof value === "number",
    passes: flag,
  },
};

const ACTION_REASONS: Shapes<ActionReason> = {
  "broken": { message: text },
  "evidence": { of: text, value: text, from: text },
  "silent": { status: text, time: number, age: number, limit: number },
  "moved": { from: text, to: text },
  "wanted-in": { experiment: text, name: text },
  "parent-moves": { parent: text },
  "artifacts-stay": { uri: text },
  "lacking-here": {},
  "copied-into": { experiment: text, name: text },
  "id-taken": { id: text },
  "place-stays": { uri: text },
  "older-than": { field: text, time: number, age: number, limit: number },
  "deleted-longer-than": { time: number, age: number, limit: number },
  "undated-longer-than": { time: number, age: number, limit: number },
  "without-run": { run: text, time: number, age: number, limit: number },
  "child-of-gone": { parent: text, time: number },
  "orphan": { damage: text, message: text },
  "not-kept": { rule: text, time: number, age: number, standings },
  "heavy-files": {
    glob: text,
    time: number,
    age: number,
    limit: number,
    standings: (value) => value === undefined || standings(value),
  },
  "long-metric": { points: number, stays: number, time: number, age: number, limit: number },
};

const KEEP_REASONS: Shapes<KeepReason> = {
  ...STANDINGS,
  "needs-choice": {
    message: text,
    choices: texts,
    by: textOrNothing,
    from: textOrNothing,
    to: textOrNothing,
  },
  "no-rule": {},
  "artifacts-only": { rule: text },
  "not-selected": {},
  "left-out": {},
  "soft-deleted": {},
  "in-the-way": { path: text },
  "differs-here": { path: text },
  "twin-of": { path: text },
  "parent-elsewhere": { parent: text, path: text },
  "not-supported": {},
  "not-finished": { status: text },
  "younger-than": { age: number, limit: number },
  "in-the-future": { time: number },
  "implausible-time": { time: number },
  "deleted-recently": { age: number, limit: number },
  "no-deletion-time": {},
  "undated-recently": { age: number, limit: number },
  "registered": { model: text, version: text, aliases: texts, stage: textOrNothing },
  "artifacts-unreadable": { root: text, message: text },
  "database-refers": { database: text, row: text, id: text },
  "ended-recently": { age: number, limit: number },
  "pinned": { tag: text },
  "trace-source": { trace: text },
  "assessment-source": { trace: text, assessment: text },
  "logged-model-in-use": { model: text, trace: text },
  "input-of-kept": { run: text, model: text },
  "source-of-kept": { model: text },
  "run-stays": { run: text },
  "no-source-run": {},
  "left-recently": { run: text, age: number, limit: number },
  "used-by-run": { run: text, as: text },
  "child-of-kept": { parent: text },
  "not-needed": {},
  "another-time": { limit: number },
  "parent-of-kept": { child: text },
  "hides-copy": { copy: text },
  "holds-registered-model": { model: text, version: text },
  "holds-kept-run": { run: text },
  "holds-kept-model": { model: text },
  "in-deleted-experiment": { experiment: text },
  "in-orphan": { orphan: text },
  "default-experiment": {},
  "newest-experiment": {},
  "row-refers": { table: text, row: text },
  "newer-database": { table: text },
  "unreadable": { path: text, message: text },
  "symbolic-link": {},
  "holds-readable-runs": { runs: number },
  "holds-lost-data": { runs: number, loggedModels: number, traces: number },
  "changed-recently": { age: number, limit: number },
  "holds-foreign-files": { entries: texts },
  "names-another-experiment": { message: text },
};

const STOPS: Shapes<Stop> = {
  "max-share": { experiment: text, name: text, removes: number, of: number, limit: number },
  "max-runs": { removes: number, limit: number },
  "empties-protected": {
    experiment: text,
    name: text,
    group: (value) => value === null || text(value),
    removes: number,
  },
  "database-unreadable": { database: text, message: text },
  "partial-view": { server: text, account: (value) => value === null || text(value) },
};

/**
 * Tells whether a value that was read from JSON is a reason of an action.
 *
 * @param value Anything.
 * @returns Whether it is.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(isActionReason({ kind: "broken", message: "meta.yaml is missing" }));
 * assert(!isActionReason({ kind: "broken" }) && !isActionReason({ kind: "no-rule" }));
 * ```
 */
export function isActionReason(value: unknown): value is ActionReason {
  return isShaped(value, ACTION_REASONS);
}

/**
 * Tells whether a value that was read from JSON is a reason to stay.
 *
 * @param value Anything.
 * @returns Whether it is.
 */
export function isKeepReason(value: unknown): value is KeepReason {
  return isShaped(value, KEEP_REASONS);
}

/**
 * Tells whether a value that was read from JSON is what stops a plan.
 *
 * @param value Anything.
 * @returns Whether it is.
 */
export function isStop(value: unknown): value is Stop {
  return isShaped(value, STOPS);
}

function isShaped(
  value: unknown,
  shapes: Readonly<Record<string, Readonly<Record<string, Check>>>>,
) {
  const kind = isRecord(value) ? value["kind"] : null;
  return text(kind) && Object.hasOwn(shapes, kind) && hasAll(value, shapes[kind]!);
}

function hasAll(value: unknown, checks: Readonly<Record<string, Check>>): boolean {
  return isRecord(value) && Object.entries(checks).every(([key, check]) => check(value[key]));
}

/**
 * Tells whether a value that was read from JSON says of an experiment how much of it goes.
 *
 * @param value Anything.
 * @returns Whether it does.
 */
export function isMajority(value: unknown): value is Majority {
  return hasAll(value, MAJORITY);
}

const MAJORITY: Readonly<Record<keyof Majority, Check>> = {
  experiment: text,
  name: text,
  removes: (value) => typeof value === "number",
  of: (value) => typeof value === "number",
};

/**
 * Tells whether a value that was read from JSON is a misfit.
 *
 * @param value Anything.
 * @returns Whether it is.
 */
export function isMisfit(value: unknown): value is Misfit {
  return hasAll(value, MISFIT);
}

const MISFIT: Readonly<Record<keyof Misfit, Check>> = {
  key: text,
  wanted: text,
  among: (value) => value === "experiment" || value === "run",
  without: (value) => typeof value === "number",
  of: (value) => typeof value === "number",
};

/**
 * Tells whether something says where artifacts lie that are not on this machine.
 *
 * @param value What it is.
 * @returns Whether it does.
 */
export function isRemotePlaces(value: unknown): value is RemotePlaces {
  if (!isRecord(value)) return false;
  const { buckets, elsewhere } = value;
  return Array.isArray(buckets) && buckets.every((one) => hasAll(one, BUCKET)) &&
    isRecord(elsewhere) && Object.values(elsewhere).every((count) => typeof count === "number");
}

const BUCKET: Readonly<Record<keyof BucketRoot, Check>> = {
  root: text,
  problem: (value) => value === null || typeof value === "string",
  keeps: text,
};
