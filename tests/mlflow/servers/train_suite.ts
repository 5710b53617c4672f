/**
 * Training into real tracking servers.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { recover } from "mltidy";
import { safeRun, setupExperiment } from "mltidy/train";
import { type Fault, forwardTo, startFaultProxy } from "../../_support/fault_proxy.ts";
import { memoryDirectory } from "../../_support/temp_directory.ts";
import { openAs, type Subject } from "./change_suite.ts";
import { type Asker, askerOf } from "./fill_server.ts";

const STEPS = 1500;

/** What fails at a request of the training: it goes on, and the server has all of it in the end. */
const FAULTS: readonly (readonly [at: number, fault: Fault])[] = [
  [1, "lost-answer"],
  [1, "lost-in-500"],
  [1, "gone"],
  [2, "half"],
  [3, "gone-after"],
  [4, "503"],
];

/**
 * Trains into a server, also one that fails meanwhile, and looks at what MLflow says of it.
 *
 * @param subject The server.
 */
export async function trainOver({ uri, backend }: Subject): Promise<void> {
  const ask = askerOf(uri);
  await using directory = await memoryDirectory();
  await using proxy = startFaultProxy(forwardTo(uri));
  await using store = await openAs(proxy.uri, directory.path);
  const made = await setupExperiment(store, "train over it", { tags: { team: "growth" } });
  assertEquals(made.outcome, "created");
  const { experimentId } = made;
  assertEquals(await setupExperiment(store, "train over it"), { ...made, outcome: "reused" });

  const train = async (runName: string) => {
    const warned: string[] = [];
    const warn = (message: string) => void warned.push(message);
    await safeRun(store, { experimentId, runName, warn }, async (run) => {
      await run.logParams({ lr: 0.1, depth: 3 });
      assertEquals((await run.logParam("lr", 0.2)).problem?.kind, "param-conflict");
      await run.logMetrics(
        Array.from({ length: STEPS }, (_, step) => ({ key: "loss", value: step / 8, step })),
      );
      await run.logMetrics({ none: NaN, most: Infinity });
      await run.setTag("mlflow.runName", `${runName}!`);
      await run.logText("é\n", "data/a b+é.txt");
      await run.logInput({ name: "iris", digest: "0123", sourceType: "local", source: "{}" });
    });
    return warned;
  };
  assertEquals((await train("whole")).filter((one) => !one.includes("param-conflict")), []);
  for (const [at, fault] of FAULTS) {
    proxy.fail(at, fault);
    await train(`${fault} ${at}`);
    assert(proxy.hasFailed(), fault);
    proxy.fail(null);
    await recover(store);
  }
  const runs = await runsOf(ask, experimentId);
  assertEquals(
    runs.map(({ info }) => info.run_name),
    ["whole!", ...FAULTS.map(([at, fault]) => `${fault} ${at}!`)].toSorted(),
  );
  for (const run of runs) await checkRun(ask, run);

  const { experimentId: other } = await setupExperiment(store, "train with NUL");
  const warn = () => {};
  await safeRun(store, { experimentId: other, runName: "a\0b", warn }, async (run) => {
    await run.logParam("nul", "a\0b");
    await run.setTag("nul", "a\0b");
    await run.logInput({ name: "a\0b", digest: "0123", sourceType: "local", source: "{}" });
    await run.logMetric("after", 1);
  });
  const [run, ...more] = await runsOf(ask, other);
  const hasNul = !backend.startsWith("postgresql:");
  assertEquals([more.length, run?.info.status, run?.info.run_name === "a\0b"], [
    ...[0, "FINISHED", hasNul],
  ]);
  assertEquals(run?.data.metrics.map(({ key, value }) => `${key}=${value}`), ["after=1"]);
  assertEquals(run?.data.params?.map(({ value }) => value), hasNul ? ["a\0b"] : undefined);
  assertEquals((await recover(store)).remains, []);

  await ask("POST", "experiments/delete", { experiment_id: other });
  await ask("POST", "experiments/delete", { experiment_id: experimentId });
  const restored = await setupExperiment(store, "train over it");
  assertEquals(restored, { experimentId, outcome: "restored" });
  await ask("POST", "experiments/delete", { experiment_id: experimentId });
}

interface Told {
  readonly info: {
    readonly run_id: string;
    readonly run_name: string;
    readonly status: string;
    readonly end_time: number;
  };
  readonly data: {
    readonly params?: readonly { readonly key: string; readonly value: string }[];
    readonly metrics: readonly { readonly key: string; readonly value: number | string }[];
  };
  readonly inputs: {
    readonly dataset_inputs: readonly { readonly dataset: { readonly name: string } }[];
  };
}

async function runsOf(ask: Asker, experiment: string): Promise<readonly Told[]> {
  const { body } = await ask("POST", "runs/search", {
    experiment_ids: [experiment],
    run_view_type: "ACTIVE_ONLY",
    max_results: 100,
  });
  const { runs } = body as unknown as { readonly runs: readonly Told[] };
  return runs.toSorted((one, other) => one.info.run_name < other.info.run_name ? -1 : 1);
}

async function checkRun(ask: Asker, { info, data, inputs }: Told): Promise<void> {
  const { run_id, run_name, status, end_time } = info;
  assertEquals([status, end_time > 0], ["FINISHED", true], run_name);
  assertEquals(
    data.params?.map(({ key, value }) => `${key}=${value}`).toSorted(),
    ["depth=3", "lr=0.1"],
    run_name,
  );
  assertEquals(
    data.metrics.map(({ key, value }) => `${key}=${value}`).toSorted(),
    [`loss=${(STEPS - 1) / 8}`, "most=1.7976931348623157e+308", "none=NaN"],
    run_name,
  );
  assertEquals(inputs.dataset_inputs.map(({ dataset }) => dataset.name), ["iris"], run_name);
  const history = await ask("GET", "metrics/get-history", { run_id, metric_key: "loss" });
  const { metrics } = history.body as unknown as { readonly metrics: readonly unknown[] };
  assertEquals(metrics.length, STEPS, run_name);
  const listed = await ask("GET", "artifacts/list", { run_id, path: "data" });
  const { files } = listed.body as unknown as { readonly files: readonly unknown[] };
  assertEquals(files, [{ path: "data/a b+é.txt", is_dir: false, file_size: 3 }], run_name);
}
