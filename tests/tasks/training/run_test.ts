// deno-lint-ignore-file no-console -- a skipped test says why.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { basename, join, relative, toFileUrl } from "@std/path";
import { readRunMeta } from "../../../lib/records/meta_record.ts";
import { LoggingError, type LogOutcome } from "../../../lib/tracking/log_outcome.ts";
import { editMetaYaml } from "../../../lib/yaml/meta_yaml.ts";
import { setupExperiment } from "../../../tasks/training/experiment.ts";
import { type ActiveRun, type RunOptions, safeRun, startRun } from "../../../tasks/training/run.ts";
import { verify } from "../../../tasks/verify.ts";
import { tempDirectory } from "../../_support/temp_directory.ts";
import { START, type TrainingStore, trainingStore } from "../../_support/training.ts";

const quiet = { warn: () => {} };

function metaOf({ read }: TrainingStore, { experimentId, id }: ActiveRun) {
  const result = readRunMeta(read(experimentId, id, "meta.yaml") ?? "");
  assert(result.ok);
  return result.meta;
}

/** Does something in a run that has ended when it returns. */
async function inRun(
  { store, experimentId }: TrainingStore,
  body: (run: ActiveRun) => Promise<void> | void,
  options: RunOptions = {},
): Promise<ActiveRun> {
  return await safeRun(store, { experimentId, ...quiet, ...options }, async (run) => {
    await body(run);
    return run;
  });
}

/** MLflow of any version opens all of it; keys that differ by case alone are worth a note, no more. */
async function assertSound({ store }: TrainingStore): Promise<void> {
  const { findings } = await verify(store);
  assertEquals(findings.filter(({ rule }) => rule !== "lookalike-keys"), []);
}

/** Outcome, key and kind of problem. */
function brief({ outcome, key, problem }: LogOutcome) {
  return [outcome, key, problem?.kind ?? null];
}

Deno.test("safeRun() ends a run FINISHED and gives what its body gives", async () => {
  await using training = await trainingStore();
  const { store, experimentId, tick, read } = training;
  const run = await safeRun(store, { experimentId, runName: "기준선", user: "kim" }, (run) => {
    assertEquals(metaOf(training, run).status, "RUNNING");
    tick(5000);
    return run;
  });
  assertEquals(metaOf(training, run), {
    runId: run.id,
    experimentId,
    name: "기준선",
    status: "FINISHED",
    lifecycleStage: "active",
    startTime: START,
    endTime: START + 5000,
    deletedTime: null,
    artifactUri: run.artifactUri,
    userId: "kim",
  });
  assertMatch(run.id, /^[0-9a-f]{32}$/);
  assertEquals(run.artifactUri, `file://${training.root}/${experimentId}/${run.id}/artifacts`);
  assertEquals(read(experimentId, run.id, "tags", "mlflow.runName"), "기준선");
  assertEquals(read(experimentId, run.id, "tags", "mlflow.user"), "kim");
  await assertSound(training);
});

Deno.test("safeRun() ends a run FAILED with the error as a tag, and throws it", async () => {
  await using training = await trainingStore();
  const { store, experimentId, read } = training;
  const boom = new TypeError("matrix is singular");
  let failed: ActiveRun | undefined;
  const caught = await assertRejects(() =>
    safeRun(store, { experimentId }, (run) => {
      failed = run;
      throw boom;
    })
  );
  assert(failed);
  assertEquals(caught, boom);
  assertEquals(metaOf(training, failed).status, "FAILED");
  assertEquals(
    read(experimentId, failed.id, "tags", "mltidy.error"),
    "TypeError: matrix is singular",
  );
});

Deno.test("safeRun() ends a run KILLED when its signal is aborted, though the body goes on", async () => {
  await using training = await trainingStore();
  const { store, experimentId } = training;
  const controller = new AbortController();
  const seen: unknown[] = [];
  let killed: ActiveRun | undefined;
  const never = Promise.withResolvers<void>();
  const running = safeRun(store, { experimentId, signal: controller.signal, ...quiet }, (run) => {
    killed = run;
    run.signal.addEventListener("abort", () => seen.push(run.signal.reason));
    queueMicrotask(() => controller.abort("enough"));
    return never.promise;
  });
  assertEquals(await running.catch((reason) => reason), "enough");
  assert(killed);
  assertEquals(seen, ["enough"]);
  assertEquals(metaOf(training, killed).status, "KILLED");
  assertEquals(brief(await killed.logMetric("late", 1)), ["not-logged", "late", "run-ended"]);
});

Deno.test("safeRun() starts nothing when its signal is aborted already", async () => {
  await using training = await trainingStore();
  const { root, store, experimentId } = training;
  const signal = AbortSignal.abort(new Error("too late"));
  await assertRejects(() => safeRun(store, { experimentId, signal }, () => {}), Error, "too late");
  assertEquals([...Deno.readDirSync(join(root, experimentId))].map(({ name }) => name), [
    "meta.yaml",
  ]);
});

Deno.test("safeRun() begins no body when its signal is aborted while the run is started", async () => {
  await using training = await trainingStore();
  const { store, experimentId } = training;
  const controller = new AbortController();
  let begun = false;
  const running = safeRun(store, {
    experimentId,
    ...quiet,
    signal: controller.signal,
    tags: {
      get first() {
        controller.abort("enough");
        return "1";
      },
    },
  }, () => {
    begun = true;
  });
  assertEquals(await running.catch((reason) => reason), "enough");
  assertEquals(begun, false);
  const { experiments } = await store.read({ depth: "meta" });
  assertEquals(
    experiments.flatMap(({ runs }) => runs.map(({ status }) => status)),
    ["KILLED"],
  );
});

Deno.test("safeRun() gives no result of a body that returns as its signal is aborted", async () => {
  await using training = await trainingStore();
  const { store, experimentId } = training;
  const controller = new AbortController();
  let killed: ActiveRun | undefined;
  const running = safeRun(store, { experimentId, ...quiet, signal: controller.signal }, (run) => {
    killed = run;
    controller.abort("enough");
    return 0.9;
  });
  assertEquals(await running.catch((reason) => reason), "enough");
  assert(killed);
  assertEquals(metaOf(training, killed).status, "KILLED");
  assertEquals(killed.signal.reason, "enough");
});

for (
  const [thrown, text] of [
    [Object.create(null), "an error without a text"],
    [Object.assign(new Error(), { message: Symbol("boom") }), "an error without a text"],
    ["out of memory", "out of memory"],
  ] as const
) {
  Deno.test(`safeRun() ends a run FAILED whatever is thrown: ${Deno.inspect(text)}`, async () => {
    await using training = await trainingStore();
    const { store, experimentId, read } = training;
    let failed: ActiveRun | undefined;
    const running = safeRun(store, { experimentId }, (run) => {
      failed = run;
      throw thrown;
    });
    assertEquals(await running.catch((error) => error === thrown), true);
    assert(failed);
    assertEquals(metaOf(training, failed).status, "FAILED");
    assertEquals(read(experimentId, failed.id, "tags", "mltidy.error"), text);
  });
}

Deno.test("startRun() ends a run FAILED that was left without end()", async () => {
  await using training = await trainingStore();
  const { store, experimentId } = training;
  const left = await (async () => {
    await using run = await startRun(store, { experimentId });
    return run;
  })();
  const ended = await (async () => {
    await using run = await startRun(store, { experimentId });
    await run.end();
    return run;
  })();
  assertEquals([metaOf(training, left).status, metaOf(training, ended).status], [
    "FAILED",
    "FINISHED",
  ]);
});

Deno.test("startRun() goes on with a run: RUNNING again, with all that it had", async () => {
  await using training = await trainingStore();
  const { root, store, experimentId, read, tick } = training;
  const first = await inRun(training, async (run) => {
    await run.logParam("lr", 0.1);
    await run.logMetric("Loss", 1);
  });
  // As MLflow 3 leaves it after an edit, and git after a clone.
  const path = join(root, experimentId, first.id, "meta.yaml");
  Deno.writeTextFileSync(path, editMetaYaml(Deno.readTextFileSync(path), { run_uuid: undefined }));
  Deno.removeSync(join(root, experimentId, first.id, "artifacts"));
  tick(1000);
  const again = await safeRun(
    store,
    { runId: first.id, runName: "again", ...quiet },
    async (run) => {
      const { status, endTime, startTime } = metaOf(training, run);
      assertEquals([status, endTime, startTime], ["RUNNING", null, START]);
      assertEquals(brief(await run.logParam("lr", 0.2)), ["not-logged", "lr", "param-conflict"]);
      assertEquals(brief(await run.logMetric("loss", 2)), ["logged", "loss", "case-collision"]);
      await run.logMetric("Loss", 0.5, { step: 1 });
      return run;
    },
  );
  assertEquals(again.id, first.id);
  assertEquals(
    read(experimentId, first.id, "metrics", "Loss"),
    `${START} 1.0 0\n${START + 1000} 0.5 1\n`,
  );
  const { name, status, endTime } = metaOf(training, again);
  assertEquals([name, status, endTime], ["again", "FINISHED", START + 1000]);
  assertMatch(read(experimentId, first.id, "meta.yaml") ?? "", /^run_uuid: /m);
  await assertSound(training);
});

Deno.test("startRun() says what is wrong with what it was asked for", async () => {
  await using training = await trainingStore();
  const { root, store, experimentId } = training;
  const reject = async (options: RunOptions, error: typeof Error, message: string) => {
    await assertRejects(() => startRun(store, options), error, message);
  };
  await reject({}, TypeError, "expected an experimentId, or a runId");
  await reject({ experimentId: "7" }, RangeError, "has no such experiment; set it up");
  await reject({ experimentId: "../7" }, RangeError, "expected the id of an experiment");
  await reject({ runId: "../0" }, RangeError, "has no such run; start a new one");
  await reject({ runId: "f".repeat(32) }, RangeError, "has no such run; start a new one");
  const run = await inRun(training, () => {});
  const path = join(root, experimentId, run.id, "meta.yaml");
  Deno.writeTextFileSync(
    path,
    editMetaYaml(Deno.readTextFileSync(path), { lifecycle_stage: "deleted" }),
  );
  await reject({ runId: run.id }, RangeError, "it is deleted; restore it");
  Deno.writeTextFileSync(path, "");
  await reject({ runId: run.id }, RangeError, "its meta.yaml is damaged");
  Deno.renameSync(join(root, experimentId), join(root, ".trash", experimentId));
  await reject({ experimentId }, RangeError, "it is deleted; set it up");
});

Deno.test("startRun() nests a run, and sets tags of its own", async () => {
  await using training = await trainingStore();
  const { experimentId, read } = training;
  const child = await inRun(training, () => {}, {
    parentRunId: "abc",
    tags: { fold: 3, ok: true },
  });
  const tag = (key: string) => read(experimentId, child.id, "tags", key);
  assertEquals([tag("mlflow.parentRunId"), tag("fold"), tag("ok")], ["abc", "3", "True"]);
});

Deno.test("logging has an answer to every key and value", async () => {
  await using training = await trainingStore();
  const { experimentId, read } = training;
  const long = "긴".repeat(6001);
  const outcomes: LogOutcome[] = [];
  const run = await inRun(training, async (run) => {
    outcomes.push(
      await run.logParam("lr", 0.1),
      await run.logParam("lr", "0.1"),
      await run.logParam("lr", 0.2),
      await run.logParam("lr/decay", 1),
      await run.logParam("LR", 1),
      await run.logParam("long", long),
      await run.logParam("bad~", 1),
      await run.logParam("none", null),
      await run.logParam("layers", [64, 32]),
      await run.logParam("function", (() => 1) as never),
      await run.logMetric("f1", NaN),
      await run.logMetric("f1", Infinity, { step: -1, timestamp: 17 }),
      await run.logMetric("f1", "0.5" as never),
      await run.logMetric("f1/macro", 1),
      await run.logMetric("x", 1, { step: 0.5 }),
      await run.setTag("note", "둘\n줄 "),
      await run.setTag("note", "new"),
      await run.setTag("note", "new"),
      await run.setTag("mlflow.runName", "renamed"),
    );
  });
  assertEquals(outcomes.map(brief), [
    ["logged", "lr", null],
    ["unchanged", "lr", null],
    ["not-logged", "lr", "param-conflict"],
    ["not-logged", "lr/decay", "key-collision"],
    ["logged", "LR", "case-collision"],
    ["logged", "long", "truncated"],
    ["not-logged", "bad~", "bad-key"],
    ["logged", "none", null],
    ["logged", "layers", null],
    ["not-logged", "function", "bad-value"],
    ["logged", "f1", null],
    ["logged", "f1", null],
    ["not-logged", "f1", "bad-value"],
    ["not-logged", "f1/macro", "key-collision"],
    ["logged", "x", "rounded"],
    ["logged", "note", null],
    ["logged", "note", null],
    ["unchanged", "note", null],
    ["logged", "mlflow.runName", null],
  ]);
  const file = (...path: readonly string[]) => read(experimentId, run.id, ...path);
  assertEquals(
    [
      file("params", "lr"),
      file("params", "LR"),
      file("params", "long"),
      file("params", "none"),
      file("params", "layers"),
      file("metrics", "f1"),
      file("metrics", "x"),
      file("tags", "note"),
      file("tags", "mltidy.param_conflict.lr"),
      file("tags", "mlflow.runName"),
      metaOf(training, run).name,
    ],
    [
      "0.1",
      "1",
      "긴".repeat(6000),
      "None",
      "[64,32]",
      `${START} nan 0\n17 inf -1\n`,
      `${START} 1.0 0\n`,
      "new",
      "0.2",
      "renamed",
      "renamed",
    ],
  );
  assertEquals(run.problems.map(({ kind, key, count }) => [kind, key, count]), [
    ["param-conflict", "lr", 1],
    ["key-collision", "lr/decay", 1],
    ["case-collision", "LR", 1],
    ["truncated", "long", 1],
    ["bad-key", "bad~", 1],
    ["bad-value", "function", 1],
    ["bad-value", "f1", 1],
    ["key-collision", "f1/macro", 1],
    ["rounded", "x", 1],
  ]);
  await assertSound(training);
});

Deno.test("logging answers programs without types, whatever they pass", async () => {
  await using training = await trainingStore();
  const { outside, experimentId, read } = training;
  const file = join(outside, "with space.txt");
  Deno.writeTextFileSync(file, "text");
  const hostile = { toString: null, [Symbol.toPrimitive]: null };
  const outcomes: LogOutcome[] = [];
  const run = await inRun(training, async (typed) => {
    // deno-lint-ignore no-explicit-any -- such programs are in JavaScript.
    const run = typed as any;
    for (const nothing of [undefined, null, 5, "text", new Map(), [1]]) {
      outcomes.push(...await run.logParams(nothing), ...await run.setTags(nothing));
    }
    for (const nothing of [undefined, null, 5, "text", new Map(), [null]]) {
      outcomes.push(...await run.logMetrics(nothing));
    }
    for (const key of [undefined, null, 5, Symbol("key"), 1n, hostile]) {
      outcomes.push(
        await run.logParam(key, 1),
        await run.logMetric(key, 1),
        await run.setTag(key, 1),
      );
      outcomes.push(
        await run.logArtifact(key),
        await run.logText("", key),
        await run.logInput(key),
      );
    }
    outcomes.push(
      await run.logArtifact(new URL("https://example.org/a.txt")),
      await run.logArtifact(file, hostile),
      await run.logText(5, "a.txt"),
      await run.logBytes("text", "a.txt"),
      await run.logInput({ name: 5, digest: "b", sourceType: "local", source: "" }),
      await run.logInput({ name: "a", digest: "b", sourceType: "local" }),
      await run.logInput({ name: "a", digest: "b", sourceType: "local", source: "" }, { tags: 5n }),
    );
    const { length } = outcomes;
    assertEquals(outcomes.filter(({ outcome }) => outcome !== "not-logged").map(brief), [
      ["logged", "a", null],
    ]);
    outcomes.length = 0;
    assertEquals(length, 12 + 6 + 36 + 7);
    outcomes.push(
      await run.logMetric("k", 1, null),
      await run.logArtifact(toFileUrl(file)),
    );
  });
  assertEquals(outcomes.map(brief), [["logged", "k", null], ["logged", "with space.txt", null]]);
  assertEquals(read(experimentId, run.id, "artifacts", "with space.txt"), "text");
  assertEquals(metaOf(training, run).status, "FINISHED");
  await assertSound(training);
});

Deno.test("logging stores what Python reads: line feeds, and numbers that JSON has not", async () => {
  await using training = await trainingStore();
  const { root, experimentId, read } = training;
  const run = await inRun(training, async (run) => {
    await run.logParam("query", "select 1\r\nfrom a\r");
    await run.logParam("range", [NaN, { to: [Infinity, -Infinity] }, 1]);
    await run.setTag("note", "a\r\nb");
    Deno.writeTextFileSync(join(root, experimentId, run.id, "params", "old"), "a\r\nb");
    assertEquals(brief(await run.logParam("old", "a\r\nb")), ["unchanged", "old", null]);
    Deno.removeSync(join(root, experimentId, run.id, "params", "old"));
  });
  assertEquals(
    [["params", "query"], ["params", "range"], ["tags", "note"]].map((path) =>
      read(experimentId, run.id, ...path)
    ),
    ["select 1\nfrom a\n", '["nan",{"to":["inf","-inf"]},1]', "a\nb"],
  );
  await assertSound(training);
});

Deno.test("logging knows a key that the file system takes for another", async () => {
  await using training = await trainingStore();
  const { root, experimentId, read } = training;
  await inRun(training, async (run) => {
    await run.logMetric("acc", 1);
    const metrics = join(root, experimentId, run.id, "metrics");
    // What a file system without upper and lower case would show.
    Deno.linkSync(join(metrics, "acc"), join(metrics, "Acc"));
    assertEquals(brief(await run.logMetric("Acc", 2)), ["not-logged", "Acc", "key-collision"]);
    assertEquals(read(experimentId, run.id, "metrics", "acc"), `${START} 1.0 0\n`);
  });
});

Deno.test("logMetrics() appends the points of one metric together, and answers each", async () => {
  await using training = await trainingStore();
  const { experimentId, read } = training;
  const run = await inRun(training, async (run) => {
    const outcomes = await run.logMetrics([
      { key: "a", value: 1, step: 1 },
      { key: "b", value: 2 },
      { key: "a", value: 3, step: 2 },
      { key: "a", value: null as never },
      { key: "b~", value: 4 },
      { key: "b", value: 5, step: 1.5 },
    ], { timestamp: 17 });
    assertEquals(outcomes.map(brief), [
      ["logged", "a", null],
      ["logged", "b", null],
      ["logged", "a", null],
      ["not-logged", "a", "bad-value"],
      ["not-logged", "b~", "bad-key"],
      ["logged", "b", "rounded"],
    ]);
    assertEquals((await run.logMetrics({ a: 9, c: 1 }, { step: 3 })).map(brief), [
      ["logged", "a", null],
      ["logged", "c", null],
    ]);
  });
  assertEquals(
    ["a", "b", "b~", "c"].map((key) => read(experimentId, run.id, "metrics", key)),
    [`17 1.0 1\n17 3.0 2\n${START} 9.0 3\n`, "17 2.0 0\n17 5.0 1\n", null, `${START} 1.0 3\n`],
  );
});

Deno.test("artifacts are copied whole, directories with all that is in them", async () => {
  await using training = await trainingStore();
  const { outside, experimentId, read } = training;
  Deno.mkdirSync(join(outside, "plots", "deep"), { recursive: true });
  Deno.writeTextFileSync(join(outside, "plots", "a.svg"), "<svg/>");
  Deno.writeTextFileSync(join(outside, "plots", "deep", "b.svg"), "<svg />");
  Deno.symlinkSync("..", join(outside, "plots", "deep", "loop"));
  const run = await inRun(training, async (run) => {
    const outcomes = [
      await run.logArtifact(join(outside, "plots")),
      await run.logArtifact(join(outside, "plots", "a.svg"), "figures/one"),
      await run.logText("accuracy: 0.9\n", "요약.txt"),
      await run.logText("accuracy: 1\n", "요약.txt"),
      await run.logDict({ depth: 3 }, "config.json"),
      await run.logBytes(new Uint8Array([0, 255]), "bin/model"),
      await run.logText("", "요약.txt/more"),
      await run.logText("", "../escape"),
      await run.logArtifact(join(outside, "nothing")),
      await run.logDict(1n, "big.json"),
    ];
    assertEquals(outcomes.map(brief), [
      ["logged", "plots", null],
      ["logged", "figures/one/a.svg", null],
      ["logged", "요약.txt", null],
      ["logged", "요약.txt", null],
      ["logged", "config.json", null],
      ["logged", "bin/model", null],
      ["not-logged", "요약.txt/more", "key-collision"],
      ["not-logged", "../escape", "artifact"],
      ["not-logged", "nothing", "artifact"],
      ["not-logged", "big.json", "bad-value"],
    ]);
  });
  const artifact = (...path: readonly string[]) => read(experimentId, run.id, "artifacts", ...path);
  assertEquals(
    [
      artifact("plots", "a.svg"),
      artifact("plots", "deep", "b.svg"),
      artifact("plots", "deep", "loop", "a.svg"),
      artifact("figures", "one", "a.svg"),
      artifact("요약.txt"),
      artifact("config.json"),
    ],
    ["<svg/>", "<svg />", null, "<svg/>", "accuracy: 1\n", '{\n  "depth": 3\n}'],
  );
});

Deno.test("artifacts that hold the run are copied without the run's own", async () => {
  await using training = await trainingStore();
  const { root, outside, experimentId, read } = training;
  Deno.writeTextFileSync(join(outside, "code.py"), "print()");
  const run = await inRun(training, async (run) => {
    for (let times = 0; times < 2; times++) {
      const { outcome } = await run.logArtifact(outside, "all");
      assertEquals(outcome, "logged");
    }
  });
  const copied = join(root, experimentId, run.id, "artifacts", "all", basename(outside));
  assertEquals([...Deno.readDirSync(copied)].map(({ name }) => name).sort(), ["code.py", "mlruns"]);
  const inCopy = join(copied, "mlruns", experimentId, run.id);
  assertEquals(
    read(experimentId, run.id, "tags", "mlflow.user"),
    Deno.readTextFileSync(join(inCopy, "tags", "mlflow.user")),
  );
  assertEquals([...Deno.readDirSync(inCopy)].some(({ name }) => name === "artifacts"), false);
});

Deno.test({
  name: "artifacts that cannot be copied are named, and never waited for",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using training = await trainingStore();
    const { root, outside, experimentId, read } = training;
    const at = (...path: readonly string[]) => join(outside, "plots", ...path);
    Deno.mkdirSync(at("empty"), { recursive: true });
    Deno.writeTextFileSync(at("a.svg"), "<svg/>");
    Deno.symlinkSync("gone", at("link"));
    new Deno.Command("mkfifo", { args: [at("pipe")] }).outputSync();
    const outcomes: LogOutcome[] = [];
    const run = await inRun(training, async (run) => {
      for (const path of [at(), at("pipe"), "/dev/null", at("empty")]) {
        outcomes.push(await run.logArtifact(path));
      }
    });
    assertEquals(outcomes.map(brief), [
      ["not-logged", "plots", "artifact"],
      ["not-logged", "pipe", "artifact"],
      ["not-logged", "null", "artifact"],
      ["logged", "empty", null],
    ]);
    const why = outcomes.map(({ problem }) => problem?.message.replace(/^.*?: could/, "could"));
    assertEquals(why[0]?.replace("could not copy ", "").split("; ").sort(), [
      `${at("link")}: No such file or directory`,
      `${at("pipe")}: it is no file and no directory`,
    ]);
    assertEquals(why.slice(1, 3), [
      `could not copy ${at("pipe")}: it is no file and no directory`,
      "could not copy /dev/null: it is no file and no directory",
    ]);
    assertEquals(read(experimentId, run.id, "artifacts", "plots", "a.svg"), "<svg/>");
    for (const folder of ["plots/empty", "empty"]) {
      const made = join(root, experimentId, run.id, "artifacts", folder);
      assertEquals(Deno.statSync(made).isDirectory, true);
    }
  },
});

Deno.test("artifacts go where the experiment says, and nowhere if that is a server", async () => {
  await using training = await trainingStore();
  const { store, outside } = training;
  const artifactLocation = join(outside, "else where");
  const local = await setupExperiment(store, "local", { artifactLocation });
  const run = await inRun(training, async (run) => {
    assertEquals(brief(await run.logText("here", "a/b.txt")), ["logged", "a/b.txt", null]);
  }, local);
  assertEquals(
    Deno.readTextFileSync(join(artifactLocation, run.id, "artifacts", "a", "b.txt")),
    "here",
  );
  const remote = await setupExperiment(store, "remote", { artifactLocation: "s3://bucket/x?y=z" });
  await inRun(training, async (run) => {
    assertEquals(run.artifactUri, `s3://bucket/x/${run.id}/artifacts?y=z`);
    assertEquals(brief(await run.logText("", "a.txt")), ["not-logged", "a.txt", "artifact"]);
  }, remote);
});

Deno.test("artifacts of a run whose URI is relative go where MLflow looks for them", async () => {
  await using training = await trainingStore();
  const { root, outside, experimentId, store } = training;
  const { id } = await inRun(training, () => {});
  const path = join(root, experimentId, id, "meta.yaml");
  const uri = `file:${relative(Deno.cwd(), outside)}/else%20where`;
  Deno.writeTextFileSync(path, editMetaYaml(Deno.readTextFileSync(path), { artifact_uri: uri }));
  await safeRun(store, { runId: id, ...quiet }, async (run) => {
    assertEquals(brief(await run.logText("here", "a.txt")), ["logged", "a.txt", null]);
  });
  assertEquals(Deno.readTextFileSync(join(outside, "else where", "a.txt")), "here");
});

Deno.test("artifacts appear whole on another disk as well", async (context) => {
  await using training = await trainingStore();
  await using disk = await tempDirectory();
  if (Deno.statSync(disk.path).dev === Deno.statSync(training.root).dev) {
    return console.error("Skipped: there is no place in memory, so no other disk");
  }
  const source = join(training.outside, "model.bin");
  Deno.writeTextFileSync(source, "new");
  for (const fsync of ["always", "end"] as const) {
    await context.step(`fsync: ${fsync}`, async () => {
      const artifactLocation = join(disk.path, fsync);
      const { experimentId } = await setupExperiment(training.store, fsync, { artifactLocation });
      const run = await inRun(training, async (run) => {
        const artifacts = join(artifactLocation, run.id, "artifacts");
        const earlier = (name: string) => join(disk.path, `${fsync} ${name}`);
        const names = ["model.bin", "note.txt"];
        Deno.mkdirSync(artifacts, { recursive: true });
        for (const name of names) {
          Deno.writeTextFileSync(join(artifacts, name), "old");
          Deno.linkSync(join(artifacts, name), earlier(name));
        }
        Deno.mkdirSync(join(artifacts, "folder"));
        const outcomes = [
          await run.logArtifact(source),
          await run.logText("new", "note.txt"),
          await run.logText("new", "folder"),
        ];
        assertEquals(outcomes.map(brief), [
          ["logged", "model.bin", null],
          ["logged", "note.txt", null],
          ["not-logged", "folder", "key-collision"],
        ]);
        assertEquals(names.map((name) => Deno.readTextFileSync(join(artifacts, name))), [
          "new",
          "new",
        ]);
        assertEquals(names.map((name) => Deno.readTextFileSync(earlier(name))), ["old", "old"]);
        assertEquals([...Deno.readDirSync(artifacts)].map(({ name }) => name).sort(), [
          "folder",
          ...names,
        ]);
      }, { experimentId, fsync });
      assertEquals(run.problems.length, 1);
    });
  }
  assertEquals([...Deno.readDirSync(join(training.root, ".mltidy.trash", "writing"))], []);
});

Deno.test("logInput() writes a dataset once, and refuses what MLflow would", async () => {
  await using training = await trainingStore();
  const { root, experimentId } = training;
  const iris = { name: "iris", digest: "0123", sourceType: "local", source: "{}" };
  await inRun(training, async (run) => {
    const outcomes = [
      await run.logInput(iris, { context: "train" }),
      await run.logInput(iris, { context: "test" }),
      await run.logInput({ ...iris, digest: "" }),
      await run.logInput({ ...iris, digest: "d".repeat(37) }),
      await run.logInput(iris, { tags: { a: "b".repeat(501) } }),
    ];
    assertEquals(outcomes.map(({ outcome, problem }) => [outcome, problem?.kind]), [
      ["logged", undefined],
      ["unchanged", undefined],
      ["not-logged", "bad-value"],
      ["not-logged", "bad-value"],
      ["not-logged", "bad-value"],
    ]);
  });
  // The MD5 of its name and digest, by which MLflow calls it, too.
  assertEquals(
    [...Deno.readDirSync(join(root, experimentId, "datasets"))].map(({ name }) => name),
    ["d9a312dd5f1a1d10c5e9085c881ca4e3"],
  );
});

Deno.test("a run tells the first problem of each kind, and at its end how many there were", async () => {
  await using training = await trainingStore();
  const { store, experimentId } = training;
  const told: string[] = [];
  const options = { experimentId, runName: "noisy", warn: (message: string) => told.push(message) };
  const { id } = await safeRun(store, options, async (run) => {
    for (let count = 0; count < 3; count++) await run.logMetric(`a${count}~`, 1);
    await run.logMetric("a", "x" as never);
    return run;
  });
  assertEquals(told, [
    'Cannot log metric "a0~": expected letters, digits, _ - . : / and spaces only' +
    " (bad-key: told once, then only counted)",
    'Cannot log metric "a": expected a number, found x (bad-value: told once, then only counted)',
    `Run noisy (${id}) ended FINISHED; 4 problems: 3 bad-key, 1 bad-value`,
  ]);
});

Deno.test("a run always tells that its end cannot be recorded", async () => {
  await using training = await trainingStore();
  const { root, store, experimentId } = training;
  const told: string[] = [];
  const options = { experimentId, runName: "lost", warn: (message: string) => told.push(message) };
  const { id } = await safeRun(store, options, async (run) => {
    Deno.removeSync(join(root, experimentId, run.id), { recursive: true });
    await run.logMetric("loss", 1);
    return run;
  });
  assertEquals(told.length, 2);
  assertMatch(told[0] ?? "", /^Cannot log metric "loss": /);
  assertEquals(
    told[1],
    `Cannot record that run lost (${id}) ended FINISHED: No such file or directory` +
      "; 2 problems: 2 write-failed",
  );
});

Deno.test("a run shows the beginning of values that are long, and no half of a character", async () => {
  await using training = await trainingStore();
  await inRun(training, async (run) => {
    const face = "\u{1f600}";
    await run.logParam("depth", `a${face.repeat(100)}`);
    const { problem } = await run.logParam("depth", `b${face.repeat(100)}`);
    const shown = face.repeat(59);
    assertEquals(
      problem?.message,
      `Cannot log parameter "depth": the first value "a${shown}"… stays, not "b${shown}"…`,
    );
  });
});

Deno.test("a broken logger does not stop the training", async () => {
  await using training = await trainingStore();
  const warn = () => {
    throw new Error("logger is gone");
  };
  const run = await inRun(training, async (run) => void await run.logMetric("a~", 1), { warn });
  assertEquals(metaOf(training, run).status, "FINISHED");
});

Deno.test("a strict run throws what is not logged, and fails with it", async () => {
  await using training = await trainingStore();
  const { store, experimentId, read } = training;
  let strict: ActiveRun | undefined;
  const error = await assertRejects(
    () =>
      safeRun(store, { experimentId, strict: true, ...quiet }, async (run) => {
        strict = run;
        await run.logParam("depth", 3);
        await run.logParam("depth", 5);
      }),
    LoggingError,
    'Cannot log parameter "depth": the first value "3" stays, not "5"',
  );
  assert(strict);
  assertEquals(error.problem.kind, "param-conflict");
  assertEquals(metaOf(training, strict).status, "FAILED");
  assertEquals(read(experimentId, strict.id, "tags", "mltidy.param_conflict.depth"), "5");
});

Deno.test("what nobody waited for is logged before the run ends", async () => {
  await using training = await trainingStore();
  const { store, experimentId, read } = training;
  const run = await startRun(store, { experimentId, ...quiet });
  void run.logParam("depth", 3);
  void run.logMetric("f1", 0.5, { step: 1, timestamp: 17 });
  void run.logText("note", "note.txt");
  await run.end();
  assertEquals(
    [["params", "depth"], ["metrics", "f1"], ["artifacts", "note.txt"]].map((path) =>
      read(experimentId, run.id, ...path)
    ),
    ["3", "17 0.5 1\n", "note"],
  );
  assertEquals(run.problems, []);
});

Deno.test("a run whose directory is gone logs nothing and makes no empty shell of itself", async () => {
  await using training = await trainingStore();
  const { root, outside, experimentId } = training;
  const run = await inRun(training, async (run) => {
    Deno.renameSync(join(root, experimentId, run.id), join(outside, "moved"));
    const outcomes = [
      await run.logMetric("a/b", 1),
      await run.logParam("a", 1),
      await run.setTag("a", 1),
      await run.logText("", "a.txt"),
    ];
    assertEquals(new Set(outcomes.map(({ outcome }) => outcome)), new Set(["not-logged"]));
  });
  assertEquals(run.problems.at(-1)?.key, "status");
  assertEquals([...Deno.readDirSync(join(root, experimentId))].map(({ name }) => name), [
    "meta.yaml",
  ]);
  assertEquals([...Deno.readDirSync(join(root, ".mltidy.trash", "writing"))], []);
});

Deno.test("the end is recorded although the run's meta.yaml was damaged meanwhile", async () => {
  await using training = await trainingStore();
  const { root, experimentId } = training;
  for (const damage of ["", "name: [", "status: 1\n"]) {
    const run = await inRun(training, (run) => {
      Deno.writeTextFileSync(join(root, experimentId, run.id, "meta.yaml"), damage);
    });
    assertEquals(metaOf(training, run).status, "FINISHED");
  }
});

Deno.test("the end keeps what MLflow has changed meanwhile", async () => {
  await using training = await trainingStore();
  const { root, experimentId } = training;
  const run = await inRun(training, (run) => {
    const path = join(root, experimentId, run.id, "meta.yaml");
    const changes = { run_name: "renamed in MLflow", unknown: "kept" };
    Deno.writeTextFileSync(path, editMetaYaml(Deno.readTextFileSync(path), changes));
  });
  assertEquals(metaOf(training, run).name, "renamed in MLflow");
  assertMatch(training.read(experimentId, run.id, "meta.yaml") ?? "", /^unknown: kept$/m);
});

for (const fsync of ["always", "end", "never"] as const) {
  Deno.test(`everything can be logged with fsync: ${fsync}`, async () => {
    await using training = await trainingStore();
    const run = await inRun(training, async (run) => {
      const outcomes = [
        await run.logParam("a/b", 1),
        await run.logMetric("a/b", 1),
        await run.logMetric("a/b", 2),
        await run.setTag("a/b", 1),
        await run.logText("x", "a/b.txt"),
        await run.logArtifact(join(training.root, "0", "meta.yaml")),
        await run.logInput({ name: "a", digest: "b", sourceType: "local", source: "" }),
      ];
      assertEquals(outcomes.filter(({ outcome }) => outcome !== "logged"), []);
    }, { fsync });
    assertEquals([metaOf(training, run).status, run.problems], ["FINISHED", []]);
    await assertSound(training);
  });
}
