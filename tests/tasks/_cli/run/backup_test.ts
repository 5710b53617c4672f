import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { experiment, orphan, run, runId } from "../../../_support/builders.ts";
import { runTask, startTask } from "../../../_support/command.ts";
import { diskStore, writeFiles } from "../../../_support/disk_store.ts";
import { assertSameTree, readTree } from "../../../_support/tree.ts";

const STORE = { experiments: [experiment({ id: "7", runs: [run({ id: runId(1) })] })] };

Deno.test("backup copies, lists, checks and expires, with the permissions that it has", async () => {
  await using place = await diskStore(STORE);
  const backup = (...words: readonly string[]) =>
    startTask("backup", [...words, "--quiet", "--store", place.root]);
  const json = async (...words: readonly string[]) =>
    JSON.parse((await backup(...words, "--json")).out);

  const made = await backup();
  assertEquals([made.code, made.err], [0, ""]);
  assertMatch(made.out, /^Backed up the store as \d{8}T\d{6}Z-backup: 5 files with .+ in them\.\n/);

  const { schema, backups: [{ id, path }] } = await json("--list");
  assertEquals(schema, "mltidy/backup-list/v1");
  assertStringIncludes((await backup("--list")).out, "copy of the store");

  assertEquals((await backup("--verify")).out.startsWith(`${id}: sound, 5 files, `), true);
  Deno.writeTextFileSync(join(path, "files/7/meta.yaml"), "");
  const faulty = await backup("--verify", id);
  assertEquals(faulty.code, 3);
  assertStringIncludes(faulty.out, `${id}: 1 fault`);
  assertStringIncludes(faulty.out, "  changed 7/meta.yaml: expected ");

  const kept = await json("--expire", "0d");
  assertEquals([kept.schema, kept.removed], ["mltidy/backup-expire/v1", []]);
  const planned = await backup("--expire", id, "--dry-run");
  assertEquals([planned.code, planned.out.startsWith(`Would remove ${id} `)], [0, true]);
  assertStringIncludes((await backup("--expire", id)).out, `Removed ${id} `);
  assertEquals((await backup("--list")).out, "No backups.\n");
});

Deno.test("backup --backups is relative to where the user types it", async () => {
  await using place = await diskStore(STORE);
  const words = ["--backups", "mine", "--metadata", "--json", "--store", place.root];
  const { code, out } = await runTask("backup", words, { directory: place.outside });
  assertEquals([code, JSON.parse(out).path.startsWith(join(place.outside, "mine/"))], [0, true]);
  const inside = await runTask("backup", ["--backups", "mlruns/mine", "--store", place.root], {
    directory: join(place.root, ".."),
  });
  assertEquals(inside.code, 2);
  assertStringIncludes(inside.err, `Cannot keep backups in ${place.root}/mine: it lies inside`);
});

Deno.test("copies and what is taken away lie where the configuration says, unless a flag does", async () => {
  await using place = await diskStore({ ...STORE, orphans: [orphan({ id: "8" })] });
  const beside = join(place.root, "..");
  writeFiles(beside, { "mltidy.yaml": "backups: { directory: copies }\n" });
  const run = async (task: string, ...words: readonly string[]) => {
    const { code, out, err } = await runTask(task, [...words, "--store", place.root]);
    assertEquals(code, 0, err);
    return out;
  };
  const copies = join(beside, "copies");
  const before = await readTree(place.root, { except: [".mltidy.trash"] });
  assertStringIncludes(await run("backup", "--json"), `"path": "${copies}/`);
  const applied = await run("cleanup:apply", "--force");
  assertStringIncludes(applied, `: ${copies}/`);
  const undo = /deno task restore (\S+) --store/.exec(applied);
  assertStringIncludes(await run("restore"), undo?.[1] ?? "");
  await run("restore", undo?.[1] ?? "");
  assertSameTree(await readTree(place.root, { except: [".mltidy.trash"] }), before);
  const own = join(place.root, ".mltidy.trash/backups");
  assertMatch(await run("backup", "--list", "--backups", own), /^No backups\.\n/);
});

Deno.test("backup --expire due takes the age from the configuration, and says when there is none", async () => {
  await using place = await diskStore(STORE);
  const backup = (...words: readonly string[]) =>
    runTask("backup", [...words, "--quiet", "--json", "--store", place.root]);
  const due = async (...words: readonly string[]) => {
    const { code, out, err } = await backup("--expire", "due", "--dry-run", ...words);
    assertEquals(code, 0, err);
    return JSON.parse(out).expired.length;
  };
  await backup();
  await backup();
  const refused = await backup("--expire", "due");
  assertEquals(refused.code, 2);
  assertStringIncludes(refused.err, "no mltidy.yaml says expire_after in backups");
  const config = (text: string) =>
    writeFiles(join(place.root, ".."), { "mltidy.yaml": `backups: ${text}\n` });
  config("{ expire_after: 0d, keep_last: 1 }");
  assertEquals([await due(), await due("--keep-last", "2")], [1, 0]);
  config("{ expire_after: 0d, keep_last: 2 }");
  assertEquals([await due(), await due("--keep-last", "1")], [0, 1]);
  config("{ expire_after: 1d, keep_last: 1 }");
  assertEquals(await due(), 0);
});

Deno.test("backup refuses a run that is not there as wrong usage", async () => {
  await using place = await diskStore(STORE);
  const { code, err } = await runTask("backup", ["--run", "none", "--store", place.root]);
  assertEquals(code, 2);
  assertStringIncludes(err, "Cannot back up run none: ");
});

Deno.test("backup that is told to stop exits with 130 and keeps nothing", async () => {
  await using place = await diskStore(STORE);
  Deno.truncateSync(join(place.root, `7/${runId(1)}/artifacts/report.txt`), 3 * 2 ** 30);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "tasks/cli.ts", "backup", "--quiet", "--store", place.root],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const staging = join(place.root, ".mltidy.trash/staging");
  while (!hasEntries(staging)) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill("SIGINT");
  const { code, stderr } = await child.output();
  assertEquals([code, hasEntries(staging)], [130, false]);
  assertStringIncludes(
    new TextDecoder().decode(stderr),
    "Backup stopped: nothing of it was kept\n",
  );
  assertEquals(hasEntries(join(place.root, ".mltidy.trash/backups")), false);
});

function hasEntries(directory: string): boolean {
  try {
    return [...Deno.readDirSync(directory)].length > 0;
  } catch {
    return false;
  }
}

Deno.test("backup --show and restore --list show what a backup holds, and change nothing", async () => {
  const old = { startTime: Date.UTC(2024, 0, 1), endTime: Date.UTC(2024, 0, 2) };
  await using place = await diskStore({
    experiments: [
      experiment({
        id: "7",
        name: "churn",
        runs: [1, 2].map((id) => run({ id: runId(id), name: `baseline ${id}`, ...old })),
      }),
    ],
  });
  const at = ["--store", place.root];
  assertEquals(
    (await runTask("restore", ["--last", "--list", ...at])).out,
    "Nothing to restore.\n",
  );
  await runTask("cleanup:apply", ["--force", ...at]);
  const before = await readTree(join(place.root, ".."));
  const { out } = await runTask("restore", ["--last", "--list", ...at]);
  assertMatch(
    out,
    /^(\S+-cleanup): cleanup, 2 changes to undo, of \S+ \S+ UTC; 2 files, [\d.]+ KiB\nIt lies in \/.*\nchurn \(7\), 2 runs, [\d.]+ KiB\n {2}baseline 1 {2}0+1\n {2}baseline 2 {2}0+2\n$/,
  );
  const [id = ""] = out.split(":");
  const page = await Deno.readTextFile(new URL("../../../../tasks/README.md", import.meta.url));
  const [, recipe = ""] = /what they take:\n\n```sh\n(.*?)```/s.exec(page) ?? [];
  const lines = recipe.replaceAll("~/project/mlruns", place.root).replace("ID", id).trim().split(
    "\n",
  );
  for (const line of lines) {
    const [, , task = "", ...words] = line.split(" ");
    assertEquals((await runTask(task, words)).out, out, line);
  }
  assertEquals(lines.length, 2);
  assertEquals((await runTask("restore", [id, "--list", ...at])).out, out);
  assertEquals((await runTask("backup", ["--show", id.slice(0, 16), ...at])).out, out);
  const shown = JSON.parse((await runTask("backup", ["--show", id, "--json", ...at])).out);
  assertEquals([shown.schema, shown.experiments[0].runs.length], ["mltidy/backup-show/v1", 2]);
  assertSameTree(await readTree(join(place.root, "..")), before);
  for (
    const [task, ...words] of [
      ["backup", "--show", id, "--list"],
      ["backup", "--show", "none"],
      ["restore", "--list", "--last", "--run", "baseline 1"],
    ] as const
  ) {
    assertEquals((await runTask(task, [...words, ...at])).code, 2, words.join(" "));
  }
});

Deno.test("a copy that is damaged is named by whatever needs it, with the code of what does not fit, and by nothing else", async () => {
  for (const file of ["entries.jsonl", "manifest.json"]) {
    for (const damage of ["cut", "gone"] as const) {
      // A directory without a manifest is no backup at all.
      if (file === "manifest.json" && damage === "gone") continue;
      await using place = await diskStore(STORE);
      const task = async (name: string, ...words: readonly string[]) => {
        const { code, out, err } = await runTask(name, [...words, "--store", place.root]);
        return { code, said: out + err };
      };
      const made = await runTask("backup", ["--json", "--store", place.root]);
      const { id, path } = JSON.parse(made.out);
      if (damage === "gone") Deno.removeSync(join(path, file));
      else Deno.truncateSync(join(path, file), 40);
      const isListed = file === "manifest.json";
      const codes: readonly (readonly [number, string, ...(readonly string[])])[] = [
        [isListed ? 0 : 13, "backup", "--show", id],
        [isListed ? 0 : 13, "restore", id, "--list"],
        [13, "restore", id, "--dry-run"],
        [13, "restore", id],
        [13, "restore", id, "--to", join(place.outside, "copy")],
        [3, "backup", "--verify", id],
        [3, "backup", "--verify"],
      ];
      for (const [code, name, ...words] of codes) {
        const told = await task(name, ...words);
        assertEquals(
          told.code,
          code,
          `${file} ${damage}: ${name} ${words.join(" ")}\n${told.said}`,
        );
        assertMatch(told.said, new RegExp(`Cannot read \\S+/${file}: .*; `));
      }
      assertEquals((await task("restore")).code, 0);
      assertEquals((await task("backup", "--list")).code, 0);
    }
  }
});
