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

import type { StoreSnapshot } from "../lib/model.ts";
import type { Action, ApplyReport, Plan } from "../lib/plan.ts";
import { applyPlan } from "./apply_plan.ts";
import type { Abortable, SettledChange, Store } from "./store.ts";

/** Whether and how to apply. */
export interface PlanAndApplyOptions extends Abortable {
  /** Carry the plan out; otherwise it is only made. @default {false} */
  readonly apply?: boolean;
  /** Keep what is taken away in a backup that `restore` can bring back. @default {true} */
  readonly backup?: boolean;
  /** Asked before anything is applied; asked again when the store has changed meanwhile. */
  readonly approve?: (plan: Plan) => Promise<boolean>;
  /** Called as work goes on. */
  readonly onProgress?: (label: "Reading runs" | "Applying", done: number, total?: number) => void;
}

/** What came of planning, and of applying if it was wanted. */
export interface PlanAndApplyResult {
  /** The plan: as applied, or as it would be. */
  readonly plan: Plan;
  /** `null` when nothing was to be applied, or it was not approved. */
  readonly report: ApplyReport | null;
  /** Earlier changes that had been cut off and were settled first. */
  readonly settled: readonly SettledChange[];
}

/**
 * Makes a plan and, if wanted, applies it.
 *
 * @param store The store.
 * @param makePlan The planner.
 * @param options Whether and how to apply.
 * @returns The plan and the report.
 * @throws {StoreLockedError} When another process holds the store's lock.
 */
export async function planAndApply(
  store: Store,
  makePlan: (snapshot: StoreSnapshot<"tags">, now: number) => Plan,
  options: PlanAndApplyOptions,
): Promise<PlanAndApplyResult> {
  const { apply = false, backup = true, approve, onProgress, signal } = options;
  const abortable = signal === undefined ? {} : { signal };
  const read = (from: Store) =>
    from.read({
      depth: "tags",
      ...abortable,
      onProgress: (runs) => onProgress?.("Reading runs", runs),
    });
  let plan = makePlan(await read(store), store.now());
  const settled: SettledChange[] = [];
  while (apply && plan.actions.length > 0) {
    if (approve && !(await approve(plan))) break;
    await using locked = await store.lock({ task: plan.task });
    settled.push(...locked.settled);
    const since = await read(locked);
    const current = makePlan(since, store.now());
    if (approve && !sameActions(plan.actions, current.actions)) {
      plan = current;
      continue;
    }
    const total = current.actions.length;
    const report = await applyPlan(locked, current, {
      ...abortable,
      backup,
      since,
      onProgress: (done) => onProgress?.("Applying", done, total),
    });
    return { plan: current, report, settled };
  }
  return { plan, report: null, settled };
}

/** Ages grow while a person thinks; what would be done must not. */
function sameActions(left: readonly Action[], right: readonly Action[]): boolean {
  const identity = ({ kind, path, stamp }: Action) => `${kind} ${path} ${stamp}`;
  return left.length === right.length &&
    left.every((action, index) => identity(action) === identity(right[index]!));
}
