/**
 * A clean-up of which somebody has left something out.
 *
 * @module
 */

import type { CleanupPlan, KeepReason, Kept, RemovalPlan } from "../plan/plan.ts";
import { keyOf } from "../plan/same_action.ts";
import type { CleanupPolicy } from "../policy/policy.ts";
import { pathsUp } from "../store/path.ts";
import type { NonEmpty, StoreSnapshot } from "../store/snapshot.ts";
import { PIN_TAG } from "../store/tags.ts";
import { planCleanup, type PlanOptions } from "./plan_cleanup.ts";
import { withoutActions } from "./without_actions.ts";

/**
 * Plans a clean-up without some runs, models, experiments or orphans: these stay, as if they were pinned, and so does
 * all that has to stay with them, such as a parent. Nothing goes that would not go otherwise.
 *
 * @param snapshot The store, read as the policy needs it.
 * @param policy The rules.
 * @param options The moment, and what the store can carry out.
 * @param leftOut Paths of what is left out, with all that lies below it; others are passed over.
 * @returns The plan.
 * @throws {InvalidArgumentError} When the snapshot was not read as the policy needs it.
 */
export function planCleanupWithout(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  options: PlanOptions,
  leftOut: readonly string[],
): CleanupPlan {
  return planWithout(
    (from, by) => planCleanup(from, by, options),
    { snapshot, policy },
    () => leftOut,
  );
}

/**
 * Plans in any way without some of what would go, which stays as in {@linkcode planCleanupWithout}.
 *
 * @param plan Plans a store by a policy.
 * @param from The store, read as the policy needs it, and the policy.
 * @param chooseLeftOut Names, for the plan of all that would go, the paths of what is left out.
 * @returns The plan.
 * @throws {InvalidArgumentError} When the snapshot was not read as the policy needs it.
 */
export function planWithout<P extends RemovalPlan>(
  plan: (snapshot: StoreSnapshot<"tags">, policy: CleanupPolicy) => P,
  from: { readonly snapshot: StoreSnapshot<"tags">; readonly policy: CleanupPolicy },
  chooseLeftOut: (whole: P) => readonly string[],
): P {
  const { snapshot, policy } = from;
  const whole = plan(snapshot, policy);
  const paths = new Set(chooseLeftOut(whole));
  if (paths.size === 0) return whole;
  const isLeftOut = (path: string) => pathsUp(path).some((one) => paths.has(one));
  const pinned = plan(withPins(snapshot, isLeftOut), pinning(policy));
  const known = new Set(whole.actions.map(keyOf));
  const kept = withoutActions(
    pinned,
    (action) => isLeftOut(action.path) ? LEFT_OUT : known.has(keyOf(action)) ? null : NOT_NEEDED,
  );
  const own = pinsIn(snapshot);
  // What stays anyway is told as it is: it is not left out of anything.
  const staying = new Map(whole.kept.map((one) => [one.path, one]));
  return {
    ...kept,
    policy: whole.policy,
    kept: kept.kept.map((one) =>
      isLeftOut(one.path) && !own.has(one.path) ? staying.get(one.path) ?? withoutPin(one) : one
    ),
  };
}

const LEFT_OUT: KeepReason = { kind: "left-out" };
/** With a budget others would go in place of what is left out. */
const NOT_NEEDED: KeepReason = { kind: "not-needed" };

/** That of somebody's own is told as it is. */
function withoutPin(kept: Kept): Kept {
  const reasons = kept.reasons.map((reason) =>
    reason.kind === "pinned" && reason.tag === PIN_TAG ? LEFT_OUT : reason
  ) as readonly KeepReason[] as NonEmpty<KeepReason>;
  return { ...kept, reasons };
}

function pinsIn({ experiments, orphans }: StoreSnapshot): ReadonlySet<string> {
  return new Set(
    [...experiments, ...orphans].flatMap(({ runs, loggedModels }) => [...runs, ...loggedModels])
      .flatMap(({ path, tags }) => tags.has(PIN_TAG) ? [path] : []),
  );
}

function withPins(
  snapshot: StoreSnapshot<"tags">,
  isLeftOut: (path: string) => boolean,
): StoreSnapshot<"tags"> {
  const pin = <T extends { readonly path: string; readonly tags: ReadonlyMap<string, string> }>(
    all: readonly T[],
  ) =>
    all.some(({ path }) => isLeftOut(path))
      ? all.map((one) =>
        isLeftOut(one.path) ? { ...one, tags: new Map(one.tags).set(PIN_TAG, "") } : one
      )
      : all;
  return {
    ...snapshot,
    experiments: snapshot.experiments.map((experiment) => ({
      ...experiment,
      runs: pin(experiment.runs),
      loggedModels: pin(experiment.loggedModels),
    })),
  };
}

/** What is left out stays, also where pins do not count. */
function pinning(policy: CleanupPolicy): CleanupPolicy {
  const { retention } = policy;
  if (retention === undefined || !retention.protect.unsafe.includes("pinned")) return policy;
  const unsafe = retention.protect.unsafe.filter((one) => one !== "pinned");
  return { ...policy, retention: { ...retention, protect: { ...retention.protect, unsafe } } };
}
