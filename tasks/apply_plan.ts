/**
 * The only loop that acts.
 *
 * *Ordering*: actions run in the plan's order: soft deletions, purges, quarantines. Any prefix leaves a
 * store that MLflow reads and that the next plan finishes.
 *
 * *Locking*: takes a {@linkcode LockedStore}, which only `lockStore()` gives.
 *
 * *After an interruption*: the signal is looked at between actions; what has been done is kept, undoable,
 * and the rest is reported as not run. If a callback throws, everything is taken back before the error
 * goes on; if the process dies, the next one that locks the store does that.
 *
 * @module
 */

import { errorMessage, PlanRefusedError, StalePlanError } from "../lib/errors.ts";
import type { ActionKind } from "../lib/plan/action_kind.ts";
import type { Action, Plan, Stop } from "../lib/plan/plan.ts";
import type { ActionOutcome, ApplyReport } from "../lib/plan/report.ts";
import { allowanceOf } from "../lib/plan/allowance.ts";
import { reportOutcomes } from "../lib/plan/report_outcomes.ts";
import { isRemoval } from "../lib/plan/action_kind.ts";
import { foreignActions, keyOf } from "../lib/plan/same_action.ts";
import { readingOf } from "../lib/policy/policy.ts";
import type { StoreSnapshot } from "../lib/store/snapshot.ts";
import { stopText } from "../lib/words/stop.ts";
import type { BackupWork, LockedBackups } from "./ports/backups.ts";
import { requireCapability } from "./ports/require_capability.ts";
import type { Abortable, LockedStore, Looking, Store } from "./ports/store.ts";
import { planAgain, type SnapshotToPlanFrom } from "./plan_again.ts";

/** How to apply a plan. */
export interface ApplyOptions extends Abortable {
  /** Keep what is taken away in a backup that `restore` can bring back. @default {true} */
  readonly backup?: boolean;
  /** Where the backup goes in the end. @default {our own directory inside the store} */
  readonly backups?: string | undefined;
  /** A snapshot that was read under this very lock: spares a second reading. @default {undefined} */
  readonly since?: StoreSnapshot<"tags"> | StoreSnapshot<"full">;
  /** Called after each action, with the number done so far. If it throws, everything is taken back. */
  readonly onProgress?: ((done: number) => void) | undefined;
  /** Called while files are copied to where backups lie, or given back to the disk. */
  readonly onFiles?: BackupWork["onProgress"];
}

/**
 * Applies a plan: what it says, no more, each action only if its subject is still what the plan saw.
 * Needs read and write permission for the store.
 *
 * @param store The locked store.
 * @param plan The plan.
 * @param options How to apply it.
 * @returns One outcome per action, bytes as measured, and where the backup is.
 * @throws {PlanRefusedError} When the policy's own limits stop the plan.
 * @throws {StalePlanError} When the plan is of another store, the store is not as it was planned, or, where
 * `since` is not given, its policy gives no such plan.
 *
 * @example
 * ```ts
 * import { applyPlan, lockStore, openStore } from "mltidy";
 * import { planPrune } from "mltidy/plan";
 *
 * await using store = await openStore("./mlruns");
 * await using locked = await lockStore(store, { task: "prune" });
 * const snapshot = await locked.read({ depth: "tags" });
 * const plan = planPrune(snapshot, { olderThan: 30 * 86_400_000 }, { now: Date.now() });
 * const report = await applyPlan(locked, plan, { since: snapshot });
 * console.log(report.totals.applied);
 * ```
 */
export async function applyPlan(
  store: LockedStore,
  plan: Plan,
  options: ApplyOptions = {},
): Promise<ApplyReport> {
  const { backup: keepBackup = true, backups, since, onProgress, onFiles, signal } = options;
  refuseStopped(plan);
  const snapshot = since ?? await readAgain(store, plan);
  refuseStalePlan(store, plan, snapshot);
  // What was planned from this very reading need not be planned again.
  if (since === undefined) await refuseForeign(store, plan, snapshot);
  await keepMetadata(store, snapshot);
  const startedAt = store.now();
  const outcomes: ActionOutcome[] = [];
  let backup: ApplyReport["backup"] = null;
  let remains: ApplyReport["remains"];
  const { task } = plan;
  const { kinds } = store.changes;
  const actions = plan.actions.filter(({ kind }) => kinds.has(kind));
  if (actions.length > 0) {
    // Asked for first: a place that cannot be used is refused while nothing has happened.
    await using place = backups === undefined || !keepBackup
      ? null
      : await requireCapability(store, "backups").lock(backups, "changes");
    await using change = await store.begin({
      task,
      actions,
      now: startedAt,
      keepBackup,
      ...(place === null ? {} : { elsewhere: place.directory }),
    });
    const performed = change.performAll({
      signal,
      isStillPlanned: lookAgain(store, plan, snapshot),
    });
    for await (const outcome of performed) {
      outcomes.push(outcome);
      onProgress?.(outcomes.length);
    }
    const work = { onProgress: onFiles };
    const kept = await change.finish({ ...work, onRemains: (found) => remains = found });
    backup = kept && (place === null ? kept : { ...kept, ...await sendTo(place, kept.id, work) });
  }
  const finishedAt = store.now();
  const remaining = remains === undefined ? {} : { remains };
  return reportOutcomes(plan, {
    startedAt,
    finishedAt,
    outcomes: withUnsupported(plan.actions, outcomes, kinds),
    backup,
    ...remaining,
  });
}

/** What was applied stays applied: a place that is full or gone only keeps the backup where it is. */
async function sendTo(
  place: LockedBackups,
  id: string,
  work: BackupWork,
): Promise<{ readonly path: string; readonly problem?: string } | { readonly problem: string }> {
  try {
    const { path, failures } = await place.take(id, work);
    return failures.length === 0 ? { path } : { path, problem: stayText(place, failures) };
  } catch (error) {
    const message = errorMessage(error);
    return { problem: `it could not be moved to ${place.directory}: ${message}` };
  }
}

/** How many paths are named of those that stay. */
const SAMPLE = 3;

function stayText(
  { directory }: LockedBackups,
  failures: readonly { readonly path: string; readonly message: string }[],
): string {
  const named = failures.slice(0, SAMPLE).map(({ path, message }) => `${path}: ${message}`);
  const more = failures.length - named.length;
  return `in the store's own directory, with what was taken away together with it, since it could not be copied to ${directory}: ${
    [...named, ...(more > 0 ? [`${more} more`] : [])].join("; ")
  }`;
}

/**
 * Refuses a plan that the limits of its own policy stop.
 *
 * @param plan The plan.
 * @throws {PlanRefusedError} When there is a limit that it exceeds.
 */
export function refuseStopped(plan: Plan): void {
  if (plan.stops === undefined) return;
  throw new PlanRefusedError(
    `Cannot apply plan: ${plan.stops.map(stopText).join("\n  and ")}`,
    allowanceOf(plan.stops),
  );
}

/** Reads the store as it was read for the plan, as far as one can tell. */
async function readAgain(store: LockedStore, plan: Plan): Promise<SnapshotToPlanFrom> {
  refuseOtherStore(store, plan);
  if (plan.task === "repair") return await store.read({ depth: "full" });
  if (plan.task === "move" || plan.task === "merge") {
    const { MOVE_EXTRAS } = await import("../lib/move/choose_runs.ts");
    return await store.read({ depth: "tags", extras: MOVE_EXTRAS });
  }
  const frugal = await store.read({ depth: "tags", ...readingOf(plan.policy) });
  if (frugal.fingerprint === plan.basis || plan.policy.retention) return frugal;
  // Ages ask for no more than that, but may have been judged from a reading of all tags.
  return await store.read({ depth: "tags" });
}

function refuseStalePlan(store: LockedStore, plan: Plan, snapshot: StoreSnapshot): void {
  refuseOtherStore(store, plan);
  if (plan.basis === snapshot.fingerprint) return;
  throw new StalePlanError(
    `Cannot apply plan: store ${store.describe().location} has changed since ${
      new Date(plan.plannedAt).toISOString()
    }, when it was planned; plan again`,
    { mayHoldInPart: true },
  );
}

/**
 * Refuses a plan of another store.
 *
 * @param store The store.
 * @param plan The plan.
 * @throws {StalePlanError} When it was made for another one.
 */
export function refuseOtherStore(store: Store, plan: Plan): void {
  const { location } = store.describe();
  if (plan.store === location) return;
  throw new StalePlanError(
    `Cannot apply plan: it was made for store ${plan.store}, and this is ${location}; name the store with --store, or plan again`,
  );
}

/**
 * A plan that was saved may have been written by anybody. So it is made again by its own policy, at the
 * moment that it gives unless that is still to come, and may do no more than what comes of that.
 */
async function refuseForeign(
  store: LockedStore,
  plan: Plan,
  snapshot: SnapshotToPlanFrom,
): Promise<void> {
  const again = await planAgain(store, plan, snapshot);
  refuseStopped(again);
  const [foreign] = foreignActions(plan, again);
  if (foreign === undefined) return;
  throw new StalePlanError(
    `Cannot apply plan: ${foreign.kind} ${foreign.path} does not come of its policy in store ${store.describe().location} as it is; plan again`,
  );
}

/** Each run takes that long at least, ms. */
const LOOKING: Looking = { usual: (runs) => 0.05 * runs, rest: 2 };

/** What may hide something that refers to what goes. */
const BLIND: ReadonlySet<Stop["kind"]> = new Set(["database-unreadable", "partial-view"] as const);

/**
 * Plans again while a clean-up is at work, from the store as it is by then: what was pinned, registered or
 * named by another meanwhile is not taken. It looks as often as that takes a part of the time that the
 * work itself takes; between two looks the stamps tell what has changed in a subject and its tags.
 */
function lookAgain(
  store: LockedStore,
  plan: Plan,
  { extras, sizes, experiments }: SnapshotToPlanFrom,
): (action: Action) => Promise<boolean> {
  if (!isRemoval(plan)) return () => Promise.resolve(true);
  // It is compared with what was listed for certain, and can only keep more than that.
  const asked = { depth: "tags", sizes, isPreview: true } as const;
  const reading = { ...asked, ...(extras === undefined ? {} : { extras }) };
  const { usual, rest } = store.changes.looking ?? LOOKING;
  let cost = usual(experiments.reduce((sum, { runs }) => sum + runs.length, 0));
  let last = performance.now();
  let planned: ReadonlySet<string> | null = null;
  return async (action) => {
    const start = performance.now();
    if (start - last >= rest * cost) {
      const again = await planAgain(store, plan, await store.read(reading));
      // What cannot be asked any more may refer to anything by now.
      const isBlind = again.stops?.some(({ kind }) => BLIND.has(kind)) ?? false;
      planned = new Set(isBlind ? [] : again.actions.map(keyOf));
      last = performance.now();
      cost = last - start;
    }
    return planned === null || planned.has(keyOf(action));
  };
}

/** A plan that was made elsewhere may name what this store cannot do. */
function withUnsupported(
  actions: readonly Action[],
  outcomes: readonly ActionOutcome[],
  kinds: ReadonlySet<ActionKind>,
): readonly ActionOutcome[] {
  const performed = outcomes.values();
  return actions.map(({ kind, path }) =>
    kinds.has(kind)
      ? performed.next().value!
      : { kind, path, outcome: "skipped", because: "not-supported" }
  );
}

/** The copies are for another day: nothing that is to be done now depends on them. */
async function keepMetadata(store: LockedStore, snapshot: StoreSnapshot): Promise<void> {
  try {
    await store.mending?.keepMetadata(snapshot);
  } catch {
    // A disk that is full may be what the plan makes room on.
  }
}
