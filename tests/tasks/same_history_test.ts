/**
 * One history written as files and as a database: the same policy plans the same of both.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { planCleanup } from "../../lib/cleanup/plan_cleanup.ts";
import type { CleanupPlan, KeepReason } from "../../lib/plan/plan.ts";
import { policyOf, readConfig } from "../../lib/policy/config.ts";
import { type CleanupPolicy, extrasOf, readingOf } from "../../lib/policy/policy.ts";
import { type ModelUse, NO_EXTRAS } from "../../lib/store/extras.ts";
import type { Experiment, LoggedModel, StoreSnapshot } from "../../lib/store/snapshot.ts";
import { openDatabaseStore } from "../../tasks/_database/database_store.ts";
import { openFileStore } from "../../tasks/_file/file_store.ts";
import { openStore } from "../../tasks/open_store.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { policyArbitrary } from "../_support/adverse_arbitraries.ts";
import { snapshotArbitrary } from "../_support/arbitraries.ts";
import { DAY, experiment, NOW, retentionRule, run, runId, snapshot } from "../_support/builders.ts";
import { tempDatabase } from "../_support/database_store.ts";
import { draws } from "../_support/depth.ts";
import { writeExtras } from "../_support/disk_extras.ts";
import { tempStore } from "../_support/disk_store.ts";
import { startMlflowDouble } from "../_support/mlflow_double.ts";
import fc from "../_support/fast_check.ts";
import { rulesArbitrary, withExtras } from "../_support/policy_arbitraries.ts";

type History = StoreSnapshot<"tags">;

const OPTIONS = { chosenBy: "by --store", now: () => NOW };

/** What one kind of store alone can hold, and so no history that is written as both. */
const DIFFERENCES: readonly {
  readonly what: string;
  readonly why: string;
  readonly without: (history: History) => History;
}[] = [
  {
    what: "directories that are no experiments, and files between them",
    why: "a database has no row for them; trees that no row names are found among its artifacts",
    without: (history) => ({ ...history, orphans: [], strays: [], problems: [] }),
  },
  {
    what: "runs whose record is damaged",
    why: "a row is there as a whole; one that makes no sense has a test of its own",
    without: eachExperiment((one) => ({ ...one, damagedRuns: [] })),
  },
  {
    what: "links",
    why: "rows are not linked",
    without: eachExperiment((one) => ({
      ...one,
      link: false,
      runs: one.runs.map((run) => ({ ...run, link: false })),
      loggedModels: one.loggedModels.map((model) => ({ ...model, link: false })),
    })),
  },
  {
    what: "an experiment that lies elsewhere than its record says",
    why: "a row has one column for the stage, and lies nowhere",
    without: eachExperiment((one) => ({ ...one, recordedStage: one.lifecycleStage })),
  },
  {
    what: "two experiments of one name",
    why: "the table refuses them",
    without: eachExperiment((one) => ({ ...one, name: `${one.name} ${one.id}` })),
  },
  {
    what: "two traces of one name",
    why: "the table refuses them",
    without: eachExperiment((one) => ({
      ...one,
      traceUses: (one.traceUses ?? []).map((use) => ({
        ...use,
        trace: `tr-${one.id}-${use.trace}`,
        assessment: use.assessment && `a-${one.id}-${use.trace}`,
        modelId: use.assessment === null ? use.modelId : null,
      })),
    })),
  },
  {
    what: "a logged model that was touched later than its record says, or has no time in it",
    why: "the table wants a time, and files alone have another one of their own",
    without: eachExperiment((one) => ({
      ...one,
      loggedModels: one.loggedModels.map((model) => {
        const lastUpdatedTime = model.lastUpdatedTime ?? NOW;
        return { ...model, lastUpdatedTime, lastChange: lastUpdatedTime };
      }),
    })),
  },
  {
    what: "a deleted experiment that is the newest",
    why: "SQLite would give its id out again, so there it stays",
    without: (history) => ({
      ...history,
      experiments: [
        ...history.experiments,
        experiment({ id: "9".repeat(18), name: "newest", lastUpdateTime: NOW }),
      ],
    }),
  },
  {
    what: "the logged model of a version, besides its source",
    why: "the table has no column for it",
    without: (history) => ({
      ...history,
      registeredModels: history.registeredModels.map((model) => ({
        ...model,
        versions: model.versions.map((version) => ({ ...version, modelId: null })),
      })),
    }),
  },
];

/** The same, where runs are judged by age alone. */
const DIFFERENCES_BY_AGE: typeof DIFFERENCES = [
  {
    what: "assessments that name a run",
    why:
      "a database keeps what rows name that stay, while files are not opened that no rule asks for",
    without: eachExperiment((one) => ({
      ...one,
      traceUses: (one.traceUses ?? []).filter(({ assessment }) => assessment === null),
    })),
  },
];

function eachExperiment(change: (one: Experiment) => Experiment): (history: History) => History {
  return (history) => ({ ...history, experiments: history.experiments.map(change) });
}

const histories = fc.tuple(
  snapshotArbitrary({ now: NOW }),
  fc.array(fc.nat(), { minLength: 20, maxLength: 60 }),
).map(([store, numbers]) => withoutDifferences(withExtras(store, numbers)));

function withoutDifferences(history: History): History {
  return DIFFERENCES.reduce((current, { without }) => without(current), history);
}

const policies: fc.Arbitrary<CleanupPolicy> = fc.oneof(
  policyArbitrary(),
  // What of a run goes that stays is a question of its files.
  rulesArbitrary().map(({ retention: { thinMetrics: _, ...retention }, ...policy }) => ({
    ...policy,
    retention: {
      ...retention,
      artifactsOnly: null,
      rules: retention.rules.map((rule) => ({ ...rule, artifactsOnly: false })),
    },
  })),
);

/**
 * Reasons that name another thing for which one stays. Of several such the first is named that is found, and
 * neither a directory nor a table has an order.
 */
const FOR_ANOTHER: ReadonlySet<KeepReason["kind"]> = new Set([
  ...(["parent-of-kept", "child-of-kept", "input-of-kept", "hides-copy"] as const),
  ...(["holds-kept-run", "holds-kept-model", "source-of-kept", "used-by-run"] as const),
  "logged-model-in-use",
]);

/** What a file store has in its trash has a column in a database. */
function inShort({ actions, kept, stops, notes }: CleanupPlan) {
  const inOrder = (list: readonly unknown[]) =>
    list.map((one) => JSON.stringify(one).replaceAll(".trash/", "")).toSorted();
  return {
    actions: inOrder(actions.map(({ kind, path, reasons }) => [kind, path, reasons])),
    kept: inOrder(
      kept.map(({ kind, path, reasons }) => [
        kind,
        path,
        reasons.filter(({ kind }) => !FOR_ANOTHER.has(kind)),
        reasons.some(({ kind }) => FOR_ANOTHER.has(kind)),
      ]),
    ),
    stops,
    notes,
  };
}

async function planOf(store: Store, policy: CleanupPolicy) {
  const snapshot = await store.read({ depth: "tags", ...readingOf(policy) });
  return inShort(planCleanup(snapshot, policy, { now: NOW }));
}

/** The plans of one history written as both. */
async function plansOf(history: History, policy: CleanupPolicy) {
  // An empty directory is no store yet.
  const files = { ...withoutUses(history), hasTrash: true };
  await using place = await tempStore(files);
  writeExtras(place.root, files);
  await using store = await openFileStore(place.root, OPTIONS);
  await using database = await tempDatabase(history);
  return {
    ofFiles: await planOf(store, policy),
    ofDatabase: await planOf(openDatabaseStore(database.path, OPTIONS), policy),
  };
}

const PURGE: CleanupPolicy = {
  olderThan: 30 * DAY,
  purgeAfter: 0,
  quarantineOrphans: true,
  settle: 0,
};

/** One that certainly lets something go: of few random ones there may be none. */
const SURE: [History, CleanupPolicy] = [
  withoutDifferences(snapshot({
    experiments: [
      experiment({ id: "1", runs: [run({ id: runId(1), experimentId: "1" })] }),
      experiment({ id: "2", lifecycleStage: "deleted", lastUpdateTime: NOW - DAY }),
    ],
  })),
  PURGE,
];

/** By a history no run is to be kept, and by the latest value, which is none, none can be. */
const RANKING_NONE: CleanupPolicy = {
  olderThan: null,
  purgeAfter: null,
  quarantineOrphans: false,
  settle: 0,
  retention: {
    rules: [retentionRule({
      keepBest: [
        { metric: "loss", mode: "max", n: 0, over: "history", per: null },
        { metric: "loss", mode: "max", n: 1, over: "latest", per: null },
      ],
    })],
    protect: { pinnedTags: [], experiments: [], unsafe: [] },
    limits: { maxShare: 1, maxRuns: null },
    artifactsOnly: null,
  },
};
const LOSS = new Map([["loss", { latest: NaN, least: 0, greatest: 0.5 }]]);
const UNRANKED: [History, CleanupPolicy] = [
  withoutDifferences(snapshot({
    experiments: [
      experiment({
        id: "1",
        runs: [run({ id: runId(1), extras: { ...NO_EXTRAS, metrics: LOSS } })],
      }),
    ],
    extras: extrasOf(RANKING_NONE.retention!),
  })),
  RANKING_NONE,
];

Deno.test("a policy makes the same plan of a database as of the same history in files", async () => {
  let planned = 0;
  await fc.assert(
    fc.asyncProperty(histories, policies, async (drawn, policy) => {
      const isByAge = policy.retention === undefined;
      const history = (isByAge ? DIFFERENCES_BY_AGE : [])
        .reduce((history, { without }) => without(history), drawn);
      const { ofFiles, ofDatabase } = await plansOf(history, policy);
      assertEquals(ofDatabase, ofFiles);
      // By age alone fewer facts are read than were drawn.
      if (!isByAge) {
        assertEquals(inShort(planCleanup(addressed(history), policy, { now: NOW })), ofFiles);
      }
      planned += ofFiles.actions.length;
    }),
    { ...draws(12, 200), examples: [SURE, UNRANKED] },
  );
  assert(planned > 0);
});

Deno.test("a threshold keeps the same runs of a directory, a database and a server: those whose latest value passes, and never NaN", async () => {
  const at = { startTime: NOW - 50 * DAY, endTime: NOW - 40 * DAY };
  const values = [0.95, 0.9, 0.89, NaN, Infinity, -Infinity, 1e300, undefined];
  const runs = values.map((latest, index) => {
    const finite = latest !== undefined && Number.isFinite(latest) ? latest : null;
    const metrics = new Map(
      latest === undefined ? [] : [["auc", { latest, least: finite, greatest: finite }]],
    );
    return run({
      id: runId(index + 1),
      experimentId: "1",
      ...at,
      extras: { metrics, params: new Map(), inputs: [], heavy: [] },
    });
  });
  const history = snapshot({
    experiments: [experiment({ id: "0", name: "Default" }), experiment({ id: "1", runs })],
    extras: { tags: [], metrics: ["auc"], params: [], uses: false, artifacts: null },
  });
  const policy = policyOf(
    readConfig(
      "retention: { keep_where: [auc >= 0.9] }\nlimits: { max_share: 100% }",
      "mltidy.yaml",
    ),
  );
  await using place = await tempStore(history);
  writeExtras(place.root, history);
  await using database = await tempDatabase(history);
  await using server = await startMlflowDouble(history);
  for (const location of [place.root, database.path, server.uri]) {
    await using store = await openStore(location, { now: () => NOW });
    const read = await store.read({ depth: "tags", ...readingOf(policy) });
    const { actions, kept } = planCleanup(read, policy, { now: NOW });
    const standingOf = (reason: unknown) => {
      const { value, passes } = reason as {
        readonly value: number | null;
        readonly passes: boolean;
      };
      return [value, passes];
    };
    assertEquals<readonly unknown[]>(
      [
        ...kept.flatMap(({ kind, path, reasons: [reason] }) =>
          kind === "run" ? [[`${path}`, ...standingOf(reason)]] : []
        ),
        ...actions.map(({ path, reasons: [reason] }) => [
          `${path}`,
          ...reason.kind === "not-kept" ? reason.standings.flatMap(standingOf) : [],
        ]),
      ].toSorted(([left], [right]) => `${left}` < `${right}` ? -1 : 1),
      [
        [`1/${runId(1)}`, 0.95, true],
        [`1/${runId(2)}`, 0.9, true],
        [`1/${runId(3)}`, 0.89, false],
        ...[4, 5, 6].map((id) => [`1/${runId(id)}`, null, false]),
        [`1/${runId(7)}`, 1e300, true],
        [`1/${runId(8)}`, null, false],
      ],
      location,
    );
  }
});

Deno.test("a deleted experiment that is the newest goes from files, and stays in a database", async () => {
  const id = "420101650667246000";
  const history = snapshot({
    experiments: [experiment({ id, lifecycleStage: "deleted", lastUpdateTime: NOW - 1 })],
  });
  const { ofFiles, ofDatabase } = await plansOf(history, PURGE);
  const age = { time: NOW - 1, age: 1, limit: 0 };
  assertEquals(ofFiles.actions, [
    JSON.stringify(["purge-experiment", id, [{ kind: "deleted-longer-than", ...age }]]),
  ]);
  assertEquals(ofFiles.kept, []);
  assertEquals(ofDatabase.actions, []);
  assertEquals(ofDatabase.kept, [
    JSON.stringify(["experiment", id, [{ kind: "newest-experiment" }], false]),
  ]);
});

/** What runs and traces say of logged models is written into those, see `writeExtras()`. */
function withoutUses(history: History): History {
  return eachExperiment((one) => ({
    ...one,
    loggedModels: one.loggedModels.map((model) => ({
      ...model,
      usedBy: model.usedBy.filter(({ kind }) => kind === "output" || kind === "metric"),
    })),
  }))(history);
}

/** The same with all that is read of a model by those that name it, and no more of one that cannot go. */
function addressed(history: History): History {
  const { experiments } = history;
  const active = experiments.filter(({ lifecycleStage }) => lifecycleStage === "active");
  const alive = new Set<string | null>(
    active.flatMap(({ runs }) => runs).filter((run) => run.lifecycleStage === "active")
      .map(({ id }) => id),
  );
  const usesOf = ({ id, usedBy }: LoggedModel): readonly ModelUse[] => [
    ...experiments.flatMap(({ runs }) => runs)
      .filter(({ extras }) => extras?.inputs.includes(id))
      .map((run): ModelUse => ({ kind: "input", run: run.id })),
    ...usedBy.filter(({ kind }) => kind === "metric"),
    ...usedBy.filter(({ kind }) => kind === "output"),
    ...active.flatMap(({ traceUses }) => traceUses ?? []).filter(({ modelId }) => modelId === id)
      .map(({ trace }): ModelUse => ({ kind: "trace", trace })),
  ];
  const known = (model: LoggedModel): LoggedModel => {
    const isMovable = model.lifecycleStage === "deleted" ||
      model.sourceRunId !== null && !alive.has(model.sourceRunId);
    return isMovable
      ? { ...model, usedBy: usesOf(model) }
      : { ...model, tags: new Map(), usedBy: [], lastChange: null, stamp: "" };
  };
  return eachExperiment((one) => ({ ...one, loggedModels: one.loggedModels.map(known) }))(history);
}
