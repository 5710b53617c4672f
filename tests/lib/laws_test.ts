/**
 * The laws that every plan obeys, whatever the store and the policy.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "../_support/fast_check.ts";
import { summarize } from "../../lib/answers/summarize.ts";
import { planCleanup } from "../../lib/cleanup/plan_cleanup.ts";
import { findDatabaseUses } from "../../lib/judge/find_database_uses.ts";
import { mayUnfold, operationsOf } from "../../lib/files/operations.ts";
import type { Action, Plan } from "../../lib/plan/plan.ts";
import { simulatePlan } from "../../lib/plan/simulate_plan.ts";
import { type CleanupPolicy, readingOf } from "../../lib/policy/policy.ts";
import { selectIn } from "../../lib/selection/select.ts";
import { findReferences } from "../../lib/snapshot/find_references.ts";
import type { Extras } from "../../lib/store/extras.ts";
import type { LoggedModel, Run, StoreSnapshot } from "../../lib/store/snapshot.ts";
import { verifySnapshot } from "../../lib/verify/verify_snapshot.ts";
import { adverseSnapshotArbitrary, policyArbitrary } from "../_support/adverse_arbitraries.ts";
import { snapshotArbitrary } from "../_support/arbitraries.ts";
import { DAY, NOW } from "../_support/builders.ts";
import { deepFreeze } from "../_support/deep_freeze.ts";
import { draws } from "../_support/depth.ts";
import { rulesArbitrary, withExtras } from "../_support/policy_arbitraries.ts";

type Store = StoreSnapshot<"tags">;

const RUNS = draws(150, 500);
const stores = fc.tuple(
  fc.oneof(snapshotArbitrary({ now: NOW }), adverseSnapshotArbitrary({ now: NOW })),
  fc.array(fc.nat(), { minLength: 20, maxLength: 60 }),
).map(([store, numbers]) => deepFreeze(withExtras(store, numbers)));
const policies = fc.oneof(policyArbitrary(), rulesArbitrary()).map(deepFreeze);

const plan = (store: Store, policy: CleanupPolicy): Plan =>
  deepFreeze(planCleanup(store, policy, { now: NOW }));
const after = (store: Store, planned: Plan, prefix: number): Store =>
  deepFreeze(simulatePlan(store, planned, { now: NOW, prefix }));

const holdersOf = ({ experiments, orphans }: Store) => [...experiments, ...orphans];
const runsOf = (store: Store): readonly Run[] => holdersOf(store).flatMap(({ runs }) => runs);
const modelsOf = (store: Store): readonly LoggedModel[] =>
  holdersOf(store).flatMap(({ loggedModels }) => loggedModels);

/** Paths of the runs that a plan acts on, those of a purged experiment included. */
function touched(store: Store, { actions }: Plan): readonly string[] {
  return actions.flatMap((action) => {
    switch (action.kind) {
      case "soft-delete-run":
      case "purge-run":
        return [action.path];
      case "purge-experiment":
        return action.runIds.map((id) => `${action.path}/${id}`);
      case "quarantine-orphan":
        return store.orphans.find(({ path }) => path === action.path)!.runs.map(({ path }) => path);
      default:
        return [];
    }
  });
}

/** A store as it is when only that is read of it. */
function asRead(store: Store, extras: Extras): Store {
  const only = <T>(all: ReadonlyMap<string, T>, keys: readonly string[]) =>
    new Map([...all].filter(([key]) => keys.includes(key)));
  const readRun = (run: Run): Run => ({
    ...run,
    tags: only(run.tags, extras.tags),
    extras: {
      metrics: only(run.extras?.metrics ?? new Map(), extras.metrics),
      params: only(run.extras?.params ?? new Map(), extras.params),
      inputs: extras.uses ? run.extras?.inputs ?? [] : [],
      heavy: extras.artifacts === null ? [] : run.extras?.heavy ?? [],
      ...(extras.points === undefined || run.extras?.long === undefined
        ? {}
        : { long: run.extras.long }),
    },
  });
  return deepFreeze({
    ...store,
    extras,
    experiments: store.experiments.map(({ traceUses = [], ...one }) => ({
      ...one,
      runs: one.runs.map(readRun),
      ...(extras.uses ? { traceUses } : {}),
    })),
    orphans: store.orphans.map((one) => ({ ...one, runs: one.runs.map(readRun) })),
  });
}

Deno.test("frugal: a plan depends on no key that its policy does not ask for", () => {
  fc.assert(
    fc.property(stores, policies, (store, policy) => {
      const { extras } = readingOf(policy);
      const { uses, artifacts } = extras;
      const tags = runsOf(store).flatMap((run) => [...run.tags.keys()]);
      const all = { ...store.extras!, tags: [...store.extras!.tags, ...tags], uses, artifacts };
      assertEquals(plan(asRead(store, extras), policy), plan(asRead(store, all), policy));
    }),
    RUNS,
  );
});

Deno.test("selective: of a part of a store goes no more than would go of all of it, and nothing else", () => {
  const picks = fc.array(fc.nat(), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(stores, policies, picks, fc.constantFrom("experiments", "exclude", "runs"), (
      store,
      { budget: _, ...policy },
      numbers,
      part,
    ) => {
      const ids: readonly string[] = (part === "runs" ? runsOf(store) : holdersOf(store))
        .map(({ id }) => id);
      fc.pre(ids.length > 0);
      const some = [...new Set(numbers.map((number) => ids[number % ids.length]!))];
      const only = { experiments: [], exclude: [], runs: [], [part]: some };
      const isSelected = selectIn(store, only);
      const whole = new Set(plan(store, policy).actions.map(({ kind, path }) => `${kind} ${path}`));
      for (const { kind, path } of plan(store, { ...policy, only }).actions) {
        assert(isSelected(path), `${kind} ${path} is not selected`);
        assert(whole.has(`${kind} ${path}`), `${kind} ${path} would stay`);
      }
    }),
    RUNS,
  );
});

Deno.test("recoverable: whatever is planned, its journal is believed", () => {
  fc.assert(
    fc.property(stores, policies, (store, policy) => {
      for (const action of plan(store, policy).actions) {
        for (const operation of operationsOf(action, { now: NOW })) {
          assert(mayUnfold({ action: action.kind, subject: action.path, operation }));
        }
      }
    }),
    RUNS,
  );
});

Deno.test("partition: each run occurs exactly once among kept and actions", () => {
  fc.assert(
    fc.property(stores, policies, (store, policy) => {
      const planned = plan(store, policy);
      const kept = planned.kept.filter(({ kind }) => kind === "run").map(({ path }) => path);
      assertEquals(
        [...kept, ...touched(store, planned)].sort(),
        runsOf(store).map(({ path }) => path).sort(),
      );
    }),
    RUNS,
  );
});

Deno.test("partition: each deleted experiment, orphan, damaged run and logged model occurs exactly once, too", () => {
  fc.assert(
    fc.property(stores, policies, (store, policy) => {
      const { kept, actions } = plan(store, policy);
      const gone = actions.map(({ path }) => `${path}/`);
      const judged = [
        ...store.experiments.filter(({ lifecycleStage }) => lifecycleStage === "deleted"),
        ...store.orphans,
        ...holdersOf(store).flatMap(({ damagedRuns }) => damagedRuns)
          .filter(({ path }) => !gone.some((prefix) => path.startsWith(prefix))),
        ...store.experiments.filter(({ lifecycleStage }) => lifecycleStage === "active")
          .flatMap(({ loggedModels }) => loggedModels),
      ].map(({ path }) => path);
      assertEquals(
        [
          ...kept.filter(({ kind }) => kind !== "run"),
          ...actions.filter(({ kind }) => !/-run$|-artifact$|-metric$/.test(kind)),
        ].map(({ path }) => path).sort(),
        judged.sort(),
      );
    }),
    RUNS,
  );
});

Deno.test("order-blind: the order of a snapshot's lists changes nothing", () => {
  fc.assert(
    fc.property(stores, policies, fc.infiniteStream(fc.nat()), (store, policy, numbers) => {
      const shuffled = <T>(list: readonly T[]): readonly T[] =>
        list.map((item) => [numbers.next().value, item] as const)
          .toSorted(([left], [right]) => left - right)
          .map(([, item]) => item);
      const inside = <T extends Store["experiments"][number] | Store["orphans"][number]>(
        one: T,
      ) => ({
        ...one,
        runs: shuffled(one.runs),
        damagedRuns: shuffled(one.damagedRuns),
        loggedModels: shuffled(one.loggedModels),
      });
      const other = deepFreeze({
        ...store,
        experiments: shuffled(store.experiments.map(inside)),
        orphans: shuffled(store.orphans.map(inside)),
        strays: shuffled(store.strays),
        problems: shuffled(store.problems),
      });
      assertEquals(plan(other, policy), plan(store, policy));
    }),
    RUNS,
  );
});

Deno.test("fixpoint: planning after a plan yields nothing", () => {
  fc.assert(
    fc.property(stores, policies, (store, policy) => {
      const planned = plan(store, policy);
      assertEquals(plan(after(store, planned, planned.actions.length), policy).actions, []);
    }),
    RUNS,
  );
});

/** Ranks shift as runs go, and the first file that goes leaves a tag; what that decides must not. */
function withoutTraces(action: Action): unknown {
  return {
    ...action,
    ...(action.kind === "drop-artifact" ? { tagged: null } : {}),
    reasons: action.reasons.map((reason) =>
      reason.kind === "not-kept" ? { ...reason, standings: [] } : reason
    ),
  };
}

Deno.test("resumable: planning after any prefix yields the remaining suffix", () => {
  fc.assert(
    fc.property(stores, policies, (store, policy) => {
      const planned = plan(store, policy);
      for (const prefix of planned.actions.keys()) {
        assertEquals(
          plan(after(store, planned, prefix), policy).actions.map(withoutTraces),
          planned.actions.slice(prefix).map(withoutTraces),
        );
      }
    }),
    RUNS,
  );
});

Deno.test("conservation: what is gone is what the actions take", () => {
  fc.assert(
    fc.property(stores, policies, fc.nat(), (store, policy, number) => {
      const planned = plan(store, policy);
      const prefix = number % (planned.actions.length + 1);
      const taken = planned.actions.slice(0, prefix).map(({ usage }) => usage);
      const sum = (of: "bytes" | "files") => taken.reduce((total, one) => total + one[of], 0);
      const before = summarize(store).usage!;
      const left = summarize(after(store, planned, prefix)).usage!;
      assertEquals(
        { bytes: before.bytes - left.bytes, files: before.files - left.files },
        { bytes: sum("bytes"), files: sum("files") },
      );
    }),
    RUNS,
  );
});

/** A store with a database that names some of what it holds. */
const shared = fc.tuple(stores, fc.array(fc.nat(), { minLength: 1, maxLength: 6 }))
  .map(([store, numbers]) => {
    const places = [
      ...holdersOf(store),
      ...holdersOf(store).flatMap(({ runs, damagedRuns }) => [...runs, ...damagedRuns]),
    ].map(({ path }) => path);
    const rows = places.length === 0 ? [] : numbers.map((number) => ({
      kind: "run" as const,
      id: `${number}`,
      location: `${store.location}/${
        places[number % places.length]!.replace(/^\.trash\//, "")
      }/artifacts`,
    }));
    const database = { path: "/data/mlflow.db", rows, problem: null };
    return deepFreeze({ ...store, databases: [database] });
  });

Deno.test("a database is heeded: nothing that it names is acted on, nor anything around that or in it", () => {
  fc.assert(
    fc.property(shared, policies, (store, policy) => {
      const uses = findDatabaseUses(store);
      const { actions } = plan(store, policy);
      for (const { path } of actions) {
        assert(![...uses.keys()].some((used) => used === path || used.startsWith(`${path}/`)));
      }
      const runs = runsOf(store).filter(({ path }) => uses.has(path)).map(({ path }) => path);
      for (const path of runs) assert(!actions.some((one) => one.path.startsWith(`${path}/`)));
    }),
    RUNS,
  );
});

Deno.test("a database only keeps: a plan takes no more with one than without", () => {
  fc.assert(
    fc.property(shared, policies, (store, { budget: _, ...policy }) => {
      const pathsOf = (each: Store) => plan(each, policy).actions.map(({ path }) => path);
      const alone = new Set<string>(pathsOf({ ...store, databases: [] }));
      assertEquals(pathsOf(store).filter((path) => !alone.has(path)), []);
    }),
    RUNS,
  );
});

Deno.test("what cannot be read is not passed over: no plan with actions is without a stop", () => {
  fc.assert(
    fc.property(stores, policies, (store, policy) => {
      const problem = "it is damaged";
      const databases = [{ path: "/data/mlflow.db", rows: [], problem }];
      const { actions, stops = [] } = plan({ ...store, databases }, policy);
      const found = stops.filter(({ kind }) => kind === "database-unreadable");
      assertEquals(
        found,
        actions.length === 0
          ? []
          : [{ kind: "database-unreadable", database: "/data/mlflow.db", message: problem }],
      );
    }),
    RUNS,
  );
});

Deno.test("live is untouchable: no action on a run that runs, or that is registered", () => {
  fc.assert(
    fc.property(stores, policies, (store, policy) => {
      const planned = plan(store, policy);
      const paths = new Set(touched(store, planned));
      const registered = findReferences(store).runs;
      const live = runsOf(store).filter(({ id, status }) =>
        status === "RUNNING" || status === "SCHEDULED" || registered.has(id)
      );
      assertEquals(live.filter(({ path }) => paths.has(path)), []);
    }),
    RUNS,
  );
});

Deno.test("live is untouchable: experiment 0, links and what was not read stay where they are", () => {
  fc.assert(
    fc.property(stores, policies, (store, policy) => {
      const planned = plan(store, policy);
      const paths = new Set([
        ...touched(store, planned),
        ...planned.actions.map(({ path }) => `${path}`),
      ]);
      const untouchable = [...holdersOf(store), ...runsOf(store)]
        .filter(({ id, link, stamp }) => id === "0" || link || stamp === "");
      const unreadable = store.problems.filter(({ subject }) => subject === "tags")
        .map(({ path }) => path.replace(/\/tags\/note$/, ""));
      assertEquals(untouchable.filter(({ path }) => paths.has(path)), []);
      assertEquals(unreadable.filter((path) => paths.has(path)), []);
    }),
    RUNS,
  );
});

Deno.test("live is untouchable: no kept run loses its parent or its artifacts", () => {
  fc.assert(
    fc.property(stores, policies, (store, policy) => {
      const planned = plan(store, policy);
      const left = runsOf(after(store, planned, planned.actions.length));
      const place = new Map(left.map(({ id, path }) => [id, path]));
      const was = Map.groupBy(runsOf(store), ({ id }) => id);
      const lost = left.filter(({ tags }) => {
        const parent = tags.get("mlflow.parentRunId");
        return was.has(parent as Run["id"]) && !place.has(parent as Run["id"]);
      });
      assertEquals(lost, []);
      const moved = planned.actions.filter(({ kind }) => kind !== "soft-delete-run")
        .map(({ path }) => `file://${store.location}/${path}/`);
      assertEquals(
        left.filter(({ artifactUri }) => moved.some((prefix) => artifactUri.startsWith(prefix))),
        [],
      );
    }),
    RUNS,
  );
});

Deno.test("together: no logged model is left without its run, and no run without its active models", () => {
  fc.assert(
    fc.property(stores, policies, (store, policy) => {
      const planned = plan(store, policy);
      const left = after(store, planned, planned.actions.length);
      const were = new Set<string>(runsOf(store).map(({ id }) => id));
      const are = new Set<string>(runsOf(left).map(({ id }) => id));
      const abandoned = modelsOf(left).filter(({ sourceRunId }) =>
        sourceRunId !== null && were.has(sourceRunId) && !are.has(sourceRunId)
      );
      assertEquals(abandoned, []);
      const taken = new Set<string>(planned.actions.map(({ path }) => path));
      const robbed = modelsOf(store).filter(({ path, lifecycleStage, sourceRunId }) =>
        taken.has(path) && lifecycleStage === "active" && are.has(sourceRunId ?? "")
      );
      assertEquals(robbed, []);
    }),
    RUNS,
  );
});

Deno.test("live is untouchable: no logged model goes that is registered, pinned or used by what stays", () => {
  fc.assert(
    fc.property(stores, policies, (store, policy) => {
      const planned = plan(store, policy);
      const taken = new Set<string>(planned.actions.map(({ path }) => path));
      const { loggedModels } = findReferences(store);
      const are = new Set<string>(
        runsOf(after(store, planned, planned.actions.length)).map(({ id }) => id),
      );
      const needed = modelsOf(store).filter(({ path }) => taken.has(path))
        .filter(({ id, tags, link, stamp, sourceRunId, usedBy }) =>
          loggedModels.has(id) || tags.has("mltidy.pin") || link || stamp === "" ||
          usedBy.some((use) => "run" in use ? use.run !== sourceRunId && are.has(use.run) : true)
        );
      assertEquals(needed, []);
    }),
    RUNS,
  );
});

Deno.test("monotone: a more generous policy never removes more", () => {
  const more = fc.oneof(fc.constantFrom(0, 1, DAY, null), fc.integer({ min: 0, max: 60 * DAY }));
  const longer = (limit: number | null, by: number | null) =>
    limit === null || by === null ? null : limit + by;
  fc.assert(
    fc.property(
      ...[stores, policies, more, more, fc.nat({ max: DAY }), fc.boolean()] as const,
      (store, policy, older, later, settle, without) => {
        const generous = {
          ...policy,
          olderThan: longer(policy.olderThan, older),
          purgeAfter: longer(policy.purgeAfter, later),
          quarantineOrphans: policy.quarantineOrphans && !without,
          settle: policy.settle + settle,
        };
        const strict = new Set(plan(store, policy).actions.map(({ kind, path }) => kind + path));
        const removed = plan(store, generous).actions;
        assertEquals(removed.filter(({ kind, path }) => !strict.has(kind + path)), []);
      },
    ),
    RUNS,
  );
});

Deno.test("no new damage: no prefix adds an error finding", () => {
  const errors = (store: Store) =>
    verifySnapshot(store).filter(({ severity }) => severity === "error")
      .map(({ rule, path }) => `${rule} ${path}`);
  fc.assert(
    fc.property(stores, policies, fc.nat(), (store, policy, number) => {
      const planned = plan(store, policy);
      const before = new Set(errors(store));
      const prefix = number % (planned.actions.length + 1);
      const found = errors(after(store, planned, prefix));
      assertEquals(found.filter((error) => !before.has(error)), []);
    }),
    RUNS,
  );
});

Deno.test("the laws are tried on plans of every kind", () => {
  const tried = fc.sample(fc.tuple(stores, policies), { numRuns: 1_000, seed: 2 });
  const kinds = Map.groupBy(
    tried.flatMap((
      [store, policy],
    ) => [...new Set(plan(store, policy).actions.map(({ kind }) => kind))]),
    (kind) => kind,
  );
  const rarest = Math.min(...[...kinds.values()].map(({ length }) => length));
  assertEquals(kinds.size, 7);
  assert(rarest >= 20, `The rarest kind of action is in ${rarest} plans only`);
});
