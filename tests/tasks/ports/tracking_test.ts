/**
 * What holds between processes that train into one store at once.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { days } from "../../../lib/text/units.ts";
import { cleanup } from "../../../tasks/cleanup.ts";
import { openStore } from "../../../tasks/open_store.ts";
import type { ExperimentSetup } from "../../../tasks/ports/tracking.ts";
import { preflight } from "../../../tasks/preflight.ts";
import { setupExperiment } from "../../../tasks/training/experiment.ts";
import { safeRun } from "../../../tasks/training/run.ts";
import { verify } from "../../../tasks/verify.ts";
import { depth, isLong } from "../../_support/depth.ts";
import { trainInProcesses } from "../../_support/train_in_processes.ts";
import { trainingStore } from "../../_support/training.ts";

/** To start one takes longer than what it does. */
const PROCESSES = isLong ? 8 : 4;

Deno.test("processes put many runs each into one experiment, and nothing is lost", async () => {
  await using training = await trainingStore();
  const { root, store } = training;
  const setups = await trainInProcesses<ExperimentSetup & { readonly ids: readonly string[] }>({
    processes: PROCESSES,
    root,
    body: `
      const setup = await setupExperiment(store, "race");
      const ids = [];
      for (let count = 0; count < ${depth(40, 200)}; count++) {
        const options = { experimentId: setup.experimentId, fsync: "never", strict: true };
        ids.push(await safeRun(store, options, async (run) => {
          await run.logParam("number", number);
          await run.logMetric("count", count);
          return run.id;
        }));
      }
      return { ...setup, ids };`,
  });
  assertEquals(new Set(setups.map(({ experimentId }) => experimentId)).size, 1);
  assertEquals(setups.filter(({ outcome }) => outcome === "created").length, 1);
  const snapshot = await store.read({ depth: "tags" });
  const runs = snapshot.experiments.find(({ name }) => name === "race")?.runs ?? [];
  assertEquals(
    runs.map(({ id }) => id as string).sort(),
    setups.flatMap(({ ids }) => ids).sort(),
  );
  assertEquals(new Set(runs.map(({ status }) => status)), new Set(["FINISHED"]));
  assertEquals((await verify(store)).findings, []);
});

Deno.test("processes log to one run, and no point is lost or torn", async () => {
  await using training = await trainingStore();
  const { root, store, experimentId, read } = training;
  const STEPS = depth(400, 2000);
  const id = await safeRun(store, { experimentId }, async (run) => {
    const firsts = await trainInProcesses<readonly string[]>({
      processes: PROCESSES,
      root,
      body: `
        const options = { runId: ${JSON.stringify(run.id)}, fsync: "never", warn: () => {} };
        const run = await startRun(store, options);
        const first = (await run.logParam("first", number)).outcome;
        await run.setTag("last", "x".repeat(number + 1));
        for (let step = 0; step < ${STEPS}; step++) {
          await run.logMetric("shared", number + step / 1e4, { step, timestamp: number });
          if (step % ${STEPS / 4} === 0) {
            await run.logMetrics(Array.from({ length: 1000 }, (_, index) => (
              { key: "batch", value: number, step: index, timestamp: step }
            )));
          }
        }
        return first;`,
    });
    assertEquals(firsts.filter((outcome) => String(outcome) === "logged").length, 1);
    return run.id;
  });
  const file = (...path: readonly string[]) => read(experimentId, id, ...path) ?? "";
  const wanted = Array.from({ length: PROCESSES * STEPS }, (_, index) => {
    const [number, step] = [Math.floor(index / STEPS), index % STEPS];
    return `${number} ${number + step / 1e4} ${step}`;
  });
  const lines = (key: string) => file("metrics", key).split("\n");
  // Python writes whole floats with a point.
  assertEquals(
    lines("shared").map((line) => line.replace(".0 ", " ")).sort(),
    ["", ...wanted].sort(),
  );
  assertEquals(lines("batch").length, PROCESSES * 4 * 1000 + 1);
  assertEquals(lines("batch").filter((line) => !/^\d+ \d\.0 \d+$|^$/.test(line)), []);
  assert(/^[0-7]$/.test(file("params", "first")));
  assert(/^x{1,8}$/.test(file("tags", "last")));
});

Deno.test("a training that is killed leaves a run RUNNING and nothing else amiss; preflight ends it", async () => {
  await using training = await trainingStore();
  const { root, experimentId } = training;
  await assertRejects(
    () =>
      trainInProcesses({
        processes: 1,
        root,
        body: `
          const run = await startRun(store, { experimentId: ${JSON.stringify(experimentId)} });
          for (let step = 0; step < 50; step++) await run.logMetric("loss", 1 / step, { step });
          await run.logParam("rate", 0.1);
          Deno.kill(Deno.pid, "SIGKILL");
          await new Promise(() => {});`,
      }),
    Error,
    "Process 0 failed",
  );
  let now = Date.now();
  await using store = await openStore(root, { now: () => now });
  const runs = async () =>
    (await store.read({ depth: "meta" })).experiments.flatMap((one) => one.runs);
  const status = async () => (await runs()).map((run) => run.status);
  assertEquals([await status(), (await verify(store)).findings], [["RUNNING"], []]);
  now += days(8);
  assertEquals((await verify(store)).findings.map(({ rule }) => rule), ["stale-run"]);
  const { ready } = await preflight(store);
  assertEquals([ready, await status(), (await verify(store)).findings], [true, ["FAILED"], []]);
  const [run] = await runs();
  assertEquals(training.read(experimentId, run?.id ?? "", "metrics/loss")?.split("\n").length, 51);
});

Deno.test("training goes on while clean-ups are applied, and neither waits for the other", async () => {
  await using training = await trainingStore();
  const { root } = training;
  // By the same clock as the processes.
  await using store = await openStore(root);
  let cleaning = true;
  const clean = async () => {
    let cleanups = 0;
    for (; cleaning; cleanups++) {
      const orphan = join(root, `${9000 + cleanups}`);
      Deno.mkdirSync(orphan);
      Deno.utimeSync(orphan, 1e9, 1e9);
      const { report } = await cleanup(store, { apply: true });
      assertEquals(report?.outcomes.map(({ outcome }) => outcome), ["applied"]);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return cleanups;
  };
  const train = async () => {
    try {
      return await trainInProcesses<number>({
        processes: 2,
        root,
        body: `
          for (let count = 0; count < ${depth(30, 100)}; count++) {
            const { experimentId } = await setupExperiment(store, "busy " + count % 10);
            await safeRun(store, { experimentId, strict: true }, (run) => run.logMetric("a", 1));
          }
          return ${depth(30, 100)};`,
      });
    } finally {
      cleaning = false;
    }
  };
  const [counts, cleanups] = await Promise.all([train(), clean()]);
  assert(cleanups > 1);
  const { experiments } = await store.read({ depth: "meta" });
  assertEquals(
    experiments.reduce((sum, { runs }) => sum + runs.length, 0),
    counts.reduce((sum, count) => sum + count, 0),
  );
  assertEquals((await setupExperiment(store, "busy 0")).outcome, "reused");
  assertEquals((await verify(store)).findings, []);
});
