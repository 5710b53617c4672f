/**
 * From a planner to a report: plan, have it approved, lock, make sure that it still holds, apply.
 *
 * *Ordering*: planning needs no lock, so a plan is shown without touching the store. Under the lock the
 * store is read and planned again: what is applied was decided from the store as it is, and what a
 * person has approved is applied only if it is still the same.
 *
 * *Locking*: the lock is held from the second reading to the end of the apply, never while a person
 * thinks.
 *
 * *After an interruption*: see `apply_plan.ts`.
 *
 * @module
 */

import type { Plan, PlanTask } from "../lib/plan/plan.ts";
import type { ApplyReport } from "../lib/plan/report.ts";
import { sameActions } from "../lib/plan/same_action.ts";
import type { StoreSnapshot } from "../lib/store/snapshot.ts";
import type { Remains } from "../lib/store/usage.ts";
import { applyPlan, refuseStopped } from "./apply_plan.ts";
import type { BackupWork } from "./ports/backups.ts";
import { lockStore } from "./ports/lock_store.ts";
import { requireCapability } from "./ports/require_capability.ts";
import type { Abortable, ReadOptions, SettledChange, Store } from "./ports/store.ts";

/** Whether and how to apply. */
export interface PlanAndApplyOptions extends Abortable {
  /** Carry the plan out; otherwise it is only made. @default {false} */
  readonly apply?: boolean;
  /** Keep what is taken away in a backup that `restore` can bring back. @default {true} */
  readonly backup?: boolean;
  /** Where the backup goes in the end. @default {our own directory inside the store} */
  readonly backups?: string | undefined;
  /**
   * Asked before anything is applied; asked again when the store has changed meanwhile. Left out, nobody
   * is asked.
   */
  readonly approve?: (plan: Plan) => Promise<boolean>;
  /** A plan that somebody has approved already: while the store gives the very same, nobody is asked. */
  readonly approved?: Plan | undefined;
  /** Called with the store as it was read for the plan; again when it is read again. */
  readonly onRead?: (snapshot: StoreSnapshot) => void;
  /** Called as work goes on. */
  readonly onProgress?:
    | ((label: "Reading runs" | "Applying", done: number, total?: number) => void)
    | undefined;
  /** Called while files are copied to where backups lie, or given back to the disk. */
  readonly onFiles?: BackupWork["onProgress"];
}

/** What came of planning, and of applying if it was wanted. */
export interface PlanAndApplyResult {
  /** The plan: as applied, or as it would be. */
  readonly plan: Plan;
  /** `null` when nothing was to be applied, or it was not approved. */
  readonly report: ApplyReport | null;
  /** Earlier changes that had been cut off and were settled first. */
  readonly settled: readonly SettledChange[];
  /** What earlier changes were not to keep, and could still not be freed. */
  readonly remains: readonly Remains[];
}

/** What a task plans, and from what. */
export interface Planner {
  /** The task's name, for whoever is kept waiting by its lock. */
  readonly task: PlanTask;
  /** What to read of the store besides metadata and tags. @default {{}} */
  readonly reading?: Pick<ReadOptions<"tags">, "sizes" | "extras">;
  /** Makes the plan. */
  readonly plan: (snapshot: StoreSnapshot<"tags">, now: number) => Plan;
}

/**
 * Makes a plan and, if wanted, applies it.
 *
 * @param store The store.
 * @param planner What to plan.
 * @param options Whether and how to apply.
 * @returns The plan and the report.
 * @throws {PlanRefusedError} When the policy's own limits stop the plan.
 * @throws {StoreLockedError} When another process holds the store's lock.
 * @throws {DiskFullError} When the disk has no room for the change, and the change makes none.
 */
export async function planAndApply(
  store: Store,
  { task, reading = {}, plan }: Planner,
  options: PlanAndApplyOptions,
): Promise<PlanAndApplyResult> {
  const { onProgress, signal } = options;
  return await decideAndApply(store, task, async (from) => {
    const snapshot = await from.read({
      depth: "tags",
      isPreview: from === store,
      ...reading,
      signal,
      onProgress: (runs, all) => onProgress?.("Reading runs", runs, all),
    });
    return { snapshot, plan: plan(snapshot, from.now()) };
  }, options);
}

/**
 * What undoing does not give back, and what stays behind, is said before anything is done.
 *
 * @param lost What the lock itself has taken away.
 */
async function withWarnings(
  store: Store,
  { plan }: Decision,
  lost: readonly string[] = [],
): Promise<Plan> {
  if (plan.actions.length === 0) return plan;
  const more = await store.changes?.lostTimes(plan.actions) ?? [];
  const [first, ...others] = new Set([...more, ...lost]);
  const [link, ...links] = await store.changes?.linked(plan.actions) ?? [];
  return {
    ...plan,
    ...(first === undefined ? {} : { lostTimes: [first, ...others] }),
    ...(link === undefined ? {} : { linked: [link, ...links] }),
  };
}

/** A plan, and the reading of the store that it was made from. */
export interface Decision {
  /** The store as it was read. */
  readonly snapshot: StoreSnapshot<"tags"> | StoreSnapshot<"full">;
  /** The plan. */
  readonly plan: Plan;
}

/**
 * Makes a plan from whatever it needs to be read and, if wanted, applies it. A plan that is not shown to
 * anybody before it is applied is made once, under the lock.
 *
 * @param store The store.
 * @param task The task's name, for whoever is kept waiting by its lock.
 * @param decide Reads and plans; called again under the lock when somebody was asked.
 * @param options Whether and how to apply.
 * @returns The plan and the report.
 * @throws {PlanRefusedError} When the policy's own limits stop the plan.
 * @throws {StoreLockedError} When another process holds the store's lock.
 */
export async function decideAndApply(
  store: Store,
  task: PlanTask,
  decide: (from: Store) => Promise<Decision>,
  options: PlanAndApplyOptions,
): Promise<PlanAndApplyResult> {
  const { apply = false, backup = true, backups, approve, approved, signal } = options;
  const { onRead, onProgress, onFiles } = options;
  // What cannot be kept there is refused before anything of ours is made.
  if (apply && backup && backups !== undefined) {
    await requireCapability(store, "backups").open(backups, "changes");
  }
  const settled: SettledChange[] = [];
  let remains: readonly Remains[] = [];
  const decideAs = async (from: Store): Promise<Decision> => {
    const decision = await decide(from);
    onRead?.(decision.snapshot);
    return decision;
  };
  let plan: Plan | null = apply ? approved ?? null : null;
  if (plan === null && !(apply && approve === undefined)) {
    plan = await withWarnings(store, await decideAs(store));
  }
  while (true) {
    if (plan !== null && plan !== approved) {
      if (!apply || plan.actions.length === 0) return { plan, report: null, settled, remains };
      refuseStopped(plan);
      if (!(await approve?.(plan))) return { plan, report: null, settled, remains };
    }
    const lost = await store.changes?.lostTimes([]);
    await using locked = await lockStore(store, { task, makesRoom: !backup });
    settled.push(...locked.settled);
    ({ remains } = locked);
    const decision = await decideAs(locked);
    const { snapshot: since } = decision;
    const current = await withWarnings(locked, decision, lost);
    const total = current.actions.length;
    if (plan === null ? total === 0 : !sameActions(plan, current)) {
      plan = current;
      continue;
    }
    const report = await applyPlan(locked, current, {
      signal,
      onFiles,
      backups,
      backup,
      since,
      onProgress: (done) => onProgress?.("Applying", done, total),
    });
    return { plan: current, report, settled, remains };
  }
}
