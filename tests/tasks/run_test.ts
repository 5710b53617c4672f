import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join, toFileUrl } from "@std/path";
import { InvalidArgumentError } from "../../lib/errors.ts";
import { readRunMeta } from "../../lib/records/meta_record.ts";
import { openStore } from "../../tasks/open_store.ts";
import type { PreflightReport } from "../../tasks/preflight.ts";
import { repair } from "../../tasks/repair.ts";
import { runProgram, type RunProgramOptions } from "../../tasks/run.ts";
import { verify } from "../../tasks/verify.ts";
import { runTask, startTask } from "../_support/command.ts";
import { tempDatabase } from "../_support/database_store.ts";
import { tempDirectory } from "../_support/temp_directory.ts";
import { START, type TrainingStore, trainingStore } from "../_support/training.ts";
import { readTree } from "../_support/tree.ts";

/** What became of a program, and what was said. */
async function runIn(
  training: TrainingStore,
  script: string | readonly string[],
  options: Partial<RunProgramOptions> = {},
) {
  const said: string[] = [];
  const ready: PreflightReport[] = [];
  const report = await runProgram(training.store, {
    experiment: "churn",
    cwd: training.outside,
    warn: (message) => said.push(message),
    onReady: (report) => ready.push(report),
    ...options,
  }, typeof script === "string" ? ["sh", "-c", script] : script);
  return { report, said, preflight: ready[0] };
}

function metaOf(
  { read }: TrainingStore,
  run: { readonly experimentId: string; readonly runId: string } | null,
) {
  assert(run !== null);
  const result = readRunMeta(read(run.experimentId, run.runId, "meta.yaml") ?? "");
  assert(result.ok);
  return result.meta;
}

function tagOf({ read }: TrainingStore, run: { experimentId: string; runId: string }, key: string) {
  return read(run.experimentId, run.runId, "tags", key);
}

/** The record of the program's run, in a shell. */
const META = '"mlruns/$MLFLOW_EXPERIMENT_ID/$MLFLOW_RUN_ID/meta.yaml"';

/** Records a status as MLflow does: 3 FINISHED, 4 FAILED. */
function recording(status: number): string {
  const edits = `-e "s/^status: .*/status: ${status}/" -e "s/^end_time: .*/end_time: ${ENDED}/"`;
  return `sed ${edits} ${META} > new && mv new ${META}`;
}

const ENDED = START + 1;

Deno.test("runProgram() hands the run over by MLflow's variables, and ends it FINISHED", async () => {
  await using training = await trainingStore();
  const { store, outside, experimentId, root } = training;
  const { report, said } = await runIn(training, "env | grep ^MLFLOW > env.txt; pwd > pwd.txt", {
    runName: "기준선 1",
    env: { MLFLOW_EXPERIMENT_NAME: "another", MLFLOW_RUN_ID: "another" },
  });
  const { run } = report;
  assert(run !== null);
  assertEquals(
    Deno.readTextFileSync(join(outside, "env.txt")).trimEnd().split("\n").sort(),
    [
      "MLFLOW_ALLOW_FILE_STORE=true",
      `MLFLOW_EXPERIMENT_ID=${experimentId}`,
      "MLFLOW_EXPERIMENT_NAME=churn",
      `MLFLOW_RUN_ID=${run.runId}`,
      `MLFLOW_TRACKING_URI=${toFileUrl(root).href}`,
    ],
  );
  assertEquals(Deno.readTextFileSync(join(outside, "pwd.txt")), `${outside}\n`);
  assertEquals([report.exitCode, report.signal, report.fault, said], [0, null, null, []]);
  assertEquals([run.experimentId, run.runName, run.status], [experimentId, "기준선 1", "FINISHED"]);
  const meta = metaOf(training, run);
  assertEquals([meta.name, meta.status], ["기준선 1", "FINISHED"]);
  assertEquals(meta.endTime, store.now());
  assertEquals((await verify(store)).findings, []);
});

Deno.test("runProgram() shows the run as RUNNING, by its script and without its arguments", async () => {
  await using training = await trainingStore();
  Deno.writeTextFileSync(join(training.outside, "train.sh"), "sleep 0");
  const seen: unknown[] = [];
  const { report } = await runIn(training, ["sh", "-e", "train.sh", "--password", "secret"], {
    onStart: (run) => seen.push(run.status, metaOf(training, run).status),
  });
  assertEquals(seen, ["RUNNING", "RUNNING"]);
  assertEquals(tagOf(training, report.run!, "mlflow.source.name"), "train.sh");
});

Deno.test("runProgram() ends a run by the exit code or the signal, which are its own", async () => {
  await using training = await trainingStore();
  const outcomes: unknown[] = [];
  for (const script of ["exit 3", "kill -9 $$", "kill -s SEGV $$", "exit 143"]) {
    const { report: { exitCode, signal, run } } = await runIn(training, script);
    const tags = ["mltidy.exit_code", "mltidy.signal"].map((key) => tagOf(training, run!, key));
    outcomes.push([exitCode, signal, metaOf(training, run).status, ...tags]);
  }
  assertEquals(outcomes, [
    [3, null, "FAILED", "3", null],
    [137, "SIGKILL", "KILLED", "137", "SIGKILL"],
    [139, "SIGSEGV", "KILLED", "139", "SIGSEGV"],
    [143, "SIGTERM", "KILLED", "143", "SIGTERM"],
  ]);
});

Deno.test("runProgram() lets the end that the program recorded stay unless its exit contradicts it", async () => {
  await using training = await trainingStore();
  const outcomes: unknown[] = [];
  for (
    const script of [
      recording(4),
      recording(3),
      `${recording(3)}; exit 1`,
      `${recording(4)}; exit 1`,
    ]
  ) {
    const { report } = await runIn(training, script);
    const { status, endTime } = metaOf(training, report.run);
    outcomes.push([report.run?.status, status, endTime]);
  }
  const now = training.store.now();
  assertEquals(outcomes, [
    ["FAILED", "FAILED", ENDED],
    ["FINISHED", "FINISHED", ENDED],
    ["FAILED", "FAILED", now],
    ["FAILED", "FAILED", ENDED],
  ]);
});

Deno.test("runProgram() ends a run whose record the program tore, by what it was", async () => {
  await using training = await trainingStore();
  const { report } = await runIn(training, `printf arti > ${META}; kill -9 $$`);
  const { status, name } = metaOf(training, report.run);
  assertEquals([status, name], ["KILLED", report.run!.runName]);
  assertEquals((await verify(training.store)).findings, []);
});

Deno.test("runProgram() tells why a program was not started, by the shell's exit codes", async () => {
  await using training = await trainingStore();
  const { outside } = training;
  Deno.writeTextFileSync(join(outside, "train.py"), "pass\n");
  Deno.writeTextFileSync(join(outside, "old.sh"), "#!/gone/python\n", { mode: 0o755 });
  const faults: unknown[] = [];
  for (const program of ["pyhton", "train.py", "./train.py", "./gone/train", "./old.sh"]) {
    const { report } = await runIn(training, [program, "--epochs", "3"]);
    const { exitCode, fault, run } = report;
    assertEquals(metaOf(training, run).status, "FAILED");
    assertEquals(tagOf(training, run!, "mltidy.stderr"), fault);
    faults.push([exitCode, fault]);
  }
  assertEquals(faults, [
    [127, "Cannot start pyhton: no directory of PATH has such a program; check its name"],
    [
      127,
      "Cannot start train.py: expected a program, found a file; to have Python run it, type -- python train.py",
    ],
    [
      126,
      "Cannot start ./train.py: it is not executable; to have Python run it, type -- python ./train.py",
    ],
    [127, `Cannot start ./gone/train: there is no ${join(outside, "gone/train")}`],
    [
      127,
      "Cannot start ./old.sh: the interpreter that its first line names does not exist",
    ],
  ]);
});

Deno.test("runProgram() runs a program without a run where none can be had, unless it is strict", async () => {
  await using training = await trainingStore();
  const { root, outside, store } = training;
  const done = join(outside, "done.txt");
  // Where experiments are made, a file stands: as good as a full disk.
  await Deno.remove(join(root, ".mltidy.trash"), { recursive: true });
  Deno.writeTextFileSync(join(root, ".mltidy.trash"), "");
  const { report, said } = await runIn(training, `echo "$MLFLOW_RUN_ID" > done.txt; exit 5`);
  assertEquals([report.exitCode, report.run], [5, null]);
  assertEquals(Deno.readTextFileSync(done), "\n");
  assert(said.length > 0 && said.every((line) => /^Cannot /.test(line)), said.join("\n"));

  await Deno.remove(done);
  const strict = () => runIn(training, "echo > done.txt", { strict: true });
  await assertRejects(strict, Error, "Cannot ");
  await assertRejects(() => Deno.stat(done), Deno.errors.NotFound);

  const bare = await runProgram(null, { experiment: "churn", cwd: outside }, [
    ...["sh", "-c", "exit 4"],
  ]);
  assertEquals(bare, { exitCode: 4, signal: null, fault: null, run: null });
  assert(store !== null);
});

Deno.test("runProgram() has a run in a store with damage that nothing mends; strict it starts nothing", async () => {
  await using training = await trainingStore();
  const { root, experimentId } = training;
  const first = await runIn(training, "true");
  const { runId } = first.report.run!;
  Deno.writeTextFileSync(join(root, experimentId, runId, "params", "lr?"), "0.1");
  const { report, said, preflight } = await runIn(training, "true");
  assertEquals([report.exitCode, report.run?.status, preflight?.ready], [
    ...[0, "FINISHED", false],
  ]);
  assertEquals(said, [`Store ${root} is not ready; sh runs all the same`]);
  const strict = await runIn(training, "true", { strict: true });
  assertEquals([strict.report.exitCode, strict.report.fault, strict.report.run], [
    ...[3, `Store ${root} is not ready`, null],
  ]);
});

Deno.test("runProgram() brings a deleted experiment of the name back", async () => {
  await using training = await trainingStore();
  const { root, experimentId } = training;
  const meta = join(root, experimentId, "meta.yaml");
  const text = Deno.readTextFileSync(meta);
  Deno.writeTextFileSync(meta, text.replace("lifecycle_stage: active", "lifecycle_stage: deleted"));
  Deno.renameSync(join(root, experimentId), join(root, ".trash", experimentId));
  const { report, preflight } = await runIn(training, "true");
  assertEquals(preflight?.experiment, { experimentId, outcome: "restored" });
  assertEquals([report.run?.experimentId, report.run?.status], [experimentId, "FINISHED"]);
});

Deno.test("runProgram() refuses a name that MLflow has not, and a program without a name", async () => {
  await using training = await trainingStore();
  await assertRejects(() => runIn(training, "true", { experiment: "it's" }), InvalidArgumentError);
  await assertRejects(() => runIn(training, []), InvalidArgumentError);
});

Deno.test("runProgram() tells the program to stop when its signal is aborted, and starts none after", async () => {
  await using training = await trainingStore();
  const controller = new AbortController();
  const { signal } = controller;
  const { report } = await runIn(training, ["sleep", "60"], {
    signal,
    onStart: () => setTimeout(() => controller.abort(), 50),
  });
  assertEquals([report.exitCode, report.signal, report.run?.status], [143, "SIGTERM", "KILLED"]);
  await assertRejects(() => runIn(training, "true", { signal }), DOMException);
});

Deno.test("a run that shows life is not taken for dead, though nothing is logged", async () => {
  await using training = await trainingStore();
  const { store, experimentId, tick } = training;
  const run = await store.tracking?.startRun({
    ...{ experimentId, runName: null, tags: new Map(), user: null, durability: "end" as const },
  });
  assert(run !== undefined);
  const ends = async () => (await repair(store)).plan.actions.map(({ kind }) => kind);
  tick(8 * 24 * 60 * 60 * 1000);
  assertEquals(await ends(), ["finish-stale-run"]);
  await run.showLife(store.now());
  assertEquals(await ends(), []);
});

Deno.test("run makes a store, passes standard error on byte for byte, and keeps the end of it", async () => {
  await using directory = await tempDirectory();
  const { path } = directory;
  const script = `const part = new Uint8Array([255, 254, 32, 49, 48, 37, 13]);
const noise = new Uint8Array(300_000 * 7).map((_, index) => part[index % 7]);
for (const bytes of [noise, [10, 69, 114, 114, 111, 114, 58, 32, 235, 139, 10]]) {
  for (let done = 0; done < bytes.length;) {
    done += Deno.stderr.writeSync(new Uint8Array(bytes.slice(done)));
  }
}
console.log(Deno.args.join("|"));
Deno.exit(7);
`;
  Deno.writeTextFileSync(join(path, "a b.js"), script);
  const program = [Deno.execPath(), "run", "a b.js", "--store", "x  y", "--", "$HOME"];
  const args = ["-q", "--experiment", "churn", "--", ...program];
  const { code, out, err } = await startTask("run", args, {
    directory: path,
    environment: { USER: "kim", LOGNAME: "kim" },
  });
  assertEquals([code, out], [7, "--store|x  y|--|$HOME\n"], err.slice(-500));
  assertEquals(err.length, 300_000 * 7 + "\nError: �\n".length);
  assert(err.endsWith("%\r\nError: �\n"));
  await using store = await openStore(join(path, "mlruns"));
  const { experiments } = await store.read({ depth: "tags" });
  const [run] = experiments.flatMap(({ runs }) => runs);
  assertEquals([run?.status, run?.tags.get("mlflow.user")], ["FAILED", "kim"]);
  assertEquals(run?.tags.get("mltidy.stderr"), "�� 10%\nError: �");
  assertEquals(run?.tags.get("mlflow.source.name"), "a b.js");
});

Deno.test("run makes nothing in a dry run, and says what it would", async () => {
  await using directory = await tempDirectory();
  const { path } = directory;
  const args = ["-n", "--experiment", "churn", "--", "python", "a b.py"];
  assertEquals(await runTask("run", args, { directory: path }), {
    code: 0,
    out: "Would run python in a run of experiment churn; nothing was done.\n",
    err: `Would make store ${join(path, "mlruns")}\n`,
  });
  assertEquals([...Deno.readDirSync(path)], []);
});

Deno.test("run says and keeps nothing of a command line but the program's name", async () => {
  await using directory = await tempDirectory();
  const { path } = directory;
  const said = async (...program: readonly string[]) => {
    const args = ["--experiment", "churn", "--", ...program];
    const { code, out, err } = await runTask("run", args, { directory: path });
    return [code, out + err] as const;
  };
  const fails = "echo 'cannot reach mysql://kim:secret@db/x' >&2; exit 1";
  const outcomes = [
    await said("sh", "-c", "exit 0", "--password=secret"),
    await said("sh", "-c", fails, "--password", "secret"),
    await said("PASSWORD=sec/secret", "python", "train.py"),
    await said("no-such-program", "mysql://kim:secret@db/x"),
  ];
  assertEquals(outcomes.map(([code]) => code), [0, 1, 127, 127]);
  for (const [, text] of outcomes) assert(!text.includes("secret"), text);
  assertMatch(outcomes[0]![1], /^Run .*: sh$/m);
  assertStringIncludes(
    outcomes[2]![1],
    "Cannot start 'PASSWORD=…': only a shell sets a variable like this; put `env` before it\n",
  );
  const kept = JSON.stringify([...await readTree(join(path, "mlruns"))]);
  assertStringIncludes(kept, "cannot reach mysql://db/x");
  assert(!kept.includes("secret"));
});

Deno.test("run runs a program whose server does not answer, as it is, and strict it does not", async () => {
  await using directory = await tempDirectory();
  const { path } = directory;
  const environment = { MLFLOW_TRACKING_URI: "http://kim:secret@127.0.0.1:1" };
  const args = ["--experiment", "churn", "--", "sh", "-c", "exit 6"];
  const { code, err } = await runTask("run", args, { directory: path, environment });
  assertEquals(code, 6);
  // What a server does not take is kept for it, where somebody says at which place.
  assertMatch(err, /^Cannot start a run, so sh has none: .*: nobody says where to keep .*HOME/m);
  assert(!err.includes("secret"), err);
  assertEquals(
    (await runTask("run", ["--strict", ...args], { directory: path, environment })).code,
    10,
  );
});

Deno.test("run names the experiment of a run that waits for a server, and the command that sends it", async () => {
  await using directory = await tempDirectory();
  const { path } = directory;
  const environment = { XDG_STATE_HOME: join(path, "state") };
  const store = "http://127.0.0.1:1";
  const args = ["--store", store, "--experiment", "churn", "--", "sh", "-c", "exit 6"];
  const { code, err } = await runTask("run", args, { directory: path, environment });
  assertEquals(code, 6);
  assertMatch(err, /^Run [a-z]+-[a-z]+-\d+ \(churn\/[\da-f]{32}\): sh$/m);
  assertStringIncludes(err, `sends it, or \`deno task recover --store ${store}\``);
});

Deno.test("run tells what to do about a program that sets another experiment", async () => {
  await using directory = await tempDirectory();
  const script = `echo "MlflowException: Cannot start run with ID $MLFLOW_RUN_ID because active ` +
    `experiment ID does not match" >&2; exit 1`;
  const { code, err } = await startTask("run", [
    ...["--experiment", "churn", "--", "sh", "-c", script],
  ], { directory: directory.path });
  assertEquals(code, 1);
  assertMatch(
    err,
    /^sh was handed a run, and set another experiment: name that experiment when you run it, or take mlflow\.set_experiment\(\) out of it$/m,
  );
});

Deno.test("run hands signals on, waits, lets nohup count, and waits for no daemon without streams", async () => {
  await using training = await trainingStore();
  const { outside, experimentId } = training;
  const script = `(exec 2>/dev/null >/dev/null; sleep 30) & 
trap 'echo stopped; exit 9' TERM
sleep 1; echo ready; while :; do sleep 0.05; done`;
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "tasks/cli.ts", "run", "--experiment", "churn", "--store", training.root],
      ...["--", "nohup", "sh", "-c", script],
    ],
    env: { INIT_CWD: outside },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  await using child = command.spawn();
  const errors = new Response(child.stderr).text();
  const output: string[] = [];
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    output.push(text);
    if (!text.includes("ready")) continue;
    child.kill("SIGHUP");
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.kill("SIGTERM");
  }
  const { code } = await child.status;
  assertEquals([code, output.join("")], [9, "ready\nstopped\n"]);
  assertMatch(
    await errors,
    new RegExp(`^Run [\\w-]+ \\(${experimentId}/\\w{32}\\) ended KILLED, exit code 9$`, "m"),
  );
});

Deno.test("runProgram() runs the program without a run where a store can only be read", async () => {
  await using database = await tempDatabase();
  await using store = await openStore(database.path);
  const said: string[] = [];
  const options = { experiment: "churn", warn: (message: string) => said.push(message) };
  const print = ["sh", "-c", 'test "$MLFLOW_TRACKING_URI" = "$0" && exit 7', database.uri];
  const { exitCode, run } = await runProgram(store, options, print);
  assertEquals([exitCode, run, said.length], [7, null, 1]);
  assertMatch(
    said[0]!,
    /cannot do that with this kind of store; log to it with MLflow itself; the program has no run$/,
  );
});
