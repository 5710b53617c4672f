/**
 * What the page and its server are about: the store as it was read, the policy as it is turned, and the plan that is
 * shown, which is the only one that can be carried out.
 *
 * @module
 */

import { planCleanupWithout } from "../../lib/cleanup/leave_out.ts";
import type { CleanupPlan, Plan, RepairPlan } from "../../lib/plan/plan.ts";
import type { Config } from "../../lib/policy/config_rows.ts";
import { type CleanupPolicy, readingOf } from "../../lib/policy/policy.ts";
import { primaryMetric } from "../../lib/policy/primary_metric.ts";
import type { CommandOf } from "../../lib/render/commands.ts";
import { isServer } from "../../lib/store/store_uri.ts";
import { goingPaths, type Listed } from "../../lib/view/plan_rows.ts";
import {
  basisOfPolicy,
  neediestPolicy,
  type PolicyBasis,
  policyOfBasis,
  withValues,
} from "../../lib/view/policy_controls.ts";
import type { Store } from "../ports/store.ts";
import { repair } from "../repair.ts";
import { freeMemory } from "./free_memory.ts";
import { type Refused, refused } from "./guard.ts";
import type { PlanRequest } from "./messages.ts";
import { type ReadStore, type StoreWatch, watchStore } from "./watch_store.ts";

/** How the page was started. */
export interface SessionOptions {
  /** The policy's file; `null` when there is none. */
  readonly config: { readonly config: Config; readonly path: string | null } | null;
  /** Whether the page may change the store. */
  readonly mayApply: boolean;
  /** Where backups lie; `null`: where they lie by themselves. */
  readonly backups: string | null;
  /** The address of MLflow's UI, without a slash at its end; `null`: not said. */
  readonly mlflowUi: string | null;
  /** Gives what is typed to run a task on the same store. */
  readonly command: CommandOf;
}

/** A plan as it is shown. */
export interface Shown {
  /** Names it. */
  readonly id: string;
  /** The reading it was made from. */
  readonly generation: number;
  /** What its policy is made of. */
  readonly basis: PolicyBasis;
  /** The policy. */
  readonly policy: CleanupPolicy;
  /** What was left out. */
  readonly leftOut: readonly string[];
  /** Whether it is that of the file, with nothing left out. */
  readonly isOfFile: boolean;
  /** The plan. */
  readonly plan: CleanupPlan;
}

/** The session of a page. */
export interface Session extends AsyncDisposable {
  /** The store. */
  readonly store: Store;
  /** How it was started. */
  readonly options: SessionOptions;
  /** The store as it is read. */
  readonly watch: StoreWatch;
  /** What the policy of the file is made of. */
  readonly file: PolicyBasis;
  /** What is read besides metadata. */
  readonly reading: ReturnType<typeof readingOf>;
  /** Gives the store as it was read. */
  read(): ReadStore | Refused;
  /** Waits, and tells whether no other plan was asked for meanwhile. */
  isLast(wait: () => Promise<void>): Promise<boolean>;
  /** Makes the plan that is shown from now on. */
  show(read: ReadStore, request: PlanRequest): Shown;
  /** Gives the plan of that name, while it is shown. */
  shown(id: string | null): Shown | Refused;
  /** Gives what lists of a plan are taken from. */
  listed(read: ReadStore, plan: Plan): Listed;
  /** Plans the repairs that are provable; made anew where the store was read again. */
  repairs(read: ReadStore): Promise<ShownRepair>;
}

/** A plan of repairs as it is shown. */
export interface ShownRepair {
  readonly id: string;
  readonly plan: RepairPlan;
}

/**
 * Opens a session; begins to read the store.
 *
 * @param store The store.
 * @param options How the page was started.
 * @returns The session; disposing of it ends what is being read.
 */
export function openSession(store: Store, options: SessionOptions): Session {
  const file = basisOfPolicy(options.config?.config ?? null);
  const reading = readingOf(neediestPolicy(file));
  const { location } = store.describe();
  const watch = watchStore(store, {
    extras: reading.extras,
    metric: (options.config?.config.primaryMetric ?? primaryMetric()).name,
    looksAhead: !isServer(location),
  });
  let [count, asked] = [0, 0];
  let shown: Shown | null = null;
  let repairs: { readonly generation: number; readonly planned: Promise<ShownRepair> } | null =
    null;
  let goesByFile: { readonly generation: number; readonly paths: ReadonlySet<string> } | null =
    null;
  const kinds = store.changes?.kinds;

  function goingByFile(read: ReadStore): ReadonlySet<string> {
    if (goesByFile?.generation === read.generation) return goesByFile.paths;
    const isShown = shown?.isOfFile && shown.generation === read.generation;
    const plan = isShown ? shown!.plan : planCleanupWithout(
      read.snapshot,
      policyOfBasis(file),
      { now: store.now(), kinds },
      [],
    );
    goesByFile = { generation: read.generation, paths: goingPaths(plan) };
    return goesByFile.paths;
  }

  return {
    store,
    options,
    watch,
    file,
    reading,
    read() {
      const problem = watch.problem();
      if (problem !== null) return refused(503, "failed", problem);
      return watch.current() ?? refused(503, "not-read", "the store is being read");
    },
    async isLast(wait) {
      const own = ++asked;
      await wait();
      return own === asked;
    },
    show(read, { values, leftOut }) {
      const basis = withValues(file, values);
      if (shown !== null) {
        if (shown.isOfFile) {
          goesByFile ??= { generation: shown.generation, paths: goingPaths(shown.plan) };
        }
        // The last one may be large.
        shown = null;
        freeMemory();
      }
      const policy = policyOfBasis(basis);
      const isOfFile = leftOut.length === 0 && JSON.stringify(basis) === JSON.stringify(file);
      const now = store.now();
      const plan = planCleanupWithout(read.snapshot, policy, { now, kinds }, leftOut);
      const { generation } = read;
      // Told by the plan itself, as soon as somebody asks.
      if (isOfFile) goesByFile = null;
      shown = { id: `${++count}`, generation, basis, policy, leftOut, isOfFile, plan };
      return shown;
    },
    shown(id) {
      const isCurrent = shown !== null && shown.id === id &&
        shown.generation === watch.current()?.generation;
      return isCurrent ? shown! : OUTDATED;
    },
    listed: (read, plan) => ({
      plan,
      index: read.index,
      // Hardly any list needs it.
      get goesByFile() {
        return plan.task === "repair" ? new Set<string>() : goingByFile(read);
      },
      bytes: read.bytes,
      tags: read.tags,
      primary: read.primary,
      mlflowUi: options.mlflowUi,
    }),
    repairs({ generation }) {
      if (repairs?.generation === generation) return repairs.planned;
      const planned = repair(store).then(({ plan }) => ({
        id: `repair-${generation}`,
        plan: plan as RepairPlan,
      }));
      repairs = { generation, planned };
      planned.catch(() => repairs = null);
      return planned;
    },
    [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose](),
  };
}

/** What is said of a plan that is no longer the one that is shown. */
export const OUTDATED: Refused = refused(
  409,
  "outdated",
  "another plan has taken the place of this one, or the store was read again; look at the plan as it is now",
);
