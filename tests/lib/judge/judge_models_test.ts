import { assertEquals } from "@std/assert";
import { judgeSnapshot } from "../../../lib/judge/judge_snapshot.ts";
import type { LoggedModel } from "../../../lib/store/snapshot.ts";
import {
  damagedRun,
  DAY,
  experiment,
  loggedModel,
  type LoggedModelInit,
  modelVersion,
  NOW,
  problem,
  registeredModel,
  run,
  runId,
  snapshot,
  type SnapshotInit,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";
import {
  A,
  B,
  GONE,
  gone,
  goneExperiment,
  justDeleted,
  LONG_AGO,
  old,
  POLICY,
  registered,
  young,
} from "../../_support/verdicts.ts";

const ID = `m-${runId(1)}`;
const OTHER = runId(99);

/** A model that {@linkcode A} has logged, last changed long ago. */
const model = (init: LoggedModelInit = {}): LoggedModel =>
  loggedModel({ sourceRunId: A, lastChange: LONG_AGO, lastUpdatedTime: LONG_AGO, ...init });

/** A reason, of whatever kind. */
interface Told {
  readonly kind: string;
  readonly [key: string]: unknown;
}

/** Path → reasons, for every run, logged model and deleted experiment. */
function verdictsOf(init: SnapshotInit): Readonly<Record<string, readonly Told[]>> {
  const judged = judgeSnapshot(deepFreeze(snapshot(init)), POLICY, NOW);
  return Object.fromEntries([
    ...judged.runs.map(({ run, verdict }) => [run.path, verdict.reasons]),
    ...judged.models.map(({ model, verdict }) => [model.path, verdict.reasons]),
    ...judged.experiments.map(({ experiment, verdict }) => [experiment.path, verdict.reasons]),
  ]);
}

/** Why a model stays or goes whose run was purged long ago, such as it is. */
function aloneOf(init: LoggedModelInit, rest: SnapshotInit = {}): unknown {
  const loggedModels = [model({ sourceRunId: OTHER, ...init })];
  return verdictsOf({
    ...rest,
    experiments: [experiment({ runs: [young(B)], loggedModels }), ...rest.experiments ?? []],
  })[`1/models/${ID}`]?.[0];
}

const without = (run: string): Told => ({
  kind: "without-run",
  run,
  time: LONG_AGO,
  age: 31 * DAY,
  limit: 30 * DAY,
});

Deno.test("a logged model goes with its run, and stays with it, soft-deleted or not", () => {
  const withRun = (source: ReturnType<typeof run>) =>
    verdictsOf({ experiments: [experiment({ runs: [source], loggedModels: [model()] })] });
  const stays = { kind: "run-stays", run: A };
  assertEquals(withRun(gone(A)), { [`1/${A}`]: [{ ...GONE }], [`1/models/${ID}`]: [without(A)] });
  for (const source of [young(A), old(A), justDeleted(A)]) {
    assertEquals(withRun(source)[`1/models/${ID}`], [stays]);
  }
});

Deno.test("a logged model that stays keeps the run that logged it from being purged", () => {
  const kept = verdictsOf({
    experiments: [
      experiment({ runs: [gone(A)], loggedModels: [model({ lastChange: NOW - DAY })] }),
    ],
  });
  assertEquals(kept, {
    [`1/${A}`]: [{ kind: "source-of-kept", model: ID }],
    [`1/models/${ID}`]: [{ kind: "left-recently", run: A, age: DAY, limit: 30 * DAY }],
  });
  const elsewhere = verdictsOf({
    experiments: [
      goneExperiment({ runs: [gone(A)] }),
      experiment({ loggedModels: [model({ tags: { "mltidy.pin": "" } })] }),
    ],
  });
  assertEquals(elsewhere[".trash/7"], [{ kind: "holds-kept-run", run: A }]);
});

Deno.test("a soft-deleted logged model goes by itself, counted from its newest change", () => {
  const withRun = (init: LoggedModelInit) =>
    verdictsOf({
      experiments: [
        experiment({
          runs: [young(A)],
          loggedModels: [model({ lifecycleStage: "deleted", ...init })],
        }),
      ],
    })[`1/models/${ID}`];
  assertEquals(withRun({}), [GONE]);
  const recently = [{ kind: "deleted-recently", age: DAY, limit: 30 * DAY } as const];
  assertEquals(withRun({ lastUpdatedTime: NOW - DAY }), recently);
  // MLflow before 3.7 recorded no time of the deletion, but its record was written then.
  assertEquals(withRun({ lastUpdatedTime: null, lastChange: NOW - DAY }), recently);
  assertEquals(withRun({ sourceRunId: null }), [GONE]);
});

Deno.test("a logged model that is left without its run goes, unless something is against it", () => {
  const path = `1/models/${ID}`;
  const message = (why: string) => `${path} cannot be read and may refer to it (${why})`;
  assertEquals(aloneOf({}), without(OTHER));
  assertEquals(aloneOf({ sourceRunId: null }), { kind: "no-source-run" });
  assertEquals(aloneOf({ link: true }), { kind: "symbolic-link" });
  assertEquals(aloneOf({ tags: { "mltidy.pin": "" } }), { kind: "pinned", tag: "mltidy.pin" });
  assertEquals(aloneOf({ usedBy: [{ kind: "trace", trace: "tr-1" }] }), {
    kind: "trace-source",
    trace: "tr-1",
  });
  for (const as of ["input", "output", "metric"] as const) {
    assertEquals(aloneOf({ usedBy: [{ kind: as, run: B }] }), { kind: "used-by-run", run: B, as });
  }
  assertEquals(aloneOf({ usedBy: [{ kind: "input", run: OTHER }] }), without(OTHER), "it is gone");
  assertEquals(aloneOf({ sourceRunId: "12ab" }), {
    kind: "unreadable",
    path,
    message: message("source_run_id names no run, and is no whole id"),
  });
  assertEquals(aloneOf({ stamp: "", lastChange: null }), {
    kind: "unreadable",
    path,
    message: "its files could not all be looked at",
  });
  assertEquals(aloneOf({ lastChange: NOW + DAY }), { kind: "in-the-future", time: NOW + DAY });
});

Deno.test("a logged model stays that a version refers to, by itself, its run, or its own tag", () => {
  const versions = [
    modelVersion({ source: `models:/${ID}` }),
    modelVersion({ modelId: ID }),
    modelVersion({ source: `file:///data/mlruns/1/models/${ID}/artifacts` }),
    modelVersion({ runId: A }),
  ];
  for (const version of versions) {
    const verdicts = verdictsOf({
      experiments: [
        experiment({
          runs: [gone(A)],
          loggedModels: [model({ lifecycleStage: "deleted" })],
        }),
      ],
      registeredModels: [
        registeredModel({ name: "churn", aliases: { best: "1" }, versions: [version] }),
      ],
    });
    assertEquals(verdicts[`1/models/${ID}`], [{ ...registered() }], JSON.stringify(version));
  }
});

Deno.test("a logged model stays whose own tag names a version that is there, or may be", () => {
  const tagged = (
    text: string,
    ...versions: readonly (readonly [name: string, version: string, stage?: string])[]
  ) =>
    aloneOf({ tags: { "mlflow.modelVersions": text } }, {
      registeredModels: versions.map(([name, version, stage = "None"]) =>
        registeredModel({ name, versions: [modelVersion({ version, stage })] })
      ),
    });
  const text = '[{"name": "churn", "version": 1}]';
  const stays = { kind: "registered", model: "churn", version: "1", aliases: [] };
  assertEquals(tagged(text, ["churn", "1"]), stays);
  assertEquals(tagged(text.replace("1", '"1"'), ["churn", "1"]), stays);
  assertEquals(tagged(text), stays, "the registry may lie elsewhere");
  assertEquals(tagged(text, ["churn", "2"]), without(OTHER), "that version is deleted");
  assertEquals(tagged(text, ["other", "1"]), without(OTHER), "that model is deleted");
  assertEquals(tagged(text, ["churn", "1", "Deleted_Internal"]), without(OTHER));
  assertEquals(tagged("[]", ["churn", "2"]), without(OTHER), "as MLflow writes it with the last");
  for (const damaged of [text.slice(0, -2), "", "{}", '[{"name": "churn"}]', "[null]"]) {
    assertEquals(
      tagged(damaged, ["churn", "2"]),
      { ...stays, model: "mlflow.modelVersions", version: damaged },
    );
  }
});

Deno.test("a logged model stays that a database names, and with it the run that logged it", () => {
  const rows = [{
    kind: "logged-model" as const,
    id: ID,
    location: `/data/mlruns/1/models/${ID}/artifacts`,
  }];
  const database = { path: "/data/mlflow.db", rows, problem: null };
  const verdicts = verdictsOf({
    experiments: [experiment({ runs: [gone(A)], loggedModels: [model()] })],
    databases: [database],
  });
  assertEquals(verdicts[`1/${A}`], [{ kind: "source-of-kept", model: ID }]);
  assertEquals(verdicts[`1/models/${ID}`]?.[0]?.kind, "database-refers");
});

Deno.test("a logged model that cannot be read keeps every run from being purged, and no other damage does", () => {
  const purged = (damage: "unreadable" | "missing", place = "1") =>
    verdictsOf({
      experiments: [experiment({ runs: [gone(A), old(B)] }), goneExperiment()],
      problems: [
        problem({
          path: `${place}/models/m-damaged`,
          subject: "logged-model",
          damage,
          message: "no YAML",
        }),
      ],
    });
  const unreadable = purged("unreadable");
  assertEquals(unreadable[`1/${A}`], [{
    kind: "unreadable",
    path: "1/models/m-damaged",
    message: "1/models/m-damaged cannot be read and may refer to it (no YAML)",
  }]);
  assertEquals(unreadable[`1/${B}`]?.[0]?.kind, "older-than", "MLflow can undo a soft deletion");
  assertEquals(purged("missing")[`1/${A}`], [GONE], "it is no model to MLflow");
});

Deno.test("a logged model that stays keeps every run while its source_run_id is not whole", () => {
  const path = `1/models/${ID}`;
  const why = "source_run_id names no run, and is no whole id";
  const unsure = {
    kind: "unreadable",
    path,
    message: `${path} cannot be read and may refer to it (${why})`,
  };
  for (const sourceRunId of [A.slice(0, 20), "", `${A}\0`]) {
    for (const lifecycleStage of ["active", "deleted"] as const) {
      const verdicts = verdictsOf({
        experiments: [
          experiment({ runs: [gone(A)], loggedModels: [model({ sourceRunId, lifecycleStage })] }),
        ],
      });
      assertEquals(verdicts, { [`1/${A}`]: [unsure], [path]: [unsure] }, sourceRunId);
    }
  }
  const named = run({ id: "my-run", lifecycleStage: "deleted", deletedTime: LONG_AGO });
  assertEquals(
    verdictsOf({
      experiments: [
        experiment({ runs: [named, gone(A)], loggedModels: [model({ sourceRunId: "my-run" })] }),
      ],
    })[`1/${A}`],
    [GONE],
    "a run may be called so",
  );
});

Deno.test("a logged model of a damaged run stays, and so does one in a deleted experiment until that goes", () => {
  const damaged = experiment({ damagedRuns: [damagedRun({ id: A })], loggedModels: [model()] });
  assertEquals(verdictsOf({ experiments: [damaged] })[`1/models/${ID}`], [
    { kind: "run-stays", run: A },
  ]);
  const holder = goneExperiment({ loggedModels: [model({ sourceRunId: B })] });
  const verdicts = verdictsOf({ experiments: [holder, experiment({ runs: [gone(B)] })] });
  assertEquals(verdicts[".trash/7"], [GONE]);
  assertEquals(verdicts[`1/${B}`], [GONE], "a model that goes keeps nothing");
});
