/**
 * Merging two stores: what the page shows is typed as it stands there.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { experiment, run, runId } from "../_support/builders.ts";
import { PROJECT, runTask } from "../_support/command.ts";
import { type TempDatabase, tempDatabase } from "../_support/database_store.ts";
import { diskStore } from "../_support/disk_store.ts";
import { exactRowsOf } from "../_support/owned_rows.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

const first = `${runId(2)}`;
const second = `${runId(3)}`;

const desk = () =>
  diskStore({
    experiments: [
      experiment({ id: "0", name: "Default" }),
      experiment({ id: "1", name: "birch", runs: [run({ id: runId(1) })] }),
    ],
  });

const laptop = () =>
  diskStore({
    experiments: [
      experiment({ id: "0", name: "Default", runs: [run({ id: first, name: "lap" })] }),
      experiment({
        id: "2",
        name: "oak",
        runs: [
          run({ id: second, name: "leaf" }),
          run({ id: runId(4), name: "going", status: "RUNNING", endTime: null }),
        ],
      }),
    ],
  });

/** The commands of the page, for directories or for databases, each by its words. */
function commandsOfPage(named: string, other: string): readonly (readonly string[])[] {
  const [, section = ""] = Deno.readTextFileSync(`${PROJECT}/tasks/README.md`)
    .split("## Merge two stores\n");
  const blocks = [...section.split("\n## ")[0]!.matchAll(/^```sh\n(.*?)^```$/gms)];
  const block = blocks.map(([, text = ""]) => text).find((text) => text.includes(named)) ?? "";
  return block.trimEnd().split("\n").map((line) =>
    line.replace(/ +#.*$/, "").split(" ").slice(2)
      .map((word) => word === `~/laptop/${named}` ? other : word)
  );
}

Deno.test("what the page says of merging two stores, typed, copies so much and no more, and back", async () => {
  await using store = await desk();
  await using other = await laptop();
  const look = (root: string) => readTree(root, { except: [".mltidy.trash"] });
  const [before, source] = [await look(store.root), await look(other.root)];
  const type = async ([task = "", ...words]: readonly string[]) => {
    const { code, out, err } = await runTask(task, [
      ...[...words, "--store", store.root, "--json", "--no-config"],
      ...(task.endsWith(":apply") ? ["--force"] : []),
    ]);
    assertEquals([code, err], [0, `Store ${store.root} (chosen by --store)\n`], task);
    return JSON.parse(out);
  };
  const pathsOf = (all: readonly { readonly path: string }[]) => all.map(({ path }) => path);
  const [one, part, apply, undo, ...more] = commandsOfPage("mlruns", other.root);
  assertEquals(more, []);
  const all = ["2", `0/${first}`, `2/${second}`];
  assertEquals(pathsOf((await type(one!)).actions), all);
  assertEquals(pathsOf((await type(part!)).actions), ["2", `2/${second}`]);
  assertEquals(pathsOf((await type(apply!)).outcomes), all);
  assertEquals((await type(["summary"])).runs.total, 3);
  assertEquals(pathsOf((await type(one!)).actions), []);
  await type(undo!);
  assertSameTree(await look(store.root), before);
  assertSameTree(await look(other.root), source);
});

Deno.test("what the page says of merging two databases, typed, copies so much and no more, and back", async () => {
  const [mine, theirs] = [runId(1), runId(2)];
  await using store = await tempDatabase({
    experiments: [experiment({ id: "1", name: "birch", runs: [run({ id: mine })] })],
  }, { artifacts: true, onDisk: true });
  await using other = await tempDatabase({
    experiments: [experiment({ id: "1", name: "oak", runs: [run({ id: theirs, name: "leaf" })] })],
  }, { artifacts: true, onDisk: true });
  const look = async ({ path, artifacts }: TempDatabase) =>
    [exactRowsOf(path), await readTree(artifacts)] as const;
  const [before, source] = [await look(store), await look(other)];
  const type = async ([task = "", ...words]: readonly string[]) => {
    const { code, out, err } = await runTask(task, [
      ...[...words, "--store", store.path, "--json", "--no-config"],
      ...(task.endsWith(":apply") ? ["--force"] : []),
    ]);
    assertEquals([code, err], [0, `Store ${store.uri} (chosen by --store)\n`], task);
    return JSON.parse(out);
  };
  const pathsOf = (all: readonly { readonly path: string }[]) => all.map(({ path }) => path);
  const [one, apply, undo, ...more] = commandsOfPage("mlflow.db", other.path);
  assertEquals(more, []);
  assertEquals(pathsOf((await type(one!)).actions), ["2", `2/${theirs}`]);
  assertEquals(pathsOf((await type(apply!)).outcomes), ["2", `2/${theirs}`]);
  assertEquals((await type(["summary"])).runs.total, 2);
  assertEquals(
    Deno.readTextFileSync(join(store.artifacts, `2/${theirs}/artifacts/report.txt`)),
    "leaf\n",
  );
  assertEquals(pathsOf((await type(one!)).actions), []);
  const itself = await runTask("merge", [
    ...["--from", store.path, "--store", store.path, "--no-config"],
  ]);
  assertEquals([itself.code, /into itself/.test(itself.err)], [2, true]);
  await type(undo!);
  assertEquals(await look(store), before);
  assertEquals(await look(other), source);
});

Deno.test("merge says in its first line what is copied where, names what stays, and saves its plan", async () => {
  await using store = await desk();
  await using other = await laptop();
  const where = ["--store", store.root, "--no-config"];
  const { out } = await runTask("merge", ["--from", other.root, ...where]);
  assertEquals(
    out.split("\n")[0],
    `2 runs and 1 experiment of ${other.root} are copied into ${store.root} (${other.root} is not changed); runs join Default (0), which is here.`,
  );
  assertStringIncludes(out, "Keep 1 run: still running");
  assertStringIncludes(out, "To carry it out: deno task merge:apply --from");
  const pending = await runTask("merge", ["--from", other.root, "--detailed-exitcode", ...where]);
  assertEquals(pending.code, 3);
  const unasked = await runTask("merge:apply", ["--from", other.root, ...where]);
  assertEquals(unasked.code, 2);
  const saved = join(store.outside, "plan.json");
  const { out: plan } = await runTask("merge", ["--from", other.root, "--json", ...where]);
  Deno.writeTextFileSync(saved, plan);
  assertStringIncludes((await runTask("show", [saved])).out, "are copied into");
  const applied = await runTask("apply", [saved, "--force", ...where]);
  assertEquals(applied.code, 0, applied.err);
  assertStringIncludes(applied.out, "Done: 3 copied; 0 B left the store");
});

Deno.test("merge refuses what it cannot merge, and says what helps", async () => {
  await using store = await desk();
  await using other = await laptop();
  await using database = await tempDatabase({ experiments: [experiment({ id: "0" })] });
  const refusal = async (words: readonly string[], into = store.root) => {
    const { code, err } = await runTask("merge", [...words, "--store", into, "--no-config"]);
    return [code, err.split("\n").find((line) => line.startsWith("Cannot"))];
  };
  assertEquals(await refusal([]), [
    2,
    "Cannot merge: say from where, such as --from ~/laptop/mlruns",
  ]);
  assertEquals(await refusal(["--from", store.root]), [
    2,
    `Cannot merge ${store.root} into itself: name another store`,
  ]);
  const nowhere = join(store.outside, "nowhere");
  assertEquals(await refusal(["--from", nowhere]), [
    10,
    `Cannot open store ${nowhere}: no such directory; name the store with --from DIR`,
  ]);
  assertEquals(await refusal(["--from", `sqlite:///${nowhere}.db`], database.uri), [
    10,
    `Cannot open store sqlite:///${nowhere}.db: no such file; name the store with --from, such as sqlite:///mlflow.db`,
  ]);
  assertEquals(await refusal(["--from", join(other.root, "2")]), [
    12,
    `Cannot open store ${other.root}/2: it is a part of store ${other.root}; name that with --from ${other.root}: \`deno task merge --from ${other.root} --store ${store.root} --no-config\``,
  ]);
  assertEquals((await refusal(["--from", database.uri]))[0], 12);
  assertEquals((await refusal(["--from", other.root], database.uri))[0], 12);
  assertEquals((await refusal(["--from", other.root, "--experiment", "ash"]))[0], 2);
});

Deno.test("a saved merge whose other store has gone names the command that plans it from another place", async () => {
  await using store = await desk();
  await using other = await laptop();
  const root = store.root;
  const { out } = await runTask("merge", ["--from", other.root, "--json", "--store", root]);
  const plan = join(store.outside, "plan.json");
  Deno.writeTextFileSync(plan, out);
  const elsewhere = join(other.outside, "moved");
  Deno.renameSync(other.root, elsewhere);
  const { code, err } = await runTask("apply", [plan, "--force", "--store", root]);
  assertEquals([code, err.split("\n").find((line) => line.startsWith("Cannot"))], [
    10,
    `Cannot open store ${other.root}: no such directory; name the store with --from DIR in a new plan: \`deno task merge --from DIR --json --store ${root} > plan.json\``,
  ]);
  const again = ["--from", elsewhere, "--json", "--store", root];
  Deno.writeTextFileSync(plan, (await runTask("merge", again)).out);
  assertEquals((await runTask("apply", [plan, "--force", "--store", root])).code, 0);
});

Deno.test("a saved merge, or move, that no longer holds names the command that plans it again", async () => {
  await using store = await desk();
  await using other = await laptop();
  const root = store.root;
  for (
    const words of [
      ["merge", "--from", other.root, "--experiment", "oak,Default", "--deleted"],
      ["move", "--to", "Default", "--run", `${runId(1)}`],
    ]
  ) {
    const { out } = await runTask(words[0]!, [...words.slice(1), "--json", "--store", root]);
    const saved = JSON.parse(out);
    const plan = join(store.outside, "plan.json");
    const actions = [{ ...saved.actions[0], stamp: "another" }];
    Deno.writeTextFileSync(plan, JSON.stringify({ ...saved, actions }));
    const { code, err } = await runTask("apply", [plan, "--force", "--store", root]);
    const [, again = ""] = /such as with `deno task (.*?) > plan\.json`/.exec(err) ?? [];
    assertEquals([code, again], [13, `${words.join(" ")} --json --store ${root}`]);
  }
});
