import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import {
  type AssembledRun,
  type AssembledRuns,
  assembleExperiment,
  assembleRegisteredModel,
  assembleRun,
  assembleSnapshot,
  type SnapshotParts,
} from "../../../lib/snapshot/assemble_snapshot.ts";
import type {
  ExperimentFacts,
  LoggedModelFacts,
  MeasureFacts,
  RegisteredModelFacts,
  RunFacts,
  TextFact,
} from "../../../lib/store/facts.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import { snapshotArbitrary } from "../../_support/arbitraries.ts";
import {
  damagedRun,
  deletedRun,
  experiment,
  loggedModel,
  modelVersion,
  NOW,
  orphan,
  problem,
  registeredModel,
  run,
  runId,
  snapshot,
  stray,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const ID = runId(1);
const MEASURED: MeasureFacts = deepFreeze({ stamp: "stamp", usage: { bytes: 4_096, files: 1 } });

const text = (lines: Readonly<Record<string, string | number>>): TextFact => ({
  kind: "text",
  text: Object.entries(lines).map(([key, value]) => `${key}: ${value}\n`).join(""),
});

const RUN_META = {
  artifact_uri: `file:///data/mlruns/1/${ID}/artifacts`,
  end_time: NOW - 1,
  experiment_id: "'1'",
  lifecycle_stage: "active",
  run_id: `'${ID}'`,
  run_name: "quiet-owl-7",
  start_time: NOW - 2,
  status: 3,
  user_id: "kim",
};

const runFacts = (init: Partial<RunFacts> = {}): RunFacts =>
  deepFreeze({
    directory: ID,
    path: asStorePath(`1/${ID}`),
    link: false,
    meta: text(RUN_META),
    tags: new Map(),
    tagFailures: [],
    ...init,
  });

const EXPERIMENT_META = {
  artifact_location: "file:///data/mlruns/1",
  creation_time: NOW - 9,
  experiment_id: "'1'",
  last_update_time: NOW - 8,
  lifecycle_stage: "active",
  name: "churn",
};

const experimentFacts = (init: Partial<ExperimentFacts> = {}): ExperimentFacts =>
  deepFreeze({
    directory: "1",
    path: asStorePath("1"),
    inTrash: false,
    link: false,
    meta: text(EXPERIMENT_META),
    loggedModels: [],
    traces: 2,
    datasets: 3,
    foreign: [],
    lostRuns: 0,
    newestChange: NOW,
    ...MEASURED,
    ...init,
  });

const assembledRun = (init: Partial<RunFacts> = {}) =>
  assembleRun(runFacts(init), "1", () => MEASURED);

const holding = (...all: readonly AssembledRun[]): AssembledRuns => ({
  runs: all.flatMap((one) => one.kind === "run" ? [one.run] : []),
  damagedRuns: all.flatMap((one) => one.kind === "damaged" ? [one.run] : []),
  problems: all.flatMap(({ problems }) => problems),
});

Deno.test("assembleRun() makes a run of a usable meta.yaml", () => {
  const tags = new Map([["team", "vision"], ["mlflow.runName", "older name"]]);
  assertEquals(assembledRun({ tags }), {
    kind: "run",
    run: run({
      id: ID,
      name: "quiet-owl-7",
      startTime: NOW - 2,
      endTime: NOW - 1,
      tags,
      ...MEASURED,
    }),
    problems: [],
  });
});

Deno.test("assembleRun() takes the name from the tag where meta.yaml has none", () => {
  const { run_name: _, ...unnamed } = RUN_META;
  const nameOf = (meta: TextFact, tags: ReadonlyMap<string, string>) => {
    const assembled = assembledRun({ meta, tags });
    return assembled.kind === "run" ? assembled.run.name : null;
  };
  const tags = new Map([["mlflow.runName", "from the tag"]]);
  assertEquals(nameOf(text(unnamed), tags), "from the tag");
  assertEquals(nameOf(text({ ...unnamed, run_name: "''" }), tags), "from the tag");
  assertEquals(nameOf(text(unnamed), new Map()), "");
});

Deno.test("assembleRun() has a soft-deleted run measured as a whole tree", () => {
  const asked: boolean[] = [];
  const measure = (deleted: boolean): MeasureFacts => {
    asked.push(deleted);
    return MEASURED;
  };
  const meta = text({ ...RUN_META, lifecycle_stage: "deleted", deleted_time: NOW });
  const assembled = assembleRun(runFacts({ meta }), "1", measure);
  assembleRun(runFacts(), "1", measure);
  assembleRun(runFacts({ meta: { kind: "missing" } }), "1", measure);
  assertEquals(asked, [true, false, false]);
  assertEquals(assembled, {
    kind: "run",
    run: deletedRun({
      name: "quiet-owl-7",
      deletedTime: NOW,
      startTime: NOW - 2,
      endTime: NOW - 1,
      ...MEASURED,
    }),
    problems: [],
  });
});

Deno.test("assembleRun() tells every damage apart, and says what and where", () => {
  const cases: readonly (readonly [TextFact, string, string, number | null])[] = [
    [{ kind: "missing" }, "missing", "meta.yaml does not exist", null],
    [
      { kind: "failed", damage: "io", message: "Permission denied" },
      "io",
      "Permission denied",
      null,
    ],
    [
      { kind: "failed", damage: "unreadable", message: "not UTF-8" },
      "unreadable",
      "not UTF-8",
      null,
    ],
    [{ kind: "text", text: "" }, "empty", "No key in the file", null],
    [
      text({ ...RUN_META, status: 9 }),
      "incomplete",
      "Key status: expected an integer from 1 to 5, found the integer 9",
      null,
    ],
    [
      text({ ...RUN_META, run_id: "other" }),
      "id-mismatch",
      `run_id is "other", but the directory is "${ID}"`,
      null,
    ],
    [
      text({ ...RUN_META, experiment_id: "'2'" }),
      "id-mismatch",
      'experiment_id is "2", but the directory is "1"',
      null,
    ],
  ];
  for (const [meta, damage, message, line] of cases) {
    const of = { damage, message } as Pick<Parameters<typeof damagedRun>[0] & object, "damage">;
    const artifactUri = meta.kind === "text" && meta.text !== "" ? RUN_META.artifact_uri : null;
    const damaged = damagedRun({
      id: ID,
      usage: MEASURED.usage,
      link: true,
      artifactUri,
      ...of,
    });
    assertEquals(assembledRun({ meta, link: true }), {
      kind: "damaged",
      run: damaged,
      problems: [problem({ path: damaged.path, subject: "run", line, ...of })],
    });
  }
});

Deno.test("assembleRun() says in which line and column a meta.yaml cannot be read", () => {
  const assembled = assembledRun({ meta: { kind: "text", text: "run_id: a\nstatus: [3\n" } });
  assertEquals(
    assembled.problems.map(({ damage, line, column }) => [damage, line, column]),
    [["unreadable", 3, 1]],
  );
});

Deno.test("assembleRun() reports each tag that cannot be read, and takes the run all the same", () => {
  const path = asStorePath(`1/${ID}/tags/note`);
  const assembled = assembledRun({
    tagFailures: [{ path, damage: "unreadable", message: "not UTF-8" }],
  });
  assertEquals(assembled.kind, "run");
  assertEquals(assembled.problems, [problem({ path, message: "not UTF-8" })]);
});

Deno.test("assembleExperiment() makes an experiment of a usable meta.yaml", () => {
  assertEquals(assembleExperiment(experimentFacts(), holding(assembledRun())), {
    kind: "experiment",
    experiment: experiment({
      name: "churn",
      creationTime: NOW - 9,
      lastUpdateTime: NOW - 8,
      runs: [run({ name: "quiet-owl-7", startTime: NOW - 2, endTime: NOW - 1, ...MEASURED })],
      traces: 2,
      datasets: 3,
      ...MEASURED,
    }),
    problems: [],
  });
});

Deno.test("assembleExperiment() believes where it lies more than what is recorded", () => {
  const stages = (inTrash: boolean, recorded: string) => {
    const meta = text({ ...EXPERIMENT_META, lifecycle_stage: recorded });
    const assembled = assembleExperiment(experimentFacts({ inTrash, meta }), holding());
    assert(assembled.kind === "experiment");
    return [assembled.experiment.lifecycleStage, assembled.experiment.recordedStage];
  };
  assertEquals(stages(true, "active"), ["deleted", "active"]);
  assertEquals(stages(false, "deleted"), ["active", "deleted"]);
});

Deno.test("assembleExperiment() makes an orphan of any damage, with all that is in it", () => {
  const model: LoggedModelFacts = {
    directory: "m-1",
    path: asStorePath("1/models/m-1"),
    link: false,
    meta: text({
      artifact_location: "file:///data/mlruns/1/models/m-1/artifacts",
      experiment_id: "'1'",
      model_id: "m-1",
      name: "model",
      source_run_id: "null",
    }),
  };
  const damages = [
    [{ kind: "missing" }, "missing", "meta.yaml does not exist"],
    [{ kind: "text", text: "{}" }, "empty", "No key in the file"],
    [
      text({ ...EXPERIMENT_META, experiment_id: "'2'" }),
      "id-mismatch",
      'experiment_id is "2", but the directory is "1"',
    ],
  ] as const;
  for (const [meta, damage, message] of damages) {
    const facts = experimentFacts({ meta, loggedModels: [model], foreign: ["notes"], link: true });
    const damaged = assembledRun({
      directory: "x",
      path: asStorePath("1/x"),
      meta: { kind: "missing" },
    });
    const expected = orphan({
      id: "1",
      damage,
      message,
      runs: [run({ name: "quiet-owl-7", startTime: NOW - 2, endTime: NOW - 1, ...MEASURED })],
      damagedRuns: [
        damagedRun({ id: "x", message: "meta.yaml does not exist", usage: MEASURED.usage }),
      ],
      loggedModels: [
        loggedModel({ id: "m-1", lastUpdatedTime: null, lastChange: null, stamp: "", usage: null }),
      ],
      foreign: ["notes"],
      traces: 2,
      newestChange: NOW,
      link: true,
      ...MEASURED,
    });
    assertEquals(assembleExperiment(facts, holding(assembledRun(), damaged)), {
      kind: "orphan",
      orphan: expected,
      problems: [
        problem({ path: "1", subject: "experiment", damage, message }),
        ...damaged.problems,
      ],
    });
  }
});

Deno.test("assembleExperiment() reports a logged model that cannot be read", () => {
  const facts = experimentFacts({
    loggedModels: [{
      directory: "m-1",
      path: asStorePath("1/models/m-1"),
      link: false,
      meta: { kind: "missing" },
    }],
  });
  const assembled = assembleExperiment(facts, holding());
  assert(assembled.kind === "experiment");
  assertEquals(assembled.experiment.loggedModels, []);
  assertEquals(assembled.problems, [
    problem({
      path: asStorePath("1/models/m-1"),
      subject: "logged-model",
      damage: "missing",
      message: "meta.yaml does not exist",
    }),
  ]);
});

const MODEL_FACTS: RegisteredModelFacts = deepFreeze({
  directory: "churn",
  path: asStorePath("models/churn"),
  meta: text({ name: "churn" }),
  aliases: new Map([["best", "1"]]),
  versions: [{
    path: asStorePath("models/churn/version-1"),
    meta: text({
      current_stage: "Production",
      name: "churn",
      run_id: `'${ID}'`,
      source: "s3://bucket/model",
      version: 1,
    }),
  }],
});

const MODEL = registeredModel({
  name: "churn",
  aliases: { best: "1" },
  versions: [modelVersion({ runId: ID, stage: "Production" })],
});

Deno.test("assembleRegisteredModel() reads a model with its versions", () => {
  assertEquals(assembleRegisteredModel(MODEL_FACTS), { model: MODEL, problems: [] });
});

Deno.test("assembleRegisteredModel() goes on without what cannot be read, and says what", () => {
  const broken = {
    path: asStorePath("models/churn/version-2"),
    meta: { kind: "missing" },
  } as const;
  const facts = deepFreeze({
    ...MODEL_FACTS,
    meta: { kind: "text", text: "" } as const,
    versions: [...MODEL_FACTS.versions, broken],
  });
  assertEquals(assembleRegisteredModel(facts), {
    model: MODEL,
    problems: [
      problem({
        path: asStorePath("models/churn"),
        subject: "registry",
        damage: "empty",
        message: "No key in the file",
      }),
      problem({
        path: asStorePath("models/churn/version-2"),
        subject: "registry",
        damage: "missing",
        message: "meta.yaml does not exist",
      }),
    ],
  });
});

const partsOf = (
  { fingerprint: _, ...parts }: ReturnType<typeof snapshot>,
): SnapshotParts<"tags"> => parts;

Deno.test("assembleSnapshot() puts active experiments first, and everything in order of path", () => {
  const { experiments, orphans, strays, registeredModels, problems } = assembleSnapshot(deepFreeze({
    ...partsOf(snapshot()),
    experiments: [
      experiment({ id: "1", lifecycleStage: "deleted" }),
      experiment({ id: "3" }),
      experiment({ id: "0", lifecycleStage: "deleted" }),
      experiment({ id: "2" }),
    ],
    orphans: [orphan({ id: "1", lifecycleStage: "deleted" }), orphan({ id: "9" })],
    strays: [stray({ path: "b" }), stray({ path: "a" })],
    registeredModels: [registeredModel({ name: "b" }), registeredModel({ name: "a" })],
    problems: [problem({ path: "9" }), problem({ path: ".trash/1" })],
  }));
  assertEquals(
    [experiments, orphans, strays, registeredModels, problems].map((list) =>
      list.map(({ path }) => `${path}`)
    ),
    [
      ["2", "3", ".trash/0", ".trash/1"],
      ["9", ".trash/1"],
      ["a", "b"],
      ["models/a", "models/b"],
      [".trash/1", "9"],
    ],
  );
});

Deno.test("assembleSnapshot() says nothing of the moment or the place in the fingerprint", () => {
  const parts = partsOf(snapshot({ experiments: [experiment({ runs: [run()] })] }));
  const { fingerprint } = assembleSnapshot(deepFreeze(parts));
  assertEquals(
    assembleSnapshot(deepFreeze({ ...parts, location: "/elsewhere", readAt: NOW + 1 })).fingerprint,
    fingerprint,
  );
});

Deno.test("assembleSnapshot() changes the fingerprint with everything that a plan depends on", () => {
  const base = {
    runs: [run({ tags: { team: "vision" } }), deletedRun({ id: runId(2) })],
    damagedRuns: [damagedRun({ id: runId(3) })],
    loggedModels: [loggedModel({ id: "m-1" })],
  };
  const fingerprintWith = (
    of: Partial<Parameters<typeof snapshot>[0]>,
    experimentInit: Partial<Parameters<typeof experiment>[0]> = {},
  ): string =>
    assembleSnapshot(deepFreeze(partsOf(snapshot({
      experiments: [experiment({ ...base, ...experimentInit })],
      orphans: [orphan({ id: "7" })],
      registeredModels: [MODEL],
      ...of,
    })))).fingerprint;
  const [first, second] = base.runs;
  const fingerprints = [
    fingerprintWith({}),
    fingerprintWith({ experiments: [] }),
    fingerprintWith({}, { name: "other" }),
    fingerprintWith({}, { stamp: "other" }),
    fingerprintWith({}, { recordedStage: "deleted" }),
    fingerprintWith({}, { lastUpdateTime: NOW }),
    fingerprintWith({}, { lifecycleStage: "deleted" }),
    fingerprintWith({}, { damagedRuns: [] }),
    fingerprintWith({}, { loggedModels: [] }),
    fingerprintWith({}, { runs: [first!] }),
    ...[
      { stamp: "other" },
      { status: "RUNNING" as const },
      { lifecycleStage: "deleted" as const },
      { startTime: NOW },
      { endTime: null },
      { tags: new Map([["team", "audio"]]) },
      { tags: new Map([["team", "vision"], ["keep", ""]]) },
    ].map((change) => fingerprintWith({}, { runs: [{ ...first!, ...change }, second!] })),
    fingerprintWith({ orphans: [] }),
    fingerprintWith({ orphans: [orphan({ id: "7", stamp: "other" })] }),
    fingerprintWith({ orphans: [orphan({ id: "7", damage: "empty" })] }),
    fingerprintWith({ strays: [stray()] }),
    fingerprintWith({ registeredModels: [] }),
    fingerprintWith({ registeredModels: [registeredModel({ name: "churn" })] }),
    fingerprintWith({ registeredModels: [{ ...MODEL, aliases: new Map([["best", "2"]]) }] }),
    ...[{ runId: runId(2) }, { source: "s3://other" }, { stage: "Deleted_Internal" }].map((
      change,
    ) =>
      fingerprintWith({
        registeredModels: [
          registeredModel({
            name: "churn",
            aliases: { best: "1" },
            versions: [modelVersion({ runId: ID, stage: "Production", ...change })],
          }),
        ],
      })
    ),
    fingerprintWith({ problems: [problem()] }),
  ];
  assertEquals(new Set(fingerprints).size, fingerprints.length);
});

Deno.test("assembleSnapshot() does not mind in which order the parts were found", () => {
  fc.assert(fc.property(snapshotArbitrary({ now: NOW }), (store) => {
    const parts = partsOf(deepFreeze(store));
    const reversed = {
      ...parts,
      experiments: parts.experiments.toReversed(),
      orphans: parts.orphans.toReversed(),
      strays: parts.strays.toReversed(),
      registeredModels: parts.registeredModels.toReversed().map((model) => ({
        ...model,
        aliases: new Map([...model.aliases].toReversed()),
        versions: model.versions.toReversed(),
      })),
      problems: parts.problems.toReversed(),
    };
    assertEquals(assembleSnapshot(deepFreeze(reversed)), assembleSnapshot(parts));
    assertNotEquals(assembleSnapshot(parts).fingerprint, "");
  }));
});
