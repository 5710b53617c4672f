/**
 * What real MLflow makes of a run that a program is handed, and what it says of it once the program has
 * ended, in whatever way.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { openStore } from "../../tasks/open_store.ts";
import { runProgram } from "../../tasks/run.ts";
import { verify } from "../../tasks/verify.ts";
import { startTask } from "../_support/command.ts";
import { tempDirectory } from "../_support/temp_directory.ts";
import { testEachVersion } from "./each_version.ts";
import { askMlflow } from "./live_store.ts";
import { settings } from "./python.ts";

const SCRIPT = "run_program.py";

interface ShownRun {
  readonly info: Readonly<Record<string, unknown>>;
  readonly data: {
    readonly metrics: Readonly<Record<string, unknown>>;
    readonly params: Readonly<Record<string, string>>;
    readonly tags: Readonly<Record<string, string>>;
  };
}

/** Two at a time, since loading MLflow takes a processor for seconds. */
async function inPairs(...works: readonly (() => Promise<unknown>)[]): Promise<void> {
  const left = [...works];
  const worker = async () => {
    for (let work = left.shift(); work !== undefined; work = left.shift()) await work();
  };
  await Promise.all([worker(), worker()]);
}

testEachVersion(
  "a program goes on with the run that it is handed, however it ends",
  async (version) => {
    await using directory = await tempDirectory();
    const cwd = join(await Deno.realPath(directory.path), "학습 1");
    await Deno.mkdir(cwd);
    await Deno.copyFile(fromFileUrl(new URL(SCRIPT, import.meta.url)), join(cwd, SCRIPT));
    await using store = await openStore(join(cwd, "mlruns"), { create: true });
    const { location: root } = store.describe();
    const ended = new Map<string, readonly [exitCode: number, runId: string]>();
    const program = (way: string) => [version.python, "-X", "utf8", SCRIPT, way];
    const environment = Object.fromEntries(
      Object.entries(settings).filter(([name]) => name !== "MLFLOW_ALLOW_FILE_STORE"),
    );
    const run = async (way: string, command = program(way)) => {
      const { exitCode, run } = await runProgram(store, {
        experiment: "이탈: 1",
        runName: way,
        cwd,
        env: environment,
        warn: (message) => assertEquals(message, ""),
      }, command);
      assert(run !== null);
      ended.set(way, [exitCode, run.runId]);
    };
    await run("silent", ["sh", "-c", "exit 0"]);
    await inPairs(
      () => run("autolog"),
      () => run("whole"),
      () => run("killed"),
      () => run("ends"),
      async () => {
        const words = ["--experiment", "이탈: 1", "--name", "fails", "--store", root, "--"];
        const { code, err } = await startTask("run", [...words, ...program("fails")], {
          directory: cwd,
          environment,
        });
        const [, runId = ""] = /^Run fails \(\d+\/(\w+)\) ended FAILED, exit code 1$/m.exec(err) ??
          [];
        ended.set("fails", [code, runId]);
      },
    );

    const answer = await askMlflow(version, root);
    assertEquals(answer.complaints, []);
    const experiments = Object.values(answer.experiments.active).map(({ name }) => name);
    assertEquals(experiments.sort(), ["Default", "another", "이탈: 1"]);
    const shown = Object.values(answer.runs).flatMap((runs) =>
      Object.values(runs) as unknown as readonly ShownRun[]
    );
    const shownAs = (way: string) => {
      const run = shown.find(({ info }) => info["run_id"] === ended.get(way)?.[1]);
      assert(run !== undefined, `MLflow does not show the run of ${way}`);
      return run;
    };
    const isThree = !version.name.startsWith("2.");
    assertEquals(
      [...ended.keys()].sort().map((way) => {
        const { info, data } = shownAs(way);
        return [
          way,
          ended.get(way)?.[0],
          info["run_name"],
          info["status"],
          typeof info["end_time"],
          data.tags["mltidy.exit_code"],
          data.tags["mltidy.signal"],
          data.params["lr"],
        ];
      }),
      [
        ["autolog", 139, "autolog", "KILLED", "number", "139", "SIGSEGV", undefined],
        ["ends", 0, "ends", "FAILED", "number", undefined, undefined, undefined],
        ["fails", 1, "fails", "FAILED", "number", "1", undefined, "0.1"],
        ["killed", 137, "killed", "KILLED", "number", "137", "SIGKILL", "0.1"],
        ["silent", 0, "silent", "FINISHED", "number", undefined, undefined, undefined],
        // MLflow 2 passes a name over when it goes on with a run.
        [...["whole", 0, isThree ? "own name" : "whole", "FINISHED", "number"], ...[
          undefined,
          undefined,
          "0.1",
        ]],
      ],
    );
    assertEquals(shownAs("autolog").data.params["positive"], "True");
    const { data } = shownAs("whole");
    assertEquals([data.params["설명"], data.tags["own"], data.tags["mlflow.note.content"]], [
      ...["값", "tag", "note"],
    ]);
    const { tags } = shownAs("fails").data;
    assertEquals([tags["mlflow.source.name"], tags["mlflow.user"]], [SCRIPT, "mltidy"]);
    assertMatch(
      tags["mltidy.stderr"] ?? "",
      /^Traceback .*\nValueError: 손실이 NaN입니다$/s,
    );

    const others = shown.filter(({ info }) =>
      ![...ended.values()].some(([, id]) => id === info["run_id"])
    );
    assertEquals(
      others.map(({ info, data: { tags } }) => [
        info["run_name"],
        info["status"],
        tags["mlflow.parentRunId"],
      ]).sort(),
      [["second", "FINISHED", undefined], ["trial", "FINISHED", ended.get("whole")?.[1]]],
    );
    const made = JSON.parse(await Deno.readTextFile(join(cwd, "ends.json")));
    assertEquals(Object.keys(made), ["experiment", "store"]);
    assertEquals(made.experiment[0], "MlflowException");
    assertMatch(
      made.experiment[1],
      /^Cannot start run with ID RUN because active .* does not match/,
    );
    assertEquals(made.store, ["MlflowException", "Run 'RUN' not found"]);
    assertEquals((await verify(store)).findings, []);
  },
);
