import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { DAY } from "../_support/builders.ts";
import { commandOf, PROJECT, runTask, startTask } from "../_support/command.ts";
import { child, layOutHealthy, MAIN, openDamaged, RUNNING } from "../_support/damage.ts";
import { memoryDirectory, tempDirectory } from "../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

const EXCEPT = { except: [".mltidy.trash"] };

interface Damaged extends ReturnType<typeof openDamaged>, AsyncDisposable {}

/** A store of real MLflow, damaged the day before yesterday; the command line has no clock but the present. */
async function damagedStore(inflict: (store: Damaged) => void): Promise<Damaged> {
  const directory = await tempDirectory();
  const root = join(directory.path, "mlruns");
  layOutHealthy(root, "2.22");
  const store: Damaged = {
    ...openDamaged(root),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
  inflict(store);
  store.age(".", Date.now() - 2 * DAY);
  return store;
}

const loseRun = (store: Damaged) => store.write(`${child}/meta.yaml`, "");

Deno.test("repair shows what it would mend, by what evidence, and changes nothing", async () => {
  await using store = await damagedStore(loseRun);
  const before = await readTree(store.root);
  const { code, out, err } = await startTask("repair", ["--store", store.root]);
  assertEquals([code, err], [0, `Store ${store.root} (chosen by --store)\n`]);
  assertMatch(out, /^\+ Write 1 record that was lost\n {2}\+ \S/);
  assertStringIncludes(out, `  ${child}\n      No key in the file\n`);
  assertStringIncludes(out, "      status FAILED from the lack of any sign that it finished\n");
  assertMatch(out, /\nPlan: 1 repair\b/);
  assertStringIncludes(out, `To carry it out: deno task repair:apply --store ${store.root}\n`);
  assertSameTree(await readTree(store.root), before);
});

Deno.test("repair runs in a process that may not write, preflight in one that may", () => {
  assertEquals(commandOf("repair").filter((word) => /^-(R?W|A)/.test(word)), []);
  for (const task of ["repair:apply", "preflight"]) {
    assert(commandOf(task).includes("-RW"), task);
  }
});

Deno.test("repair --json prints the plan, --detailed-exitcode ends with 3 when there is something to do", async () => {
  await using store = await damagedStore(loseRun);
  const words = ["--json", "--detailed-exitcode", "--store", store.root];
  const { code, out } = await runTask("repair", words);
  const plan = JSON.parse(out);
  assertEquals([code, plan.schema, plan.store], [3, "mltidy/repair/v1", store.root]);
  assertEquals(plan.actions.map(({ kind, path }: Record<string, string>) => [kind, path]), [
    ["write-meta", child],
  ]);
  assertEquals((await runTask("repair:apply", ["--force", "--store", store.root])).code, 0);
  const again = await runTask("repair", words);
  assertEquals([again.code, JSON.parse(again.out).actions], [0, []]);
});

Deno.test("repair:apply mends, says how to undo it, and the undo gives the damage back", async () => {
  await using store = await damagedStore(loseRun);
  const before = await readTree(store.root, EXCEPT);
  const { code, out } = await startTask("repair:apply", ["--force", "--store", store.root]);
  assertEquals(code, 0);
  assertMatch(out, /^\S+Z Done: 1 rewritten\b/);
  const verified = await startTask("verify", ["--severity", "error", "--store", store.root]);
  assertEquals([verified.code, verified.out], [0, "No findings.\n"]);
  const [, id = ""] = /To undo: deno task restore (\S+)/.exec(out) ?? [];
  assertEquals((await startTask("restore", [id, "--store", store.root])).code, 0);
  assertSameTree(await readTree(store.root, EXCEPT), before);
});

Deno.test("repair:apply asks for --force where nobody can be asked, and has nothing to do in a sound store", async () => {
  await using store = await damagedStore(loseRun);
  const before = await readTree(store.root);
  const refused = await startTask("repair:apply", ["--store", store.root]);
  assertEquals([refused.code, refused.out], [2, ""]);
  assertStringIncludes(refused.err, "--force");
  assertSameTree(await readTree(store.root), before);
  await using sound = await damagedStore(() => {});
  const { code, out } = await runTask("repair:apply", ["--force", "--store", sound.root]);
  assertEquals([code, out], [0, "Nothing to do.\n"]);
});

Deno.test("a plan that could take more names the command for that with all that was typed", async () => {
  await using store = await damagedStore(({ write }) =>
    write(`${child}/metrics/torn`, "1 0.5 1\nx\n2 0.5 2\n")
  );
  const words = ["--drop-lines", "--store", store.root];
  const waiting = await runTask("repair", ["--settle", "3d", ...words]);
  const typed = `repair ${words.join(" ")} --settle 0m`;
  assertStringIncludes(waiting.out, `where nothing writes to the store: deno task ${typed}\n`);
  const { out } = await runTask("repair", typed.split(" ").slice(1));
  assertMatch(out, /^~ Take out of 1 metric what MLflow cannot read$/m);
});

Deno.test("repair --as, --stale-after and --settle decide what is mended, and how", async () => {
  await using store = await damagedStore(loseRun);
  const planOf = async (...words: readonly string[]) =>
    JSON.parse((await runTask("repair", [...words, "--json", "--store", store.root])).out).actions
      .map(({ path, changes }: { path: string; changes?: { status: number } }) => [
        path,
        changes?.status,
      ]);
  const running = `${MAIN}/${RUNNING}`;
  assertEquals(await planOf("--stale-after", "1d"), [[running, 4], [child, undefined]]);
  assertEquals(await planOf("--stale-after", "1d", "--as", "KILLED"), [
    [running, 5],
    [child, undefined],
  ]);
  assertEquals(await planOf("--settle", "3d"), []);
});

Deno.test("repair --relocate rewrites what a moved store names, with --from only below that root", async () => {
  await using store = await damagedStore(() => {});
  const moved = `${store.root}-moved`;
  Deno.renameSync(store.root, moved);
  const count = async (...words: readonly string[]) => {
    const { out } = await runTask("repair", [...words, "--json", "--store", moved]);
    return JSON.parse(out).actions.length;
  };
  assertEquals(await count(), 0);
  assertEquals(await count("--relocate", "--from", "/srv/elsewhere"), 0);
  assert(await count("--relocate", "--from", store.root) > 5);
});

const REFUSED: readonly (readonly [words: readonly string[], says: string])[] = [
  [["--from", "/old"], "type --relocate --from OLD"],
  [["--as", "FINISHED"], "FAILED"],
  [["--stale-after", "soon"], "--stale-after"],
  [["something"], "something"],
];
for (const [words, says] of REFUSED) {
  Deno.test(`repair ${words.join(" ")} ends with 2, in one line`, async () => {
    await using store = await damagedStore(() => {});
    const { code, out, err } = await runTask("repair", [...words, "--store", store.root]);
    assertEquals([code, out], [2, ""]);
    assertStringIncludes(err, says);
    assertEquals(/\n\s+at /.test(err), false);
  });
}

Deno.test("preflight gets a store ready and ends with 0", async () => {
  await using store = await damagedStore((s) => {
    loseRun(s);
    s.makeDirectory("77");
  });
  const { code, out, err } = await startTask("preflight", ["churn", "--store", store.root]);
  assertEquals([code, err], [0, `Store ${store.root} (chosen by --store)\n`]);
  const undo = String.raw`; to undo: deno task restore \S+ --store ${store.root}`;
  assertMatch(
    out,
    new RegExp(
      String
        .raw`^\d active experiments, \d+ runs\nChanged: 1 rewritten${undo}\nChanged: 1 quarantined${undo}\n` +
        String
          .raw`Experiment (\d{18}): created; to undo: \S+ \S+=${store.root} mlflow experiments delete --experiment-id \1\n` +
        String.raw`Ready \(0 warnings, 1 info\)\n$`,
    ),
  );
});

Deno.test("preflight shows at a terminal what it is about to do, and asks nothing", async () => {
  await using store = await damagedStore((s) => {
    loseRun(s);
    s.makeDirectory("77");
  });
  const ask = () => Promise.reject(new Error("asked"));
  const at = ["--store", store.root];
  const looked = await runTask("preflight", ["--check", ...at], { ask });
  assertEquals(looked.err, `Store ${store.root} (chosen by --store)\n`);
  const { code, err } = await runTask("preflight", at, { ask });
  assertEquals(code, 0);
  assertMatch(
    err,
    /^Store .*\n\+ Write 1 record that was lost\n(.*\n)+\nPlan: 1 repair; .*\n\n> Quarantine 1 orphan: .*\n {2}> 77 .*\n\nPlan: .* 1 to quarantine; .*\n\n$/,
  );
});

Deno.test("preflight keeps its backups where mltidy.yaml says, and undoes from there", async () => {
  await using store = await damagedStore(loseRun);
  const before = await readTree(store.root, EXCEPT);
  const config = join(store.root, "../mltidy.yaml");
  await Deno.writeTextFile(config, "backups: { directory: copies }\n");
  const { code, out } = await runTask("preflight", ["--quiet", "--store", store.root]);
  assertEquals(code, 0);
  const [, undo = ""] = /to undo: deno task restore (.*)/.exec(out) ?? [];
  assertMatch(undo, new RegExp(`^\\S+ --store ${store.root}$`));
  assertEquals([...Deno.readDirSync(join(store.root, "../copies"))].length, 2);
  assertEquals([...Deno.readDirSync(join(store.root, ".mltidy.trash/backups"))], []);
  assertEquals((await runTask("restore", undo.split(" "))).code, 0);
  assertSameTree(await readTree(store.root, EXCEPT), before);
});

Deno.test("preflight --check changes nothing, even without permission to, and ends with 3 while MLflow raises", async () => {
  await using store = await damagedStore(loseRun);
  const before = await readTree(store.root);
  const permissions = commandOf("repair").filter((word) => word.startsWith("-"));
  const { code, out } = await startTask("preflight", ["--check", "churn", "--store", store.root], {
    permissions,
  });
  assertEquals(code, 3);
  assertStringIncludes(
    out,
    `1 repair possible\nTo do so: deno task preflight churn --store ${store.root}\n`,
  );
  assertMatch(out, /\nNot ready: 1 error \(/);
  assertSameTree(await readTree(store.root), before);
});

Deno.test("preflight --json prints one document", async () => {
  await using store = await damagedStore(loseRun);
  const { code, out } = await runTask("preflight", ["churn", "--json", "--store", store.root]);
  const report = JSON.parse(out);
  assertEquals(code, 0);
  assertEquals([report.schema, report.store], ["mltidy/preflight/v1", store.root]);
  assertEquals([report.ready, report.checked, report.errors, report.left], [true, false, [], []]);
  assertEquals(report.experiment.outcome, "created");
  assertEquals(report.done.repair.outcomes[0].path, child);
  assertEquals(Object.keys(report.findings), ["error", "warning", "info"]);
});

Deno.test("preflight makes the store where nothing is, as run does, and says so; no other task does", async () => {
  await using directory = await memoryDirectory();
  const at = join(directory.path, "new/mlruns");
  const store = ["--store", at];
  for (
    const [task, ...words] of [
      ["preflight", "--check"],
      ["summary"],
      ["cleanup:apply", "--force"],
      ["repair:apply", "--force"],
    ]
  ) {
    const { code, out } = await runTask(task!, [...words, ...store]);
    assertEquals([code, out], [10, ""], task);
  }
  assertEquals((await runTask("preflight", ["it's", ...store])).code, 2);
  assertEquals([...Deno.readDirSync(directory.path)], []);
  const first = await runTask("preflight", ["churn", ...store]);
  assertEquals(first.code, 0, first.err);
  assertStringIncludes(first.err, `Made store ${at}: nothing was there\n`);
  assertMatch(first.out, /^Experiment \d+: created; to undo: /m);
  const again = await runTask("preflight", ["churn", ...store]);
  assertEquals([again.code, again.err.includes("Made")], [0, false]);
  const empty = join(directory.path, "empty");
  Deno.mkdirSync(empty);
  const bare = await runTask("preflight", ["--store", empty]);
  assertEquals(bare.code, 0, bare.err);
  assertStringIncludes(bare.err, `Made store ${empty}: nothing was there\n`);
});

Deno.test("preflight ends with 2 for a name that MLflow cannot look up, with 10 where --check finds no store", async () => {
  await using store = await damagedStore(() => {});
  const named = await runTask("preflight", ["it's", "--store", store.root]);
  assertEquals([named.code, named.out], [2, ""], named.err);
  assertStringIncludes(named.err, "single quote");
  const nowhere = await runTask("preflight", [
    "--check",
    "--store",
    join(PROJECT, "no-such-store"),
  ]);
  assertEquals([nowhere.code, nowhere.out], [10, ""]);
});
