import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { runTask } from "../../../../_support/command.ts";
import { memoryDirectory } from "../../../../_support/temp_directory.ts";
import { startWebhookDouble } from "../../../../_support/webhook_double.ts";

const URL = "MLTIDY_HOOK";

/** A report of a store that lies in no directory of this machine. */
const REPORT = JSON.stringify({
  schema: "mltidy/report/v1",
  task: "cleanup:apply",
  exitCode: 0,
  store: "postgresql://db.invalid/mlflow",
  result: {
    schema: "mltidy/apply/v1",
    outcomes: [{
      kind: "soft-delete-run",
      path: "1/a",
      outcome: "applied",
      usage: { bytes: 0, files: 0 },
    }],
    complete: true,
  },
});

/** A directory with a configuration and, where it is said, a report. */
async function place(config: string, files: Readonly<Record<string, string>> = {}) {
  const directory = await memoryDirectory();
  for (const [name, text] of Object.entries({ "mltidy.yaml": config, ...files })) {
    await Deno.writeTextFile(join(directory.path, name), text);
  }
  return directory;
}

const HOOK = `notify:\n  webhook: { url: { env: ${URL} } }\n`;

Deno.test("notify tells of a report, and ends with the code of the task that it tells of", async () => {
  await using directory = await place(HOOK, { "report.json": REPORT });
  using host = startWebhookDouble();
  const options = {
    directory: directory.path,
    environment: { [URL]: `http://${host.host}/hook` },
  };
  const { code, out, err } = await runTask("notify", ["report.json", "--quiet"], options);
  assertEquals([code, out, err], [0, "", ""]);
  assertEquals((await runTask("notify", ["report.json"], options)).err.split("\n").slice(1), [
    "Told by webhook",
    "",
  ]);
  const piped = await runTask("notify", ["-", "--json"], { ...options, input: REPORT });
  assertEquals(JSON.parse(piped.out), {
    schema: "mltidy/notify/v1",
    events: ["changes"],
    title: "mltidy cleanup:apply: 1 soft-deleted",
    notified: [{ channel: "webhook", attempts: 1, problem: null }],
  });
  const coded = await runTask("notify", ["--exit-code", "TERM"], options);
  assertEquals(coded.code, 143);
  assertEquals(
    host.received.map(({ body }) => JSON.parse(body)).map((
      { title, exitCode },
    ) => [title, exitCode]),
    [
      ["mltidy cleanup:apply: 1 soft-deleted", 0],
      ["mltidy cleanup:apply: 1 soft-deleted", 0],
      ["mltidy cleanup:apply: 1 soft-deleted", 0],
      ["mltidy failed with exit code 143", 143],
    ],
  );
});

Deno.test("notify goes by the configuration beside the store that the report names, wherever it is typed", async () => {
  using host = startWebhookDouble();
  const store = JSON.stringify("postgresql://db.invalid/mlflow");
  await using beside = await place(HOOK);
  const own = JSON.stringify(join(beside.path, "mlruns"));
  await using directory = await place("notify: 7\n", { "report.json": REPORT.replace(store, own) });
  const { code, err } = await runTask("notify", ["report.json"], {
    directory: directory.path,
    environment: { [URL]: `http://${host.host}/hook` },
  });
  assertEquals([code, err], [
    0,
    `Configuration ${join(beside.path, "mltidy.yaml")} (found beside the store)\nTold by webhook\n`,
  ]);
});

Deno.test("notify changes nothing of how a task has ended when nobody can be told, and says no secret", async () => {
  await using directory = await place(HOOK, { "report.json": REPORT, "bad.yaml": "notify: 7\n" });
  using host = startWebhookDouble({ status: 404 });
  const options = {
    directory: directory.path,
    environment: { [URL]: `http://${host.host}/hunter2` },
  };
  const { code, out, err } = await runTask("notify", ["report.json"], options);
  assertEquals([code, out], [0, ""]);
  assert(err.endsWith("Cannot notify by webhook: it answered 404: said\n"), err);
  assert(!/hunter2/.test(out + err));
  for (const words of [["--config", "bad.yaml"], ["--config", "gone.yaml"]]) {
    const ran = await runTask("notify", ["report.json", "--exit-code", "4", ...words], options);
    assertEquals([ran.code, ran.err.startsWith("Cannot notify: ")], [4, true]);
    const began = await runTask("notify", ["--start", ...words], options);
    assertEquals([began.code, began.err.startsWith("Cannot notify: ")], [0, true]);
    // Without a code to end with there is nothing to keep.
    assertEquals((await runTask("notify", ["report.json", ...words], options)).code, 2);
  }
});

Deno.test("notify --told keeps beside the report who could not be told and why, without a secret", async () => {
  await using directory = await place(HOOK, { "report.json": REPORT, "bad.yaml": "notify: 7\n" });
  using host = startWebhookDouble({ status: 404, body: "no /hunter2" }, { status: 200 });
  const options = {
    directory: directory.path,
    environment: { [URL]: `http://${host.host}/hunter2` },
  };
  const tell = async (...words: readonly string[]) => {
    const ran = await runTask("notify", ["report.json", "--told", "told.json", ...words], options);
    return { ...ran, told: JSON.parse(Deno.readTextFileSync(join(directory.path, "told.json"))) };
  };
  const failed = await tell("--quiet");
  const document = {
    schema: "mltidy/notify/v1",
    events: ["changes"],
    title: "mltidy cleanup:apply: 1 soft-deleted",
  };
  const problem = `it answered 404: no $${URL}`;
  assertEquals([failed.code, failed.err], [0, `Cannot notify by webhook: ${problem}\n`]);
  assertEquals(failed.told, {
    ...document,
    notified: [{ channel: "webhook", attempts: 1, problem }],
  });
  // What was not sent the last time is no more said of this time.
  assertEquals((await tell("--quiet")).told, {
    ...document,
    notified: [{ channel: "webhook", attempts: 1, problem: null }],
  });
  const unread = await tell("--exit-code", "4", "--config", "bad.yaml");
  assertEquals([unread.code, unread.err], [4, `Cannot notify: ${unread.told.problem}\n`]);
  assertEquals((await tell("--dry-run")).told, unread.told);
  const at = (name: string) => join(directory.path, name);
  Deno.writeTextFileSync(at("thesis"), "mine");
  Deno.symlinkSync("thesis", at("link"));
  await new Deno.Command("mkfifo", { args: [at("pipe")] }).output();
  for (const name of ["thesis", "link", "pipe"]) {
    const { code, err } = await runTask("notify", ["report.json", "-q", "--told", name], options);
    const why = "something else is there already; name another file";
    assertEquals([code, err], [0, `Cannot write ${at(name)}: ${why}\n`]);
  }
  assertEquals(Deno.readTextFileSync(at("thesis")), "mine");
  const gone = await runTask("notify", ["report.json", "-q", "--told", "gone/told.json"], options);
  const path = join(directory.path, "gone", "told.json");
  assertEquals([gone.code, gone.err], [0, `Cannot write ${path}: No such file or directory\n`]);
});

Deno.test("notify lets the code speak where there is no report, or one of an earlier run", async () => {
  await using directory = await place(HOOK, { "report.json": REPORT, "cut.json": "{" });
  using host = startWebhookDouble();
  const options = {
    directory: directory.path,
    environment: { [URL]: `http://${host.host}/hook` },
  };
  const gone = await runTask("notify", ["gone.json", "--exit-code", "1"], options);
  const stale = await runTask("notify", ["report.json", "--exit-code", "137"], options);
  const cut = await runTask("notify", ["cut.json", "--exit-code", "0"], options);
  assertEquals([gone, stale, cut].map(({ code }) => code), [1, 137, 0]);
  const path = join(directory.path, "gone.json");
  assertEquals(
    host.received.map(({ body }) => JSON.parse(body)).map(({ title, lines }) => [title, ...lines]),
    [
      ["mltidy failed with exit code 1", `No details: ${path} cannot be read: no such file`],
      [
        "mltidy cleanup:apply failed with exit code 137",
        "No details: the report is of an earlier run, which ended with 0",
      ],
      [
        "mltidy: done, but the report is no JSON: it may be cut off",
        "No details: the report is no JSON: it may be cut off",
      ],
    ],
  );
  const { code, err } = await runTask("notify", ["gone.json"], options);
  assertEquals([code, err], [
    2,
    `Cannot read ${path}: no such file; name a report that is there, or say --exit-code N\n`,
  ]);
});

Deno.test("notify --start pings alone, --test sends a sample and fails where it is not delivered", async () => {
  await using directory = await place(
    `notify:\n  webhook: { url: { env: ${URL} } }\n  ping: { url: { env: MLTIDY_PING } }\n`,
  );
  using host = startWebhookDouble({ status: 200 }, { status: 404 });
  const environment = {
    [URL]: `http://${host.host}/hook`,
    MLTIDY_PING: `http://${host.host}/uuid`,
  };
  const options = { directory: directory.path, environment };
  assertEquals((await runTask("notify", ["--start"], options)).code, 0);
  assertEquals(host.received.map(({ line }) => line), ["POST /uuid/start HTTP/1.1"]);
  assertEquals((await runTask("notify", ["--test"], options)).code, 1);
  assertEquals(host.received.slice(1).map(({ line }) => line).sort(), [
    "POST /hook HTTP/1.1",
    "POST /uuid/0 HTTP/1.1",
  ]);
  await using silent = await place("retention: {}\n");
  const nobody = await runTask("notify", ["--test"], { ...options, directory: silent.path });
  assertEquals(nobody.code, 2);
  assert(nobody.err.includes("names no email, slack, webhook or ping"), nobody.err);
});

Deno.test("notify --dry-run shows what would be sent, without its secret, and says where that is missing", async () => {
  await using directory = await place(HOOK, { "report.json": REPORT });
  const dryRun = (environment: Readonly<Record<string, string>>) =>
    runTask("notify", ["report.json", "-n", "--quiet"], { directory: directory.path, environment });
  const { code, out, err } = await dryRun({});
  assertEquals([code, err], [0, `Could not notify by webhook: $${URL} is not set\n`]);
  assert(out.startsWith(`webhook: POST $${URL}\ncontent-type: application/json\n\n{\n`), out);
  const known = await dryRun({ [URL]: "https://example.org/T0" });
  assertEquals([known.code, known.err, known.out], [0, "", out]);
});

Deno.test("notify says what it is missing, and what does not go together", async () => {
  const saidOf = async (...words: readonly string[]) => {
    const { code, err } = await runTask("notify", words);
    assertEquals(code, 2);
    return err;
  };
  assert(
    (await saidOf()).startsWith("Missing argument of notify: expected deno task notify REPORT"),
  );
  assertEquals(
    await saidOf("--start", "--test"),
    "Cannot use --start and --test together: choose one of them; see deno task notify --help\n",
  );
  assertEquals(
    await saidOf("report.json", "--test"),
    'Cannot use "report.json" with --test: --test tells of no task that has ended; see deno task notify --help\n',
  );
  assertEquals(
    await saidOf("report.json", "--exit-code", "many"),
    'Cannot use "many" for --exit-code: expected an exit code from 0 to 255, or a signal such as TERM\n',
  );
});
