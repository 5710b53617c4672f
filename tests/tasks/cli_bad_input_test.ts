import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { openStore } from "../../tasks/open_store.ts";
import { lockStore } from "../../tasks/ports/lock_store.ts";
import { runId } from "../_support/builders.ts";
import { commandOf, type Ran, runTask, startTask } from "../_support/command.ts";
import { diskStore, type Files, tempStore, writeFiles } from "../_support/disk_store.ts";
import { rottenAt } from "../_support/rotten_store.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

// The command line has no clock but the present.
const ROTTEN = rottenAt(Date.now());
const EXCEPT = { except: [".mltidy.trash"] };

/** One line for a person, no data, no stack trace. */
function assertRefused(ran: Ran, code: number, ...says: readonly string[]): void {
  for (const words of says) assertStringIncludes(ran.err, words);
  assertEquals([ran.code, ran.out], [code, ""], ran.err);
  assertEquals(/\n\s+at |file:\/\/\/.*:\d+:\d+/.test(ran.err), false, ran.err);
}

Deno.test("summary ends with 10 where there is no store, and says what to type", async () => {
  await using store = await diskStore();
  const nowhere = join(store.outside, "mlruns");
  assertRefused(
    await startTask("summary", ["--store", nowhere]),
    10,
    `Cannot open store ${nowhere}: no such directory; name the store with --store DIR\n`,
  );
  assertRefused(await startTask("cleanup:apply", ["--force", "--store", nowhere]), 10);
  assertEquals([...Deno.readDirSync(store.outside)], []);
});

const NO_STORES: Readonly<Record<string, { files: Files; path: string; says: string }>> = {
  "a file": { files: { file: "text" }, path: "file", says: "found a file" },
  "an empty directory": {
    files: { empty: null },
    path: "empty",
    says: "the directory is empty",
  },
  "something else": {
    files: { "photos/2026/1.jpg": "" },
    path: "photos",
    says: "it is no MLflow file store",
  },
  "the artifacts of a database": {
    files: { [`mlruns/1/${runId(1)}/artifacts/model.pkl`]: "" },
    path: "mlruns",
    says:
      "it holds artifacts only, no meta.yaml: MLflow keeps the runs of this store in a database",
  },
};

for (const [what, { files, path, says }] of Object.entries(NO_STORES)) {
  Deno.test(`cleanup ends with 12 for ${what}, which stays as it is`, async () => {
    await using store = await diskStore();
    writeFiles(store.outside, files);
    const before = await readTree(store.outside);
    for (const [task, ...words] of [["cleanup"], ["cleanup:apply", "--force"]] as const) {
      const ran = await runTask(task, [...words, "--store", join(store.outside, path)]);
      assertRefused(ran, 12, `Cannot open store ${join(store.outside, path)}: `, says);
    }
    assertSameTree(await readTree(store.outside), before);
  });
}

Deno.test("summary ends with 12 for databases that it cannot read", async () => {
  const names = new Map([
    [
      "postgresql+psycopg2://kim:secret@localhost/",
      "a database of PostgreSQL, named without its name",
    ],
    [
      "postgresql://kim:secret@localhost/mlflow?sslcert=x",
      "a database of PostgreSQL, named with sslcert",
    ],
    ["mysql+pymysql://kim:secret@localhost/mlflow", "a database of MySQL"],
  ]);
  for (const [uri, what] of names) {
    const ran = await runTask("summary", ["--store", uri]);
    assertRefused(
      ran,
      12,
      `Cannot open store ${uri.replace("kim:secret@", "").replace(/\?.*/, "")}: it is ${what}`,
    );
  }
});

Deno.test("summary ends with 10 for a store that it cannot reach", async () => {
  await using store = await diskStore();
  const loop = join(store.outside, "loop");
  Deno.symlinkSync("loop", loop);
  assertRefused(await runTask("summary", ["--store", loop]), 10, `Cannot read store ${loop}: `);
});

Deno.test("summary ends with 10 for a store that Deno may not read", async () => {
  await using store = await diskStore(ROTTEN);
  const permissions = ["--no-prompt", "--allow-read=.", "--allow-env"];
  const ran = await startTask("summary", ["--store", store.root], { permissions });
  assertRefused(ran, 10, `Cannot read store ${store.root}: `);
});

Deno.test({
  name: "summary ends with 10 for a store without read permission (not to be seen as root)",
  ignore: Deno.build.os === "windows" || Deno.uid() === 0,
  fn: async () => {
    await using store = await diskStore(ROTTEN);
    Deno.chmodSync(store.root, 0o000);
    const ran = await runTask("summary", ["--store", store.root]);
    Deno.chmodSync(store.root, 0o700);
    assertRefused(ran, 10, `Cannot read store ${store.root}: Permission denied`);
  },
});

Deno.test("restore, recover and backup end with 10 where our directory cannot be read", async () => {
  await using store = await diskStore(ROTTEN);
  const { root } = store;
  await startTask("cleanup:apply", ["--force", "--store", root]);
  const own = join(root, ".mltidy.trash");
  const permissions = ["--no-prompt", "--allow-read", `--deny-read=${own}`, "--allow-env"];
  const untold = `Cannot tell whether a change was cut off: ${own}/journal: `;
  const unlisted = `Cannot list backups in ${own}/backups: `;
  for (
    const [task, words, message] of [
      ["recover", [], untold],
      ["restore", ["--last"], untold],
      ["restore", [], unlisted],
      ["backup", ["--list"], unlisted],
      ["backup", ["--verify"], unlisted],
    ] as const
  ) {
    const ran = await startTask(task, [...words, "--quiet", "--store", root], { permissions });
    assertRefused(ran, 10, message);
    assertStringIncludes(ran.err, "as an account that may read it");
  }
  const { code, err } = await startTask("summary", ["--store", root], { permissions });
  assertEquals(code, 0);
  assertStringIncludes(err, untold);
});

Deno.test("cleanup ends with 2 for what it does not understand, and names the nearest", async () => {
  await using store = await diskStore(ROTTEN);
  const before = await readTree(store.root);
  const at = ["--store", store.root];
  const lines: readonly (readonly [string, readonly string[], string])[] = [
    [
      "cleanup",
      ["--day-old", "30"],
      'Unknown flag "--day-old" for cleanup: did you mean --days-old?',
    ],
    [
      "cleanup",
      ["--days-old", "soon"],
      'Cannot use "soon" for --days-old: expected a number of days',
    ],
    ["cleanup", ["--days-old", "-1"], 'Cannot use "-1" for --days-old'],
    ["cleanup:apply", ["--force=yes"], "--force takes no value"],
    ["cleanup", ["--purge-after", "1 month"], "expected a duration such as 30d"],
    ["summary", ["--by", "name"], 'Cannot use "name" for --by: expected size or runs'],
    ["summary", ["extra"], 'Unexpected argument "extra" of summary'],
    ["apply", [], "Missing argument of apply: expected deno task apply PLAN.json"],
    ["prune:apply", ["--compare", "x", "--force"], "Cannot use prune:apply with --compare"],
    ["cleanup", ["--json", "--format", "markdown"], "Cannot use --format markdown with --json"],
  ];
  for (const [task, words, says] of lines) {
    assertRefused(await runTask(task, [...words, ...at]), 2, says);
  }
  assertSameTree(await readTree(store.root), before);
});

Deno.test("cleanup:apply ends with 2 where nobody can be asked and --force is not given", async () => {
  await using store = await diskStore(ROTTEN);
  const before = await readTree(store.root);
  const ran = await startTask("cleanup:apply", ["--store", store.root]);
  assertRefused(
    ran,
    2,
    `there is no terminal; to apply without a question, type \`deno task cleanup:apply --store ${store.root} --force\``,
  );
  assertSameTree(await readTree(store.root), before);
});

Deno.test("apply ends with 13 for a plan that is none, and the store stays as it is", async () => {
  await using store = await diskStore(ROTTEN);
  const before = await readTree(store.root);
  const plan = JSON.parse((await runTask("cleanup", ["--json", "--store", store.root])).out);
  const escaping = { ...plan.actions[0], path: "../outside" };
  const files: readonly (readonly [string, string])[] = [
    ["Store /data/mlruns", "it is not JSON"],
    ["", "it is not JSON"],
    ["[]", "found no object"],
    [JSON.stringify({ ...plan, schema: "mltidy/cleanup/v9" }), 'found "mltidy/cleanup/v9"'],
    [JSON.stringify({ ...plan, schema: "mltidy/summary/v1" }), 'found "mltidy/summary/v1"'],
    [JSON.stringify({ ...plan, actions: [escaping] }), "has a path that is none of a store"],
    [JSON.stringify({ ...plan, actions: [{ ...escaping, kind: "rm" }] }), 'unknown kind "rm"'],
  ];
  for (const [text, says] of files) {
    writeFiles(store.outside, { "plan.json": text });
    const options = { directory: store.outside };
    assertRefused(
      await runTask("apply", ["plan.json", "--force"], options),
      13,
      "Cannot apply plan.json: ",
      says,
      "make a plan with `deno task cleanup --json > plan.json`",
    );
  }
  assertSameTree(await readTree(store.root), before);
});

Deno.test("apply ends with 13 for a plan whose action is wider than its policy makes it", async () => {
  await using store = await tempStore(ROTTEN);
  const before = await readTree(store.root);
  const plan = JSON.parse((await runTask("cleanup", ["--json", "--store", store.root])).out);
  const actions = [{ ...plan.actions[0], path: "1" }];
  writeFiles(store.outside, { "plan.json": JSON.stringify({ ...plan, actions }) });
  assertRefused(
    await runTask("apply", ["plan.json", "--force"], { directory: store.outside }),
    13,
    `Cannot apply plan: soft-delete-run 1 does not come of its policy in store ${store.root}`,
  );
  assertSameTree(await readTree(store.root, { except: [".mltidy.trash"] }), before);
});

Deno.test("apply ends with 2 when there is no such plan", async () => {
  assertRefused(
    await runTask("apply", ["nothing.json", "--force"]),
    2,
    "Cannot read plan nothing.json: no such file",
  );
});

Deno.test("apply ends with 13 for a plan of another store, and touches neither", async () => {
  await using one = await diskStore(ROTTEN);
  await using other = await diskStore(ROTTEN);
  const before = [await readTree(one.root), await readTree(other.root)];
  const { out } = await runTask("cleanup", ["--json", "--store", one.root]);
  writeFiles(one.outside, { "plan.json": out });
  const words = [join(one.outside, "plan.json"), "--force", "--store", other.root];
  assertRefused(
    await runTask("apply", words),
    13,
    `it was made for store ${one.root}, and this is ${other.root}`,
  );
  assertSameTree(await readTree(one.root), before[0]!);
  assertSameTree(await readTree(other.root, EXCEPT), before[1]!);
});

Deno.test("apply ends with 13 when the store has changed since it was planned", async () => {
  await using store = await diskStore(ROTTEN);
  const { out } = await runTask("cleanup", ["--json", "--store", store.root]);
  const plan = join(store.outside, "plan.json");
  writeFiles(store.outside, { "plan.json": out });
  writeFiles(store.root, { [`1/${runId(1)}/tags/keep`]: "true" });
  const before = await readTree(store.root);
  assertRefused(
    await runTask("apply", [plan, "--force"]),
    13,
    `Cannot apply plan: store ${store.root} has changed since `,
    `; plan again, such as with \`deno task cleanup --json --store ${store.root} > plan.json\`; to carry out what still holds of it, type \`deno task apply ${plan} --force --what-still-holds --store ${store.root}\`\n`,
  );
  assertSameTree(await readTree(store.root, EXCEPT), before);
});

Deno.test("cleanup --apply with the permissions of cleanup ends with 10, and touches nothing", async () => {
  await using store = await diskStore(ROTTEN);
  const before = await readTree(store.root);
  const ran = await startTask("cleanup", ["--apply", "--force", "--store", store.root]);
  const typed = `type \`deno task cleanup:apply --force --store ${store.root}\``;
  assertRefused(ran, 10, `Cannot change store ${store.root}: `, typed, "nothing was touched");
  assertSameTree(await readTree(store.root), before);
});

Deno.test("cleanup:apply ends with 11 while another process holds the lock, and names it", async () => {
  await using store = await diskStore(ROTTEN);
  await using opened = await openStore(store.root);
  await using _locked = await lockStore(opened, { task: "restore" });
  const before = await readTree(store.root);
  const ran = await startTask("cleanup:apply", ["--force", "--store", store.root]);
  assertRefused(ran, 11, `Cannot lock store ${store.root}: restore (pid ${Deno.pid}`);
  assertMatch(ran.err, /since 20\d\d-.*Z\) holds the lock; wait until it is done/);
  assertSameTree(await readTree(store.root), before);
});

Deno.test("restore ends with 2 for an unknown backup, and with 13 when something is in the way", async () => {
  await using store = await diskStore(ROTTEN);
  await runTask("cleanup:apply", ["--force", "--store", store.root]);
  const unknown = await runTask("restore", ["20200101T000000Z-prune", "--store", store.root]);
  assertRefused(unknown, 2, 'Unknown backup "20200101T000000Z-prune": expected one of 20');
  writeFiles(store.root, { "7/meta.yaml": "" });
  const before = await readTree(store.root, EXCEPT);
  const ran = await runTask("restore", ["--last", "--store", store.root]);
  assertRefused(ran, 13, "nothing was moved", `${join(store.root, "7")} exists again`);
  assertSameTree(await readTree(store.root, EXCEPT), before);
});

Deno.test("restore lists every backup though one is damaged, which it names and refuses", async () => {
  await using store = await diskStore(ROTTEN);
  for (const task of ["prune:apply", "cleanup:apply"]) {
    await runTask(task, ["--force", "--store", store.root]);
  }
  const at = ["--store", store.root];
  const list = async () => JSON.parse((await runTask("restore", ["--json", ...at])).out).backups;
  const [newest, other] = await list();
  writeFiles(newest.path, { "manifest.json": '{"schema":' });
  const [first, second, ...more] = await list();
  assertEquals([first, second.id, second.kind, more], [other, newest.id, "damaged", []]);
  const shown = await runTask("restore", at);
  assertEquals(shown.code, 0, shown.err);
  assertMatch(shown.out, new RegExp(`^${other.id} .* to undo `, "m"));
  const problem = `Cannot read ${newest.path}/manifest.json: `;
  const remedy = `copy what you need from ${newest.path}/files, then remove the backup: ` +
    `deno task backup --expire ${newest.id} --store ${store.root}\n`;
  for (const words of [problem, remedy]) assertStringIncludes(shown.out, words);
  const before = await readTree(store.root, EXCEPT);
  assertRefused(await runTask("restore", [newest.id, ...at]), 13, problem, remedy);
  assertRefused(
    await runTask("restore", ["--last", ...at]),
    13,
    `Cannot tell what the last change was: backup ${newest.id} cannot be read; `,
  );
  assertSameTree(await readTree(store.root, EXCEPT), before);
  assertEquals((await runTask("restore", [other.id, "--dry-run", ...at])).code, 0);
  assertEquals((await runTask("backup", ["--expire", newest.id, ...at])).code, 0);
  assertEquals(await list(), [other]);
});

Deno.test("the planning tasks' commands hold no permission to write", () => {
  for (const task of ["summary", "verify", "prune", "cleanup"]) {
    const words = commandOf(task);
    const flags = words.slice(2, words.indexOf("tasks/cli.ts"));
    assertEquals(flags.filter((flag) => !flag.startsWith("--v8-flags=")), [
      "--no-prompt",
      "-R",
      "-N",
      "-E=MLFLOW_*,PG*,HOME,USER,XDG_STATE_HOME,INIT_CWD,NO_COLOR",
    ]);
  }
});
