import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { type TrainingStore, trainingStore } from "../../_support/training.ts";

/** Starts a program that trains; it has `store`, `options`, `safeRun`, `startRun` and `go`, a path. */
function startProgram(
  { root, outside, experimentId }: TrainingStore,
  script: string,
  command: readonly string[] = [],
) {
  const path = join(outside, "train.js");
  Deno.writeTextFileSync(
    path,
    `import { openStore } from "mltidy";
    import { safeRun, startRun } from "mltidy/train";
    let clock = Date.now;
    const store = await openStore(${JSON.stringify(root)}, { now: () => clock() });
    const options = { experimentId: ${JSON.stringify(experimentId)}, warn: () => {} };
    const go = ${JSON.stringify(join(outside, "go"))};
    ${script}`,
  );
  const config = fromFileUrl(new URL("../../../deno.json", import.meta.url));
  const deno = [Deno.execPath(), "run", "-A", "--quiet", "--config", config, path];
  const [program = "", ...args] = [...command, ...deno];
  return new Deno.Command(program, { args, stdout: "piped", stderr: "piped" }).spawn();
}

/** The statuses and errors of all runs, outermost first. */
async function endsOf({ store, read }: TrainingStore): Promise<readonly (readonly unknown[])[]> {
  const { experiments } = await store.read({ depth: "meta" });
  const runs = experiments.flatMap(({ runs }) => [...runs]);
  return runs.sort((a, b) => a.startTime - b.startTime)
    .map(({ status, experimentId, id }) => [
      status,
      read(experimentId, id, "tags", "mltidy.error"),
    ]);
}

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.test({
    name: `${signal} ends nested runs KILLED, and the process exits with ${code}`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using training = await trainingStore();
      const child = startProgram(
        training,
        `await safeRun(store, options, (outer) =>
        safeRun(store, { ...options, parentRunId: outer.id }, async (run) => {
          for (let step = 0;; step++) {
            await run.logMetric("loss", 1 / step, { step });
            if (step === 100) console.log("ready");
          }
        }));`,
        Deno.build.os === "linux" ? ["env", "--default-signal=HUP"] : [],
      );
      const reader = child.stdout.getReader();
      await reader.read();
      child.kill(signal);
      assertEquals((await child.status).code, code);
      await Promise.all([reader.cancel(), child.stderr.cancel()]);
      assertEquals(await endsOf(training), [["KILLED", null], ["KILLED", null]]);
    },
  });
}

Deno.test({
  name: "SIGHUP does not end a program that nohup has started, during a run and after it",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using training = await trainingStore();
    const child = startProgram(
      training,
      `await safeRun(store, options, () => Deno.kill(Deno.pid, "SIGHUP"));
       Deno.kill(Deno.pid, "SIGHUP");
       await new Promise((resolve) => setTimeout(resolve, 20));`,
      ["bash", "-c", 'trap "" HUP; exec "$@"', "bash"],
    );
    assertEquals((await child.output()).code, 0);
    assertEquals(await endsOf(training), [["FINISHED", null]]);
  },
});

Deno.test("a signal that comes while a run computes ends it KILLED", async () => {
  await using training = await trainingStore();
  const child = startProgram(
    training,
    `for (let times = 0; times < 6; times++) {
      await safeRun(store, options, () => {
        if (times === 0) Deno.kill(Deno.pid, "SIGTERM");
        const start = performance.now();
        while (performance.now() - start < 300);
      });
    }`,
  );
  assertEquals((await child.output()).code, 143);
  assertEquals(await endsOf(training), [["KILLED", null]]);
});

Deno.test("a signal that comes while a run's end is recorded lets it be recorded", async () => {
  await using training = await trainingStore();
  const child = startProgram(
    training,
    `await safeRun(store, options, () => {
      clock = () => {
        Deno.kill(Deno.pid, "SIGTERM");
        return Date.now();
      };
    });
    clock = Date.now;
    for (let times = 0; times < 99; times++) await safeRun(store, options, () => {});`,
  );
  assertEquals((await child.output()).code, 143);
  const ends = new Set((await endsOf(training)).map(([status]) => status));
  ends.delete("KILLED");
  assertEquals([...ends], ["FINISHED"], "whatever began before the signal came is KILLED");
});

const exits = {
  "an error in a timer": [
    'setTimeout(() => { throw new TypeError("boom"); })',
    1,
    "TypeError: boom",
  ],
  "a rejection that nobody handles": [
    'Promise.reject(new TypeError("boom"))',
    1,
    "TypeError: boom",
  ],
  "Deno.exit()": ["Deno.exit(7)", 7, "Error: The process exited before the run had ended"],
} as const;
for (const [what, [script, code, error]] of Object.entries(exits)) {
  Deno.test(`${what} ends runs FAILED, and the process as it would have`, async () => {
    await using training = await trainingStore();
    const child = startProgram(
      training,
      `await safeRun(store, options, () =>
        safeRun(store, { ...options, endOnSignals: false }, async () => {
          ${script};
          await new Promise(() => {});
        }));`,
    );
    assertEquals((await child.output()).code, code);
    assertEquals(await endsOf(training), [["FAILED", error], ["FAILED", error]]);
  });
}

Deno.test("an error that the program handles itself ends no run", async () => {
  await using training = await trainingStore();
  const child = startProgram(
    training,
    `await safeRun(store, options, async (run) => {
      addEventListener("error", (event) => event.preventDefault());
      setTimeout(() => { throw new TypeError("boom"); });
      await new Promise((resolve) => setTimeout(resolve, 20));
      await run.logMetric("loss", 1);
      if (run.problems.length > 0) Deno.exit(5);
    });`,
  );
  assertEquals((await child.output()).code, 0);
  const [[status] = []] = await endsOf(training);
  assertEquals(status, "FINISHED");
});
