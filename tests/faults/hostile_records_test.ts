import { assert, assertEquals, assertRejects } from "@std/assert";
import { DamagedBackupError, PlanError } from "../../lib/errors.ts";
import { dirname, join } from "@std/path";
import { parsePlan } from "../../lib/plan/parse_plan.ts";
import { fingerprintOf } from "../../lib/snapshot/fingerprint.ts";
import { measureTree, newMeasurer } from "../../tasks/_file/scan/measure.ts";
import { applyPlan } from "../../tasks/apply_plan.ts";
import { backup } from "../../tasks/backups/backup.ts";
import { expireBackups } from "../../tasks/backups/expire_backups.ts";
import { recover } from "../../tasks/backups/recover.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { lockStore } from "../../tasks/ports/lock_store.ts";
import { runId } from "../_support/builders.ts";
import { type TempStore, writeFiles } from "../_support/disk_store.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";
import { cleanUpAndBack, open, PURGED, replaceByLink, rubbish, writeOutside } from "./rubbish.ts";

const HOSTILE = [
  "..",
  "../outside",
  "/etc",
  "a/../..",
  ".",
  "a\0b",
  "1/../../outside/precious",
  "",
];
const ODD = ["a\nb", "\u001b[31mred", "a\\..\\..", "…", "-rf", "~", "$HOME", "%2e%2e"];

for (const id of [...HOSTILE, ...ODD]) {
  Deno.test(`cleanup() trusts no id from a meta.yaml: ${JSON.stringify(id)}`, async () => {
    await using store = await rubbish();
    writeOutside(store, { "a": "kept" });
    for (const path of ["1", `1/${runId(1)}`, `1/${runId(2)}`, ".trash/2"]) {
      const meta = join(store.root, path, "meta.yaml");
      const text = Deno.readTextFileSync(meta)
        .replace(/^(run_id|run_uuid|experiment_id): .*$/gm, `$1: ${JSON.stringify(id)}`);
      Deno.writeTextFileSync(meta, text);
    }
    await cleanUpAndBack(store);
  });

  Deno.test(`apply trusts no path of a saved plan: ${JSON.stringify(id)}`, async () => {
    await using store = await rubbish();
    writeOutside(store, { "a": "kept" });
    await using opened = await open(store);
    const before = await readTree(dirname(store.root), { except: ["mlruns/.mltidy.trash"] });
    const { plan } = await cleanup(opened);
    const actions = plan.actions.map((action) => ({ ...action, path: id, name: id }));
    try {
      const parsed = parsePlan(JSON.stringify({ ...plan, actions }), "plan.json");
      await using locked = await lockStore(opened, { task: "apply" });
      const report = await applyPlan(locked, parsed);
      assertEquals(report.totals.applied, 0);
    } catch (error) {
      assert(error instanceof PlanError, String(error));
    }
    assertSameTree(
      await readTree(dirname(store.root), { except: ["mlruns/.mltidy.trash"] }),
      before,
    );
  });
}

Deno.test("apply never touches our own directory, whatever a saved plan says", async () => {
  await using store = await rubbish();
  await using opened = await open(store);
  const { report } = await cleanup(opened, { apply: true });
  const { plan } = await cleanup(opened, { olderThan: 0, purgeAfter: 0 });
  const { id } = report!.backup!;
  const paths = [`backups/${id}`, `backups/${id}/files/3`, "journal", "lock", "README.txt"];
  const kept = await readTree(join(store.root, ".mltidy.trash/backups"));
  for (const path of paths.map((path) => `.mltidy.trash/${path}`)) {
    const action = {
      kind: "quarantine-orphan",
      path,
      name: "x",
      stamp: (await measureTree(join(store.root, path), newMeasurer()))?.stamp,
      reasons: [{ kind: "orphan", damage: "missing", message: "x" }],
      usage: { bytes: 0, files: 0 },
    };
    try {
      const parsed = parsePlan(JSON.stringify({ ...plan, actions: [action] }), "plan.json");
      await using locked = await lockStore(opened, { task: "apply" });
      const report = await applyPlan(locked, parsed);
      assertEquals([path, report.totals.applied], [path, 0]);
    } catch (error) {
      assert(error instanceof PlanError, String(error));
    }
  }
  assertSameTree(await readTree(join(store.root, ".mltidy.trash/backups")), kept);
});

/** Each thing that a step may say, as a part of which action, and where below what that acts on. */
const OPERATIONS = [
  ["purge-run", "", { kind: "move-tree" }],
  ["create-dirs", "/metrics", { kind: "create-dir" }],
  ["write-meta", "/meta.yaml", {
    kind: "replace-file",
    content: { kind: "text", text: "ours" },
  }],
  ["write-meta", "/meta.yaml", {
    kind: "replace-file",
    content: { kind: "new-text", text: "kept" },
  }],
] as const;

for (const direction of ["apply", "restore"] as const) {
  for (const [action, below, operation] of OPERATIONS) {
    for (const leaf of ["empty", "file", "missing"]) {
      const content = "content" in operation ? ` of ${operation.content.kind}` : "";
      Deno.test(`recover() takes no ${operation.kind}${content} back through a link: ${direction}, ${leaf}`, async () => {
        await using store = await rubbish();
        const precious = writeOutside(store, { [`file${below}`]: "kept", [`empty${below}`]: null });
        await using opened = await open(store);
        const { report } = await cleanup(opened, { apply: true });
        const { id, path: backup } = report!.backup!;
        const before = await readTree(store.outside);
        replaceByLink(join(store.root, "1"), precious);
        writeFiles(join(backup, "files/1"), { [`${leaf}${below}`]: "from the backup" });
        if (direction === "apply") Deno.removeSync(join(backup, "manifest.json"));
        writeJournal(store, id, {
          id,
          direction,
          steps: [{
            action,
            subject: `1/${leaf}`,
            operation: { ...operation, path: `1/${leaf}${below}` },
          }],
          directories: [{ path: "1", before: 5 }, { path: "1/empty", before: 5 }],
        });
        await recover(opened).catch((error) => assert(error instanceof Error));
        assertSameTree(await readTree(store.outside), before);
      });
    }
  }
}

for (const id of [...HOSTILE, ...ODD]) {
  Deno.test(`recover() trusts no path and no id of a journal: ${JSON.stringify(id)}`, async () => {
    await using store = await rubbish();
    writeOutside(store, { "a": "kept" });
    await using opened = await open(store);
    const { report } = await cleanup(opened, { apply: true });
    const except = { except: ["mlruns/.mltidy.trash/journal", "mlruns/.mltidy.trash/lock"] };
    const before = await readTree(dirname(store.root), except);
    const { id: backup } = report!.backup!;
    for (const hostile of [{ id }, { id: backup, path: id }, { id: backup, directory: id }]) {
      const { path = "3", directory = "" } = hostile;
      const json = JSON.stringify({
        ...{ type: "begin", schema: "mltidy/journal/v1", id: hostile.id, direction: "restore" },
        ...{ task: "x", startedAt: 1, directories: [{ path: directory, before: 5 }] },
        steps: "path" in hostile
          ? [{ action: "quarantine-stray", subject: path, operation: { kind: "move-tree", path } }]
          : [],
      });
      const journal = join(store.root, ".mltidy.trash/journal", `${backup}.jsonl`);
      Deno.writeTextFileSync(journal, `${fingerprintOf([json])} ${json}\n`);
      if (HOSTILE.includes(id) && !("directory" in hostile && id === "")) {
        await assertRejects(() => recover(opened), DamagedBackupError);
        assertSameTree(await readTree(dirname(store.root), except), before);
      } else {
        await recover(opened).catch((error) => assert(error instanceof Error));
      }
      if (await Deno.stat(journal).catch(() => null)) Deno.removeSync(journal);
    }
  });

  Deno.test(`restore() trusts no path of a manifest: ${JSON.stringify(id)}`, async () => {
    await using store = await rubbish();
    writeOutside(store, { "a": "kept" });
    await using opened = await open(store);
    const { report } = await cleanup(opened, { apply: true });
    const manifest = join(report!.backup!.path, "manifest.json");
    const text = Deno.readTextFileSync(manifest);
    const before = await readTree(dirname(store.root), { except: ["mlruns/.mltidy.trash"] });
    for (const where of ["steps", "directories"] as const) {
      const parsed = JSON.parse(text);
      if (where === "steps") parsed.steps[0].operation.path = id;
      else parsed.directories[0].path = id;
      Deno.writeTextFileSync(manifest, JSON.stringify(parsed));
      const restored = restore(opened, { id: report!.backup!.id });
      if (HOSTILE.includes(id) && !(where === "directories" && id === "")) {
        await assertRejects(() => restored);
        const after = await readTree(dirname(store.root), { except: ["mlruns/.mltidy.trash"] });
        assertSameTree(after, before);
      } else {
        await restored.catch((error) => assert(error instanceof Error));
        break;
      }
    }
  });
}

Deno.test("recover() believes no step that nobody plans, and says how to set the journal aside", async () => {
  await using store = await rubbish();
  await using opened = await open(store);
  const { report } = await cleanup(opened, { apply: true });
  const { id } = report!.backup!;
  const run = `1/${runId(1)}`;
  const move = (path: string) => ({ kind: "move-tree", path });
  const forged = [
    { action: "x", subject: run, operation: move(run) },
    { action: "purge-run", subject: "1", operation: move("1") },
    { action: "purge-run", subject: run, operation: move("2") },
    { action: "soft-delete-run", subject: run, operation: move(`${run}/meta.yaml`) },
    { action: "create-dirs", subject: run, operation: { kind: "create-dir", path: `${run}/x` } },
  ];
  for (const step of forged) {
    for (const direction of ["apply", "restore"]) {
      const path = writeJournal(store, id, { id, direction, steps: [step], directories: [] });
      const except = [".mltidy.trash/lock"];
      const before = await readTree(store.root, { except });
      const { message } = await assertRejects(
        () => recover(opened),
        DamagedBackupError,
        "expected steps",
      );
      assertSameTree(await readTree(store.root, { except }), before);
      const [, ...words] = /mv (\S+) (\S+)$/.exec(message)!;
      assertEquals(words, [path, `${path}.damaged`]);
      Deno.renameSync(words[0]!, words[1]!);
      assertEquals((await recover(opened)).settled, []);
    }
  }
});

for (const direction of ["apply", "restore"] as const) {
  Deno.test(`recover() frees nothing of a backup that no step of a forged journal brings back: ${direction}`, async () => {
    await using store = await rubbish();
    await using opened = await open(store);
    const { report } = await cleanup(opened, { apply: true });
    const { id, path: backup } = report!.backup!;
    if (direction === "apply") Deno.removeSync(join(backup, "manifest.json"));
    writeFiles(join(backup, "files"), { "notes.txt": "in no manifest" });
    const files = async () =>
      [...await readTree(join(backup, "files"))].filter(([, { kind }]) => kind === "file")
        .map(([path]) => path);
    const kept = await files();
    writeJournal(store, id, { id, direction, steps: [], directories: [] });
    await recover(opened);
    assertEquals(await files(), kept);
  });
}

/** Leaves the journal of a change that was cut off, as somebody may have forged it. */
function writeJournal({ root }: TempStore, name: string, begin: Readonly<Record<string, unknown>>) {
  const head = { type: "begin", schema: "mltidy/journal/v1", task: "x", startedAt: 1 };
  const json = JSON.stringify({ ...head, ...begin });
  const path = join(root, ".mltidy.trash/journal", `${name}.jsonl`);
  Deno.writeTextFileSync(path, `${fingerprintOf([json])} ${json}\n`);
  return path;
}

for (const below of ["", "/files", "/files/1", `/files/${PURGED}`]) {
  Deno.test(`a backup has a link in it, and nothing is taken through it: ID${below}`, async () => {
    await using store = await rubbish();
    await using opened = await open(store);
    const { report } = await cleanup(opened, { apply: true });
    const { id, path } = report!.backup!;
    const precious = join(store.outside, "precious");
    Deno.renameSync(`${path}${below}`, precious);
    Deno.symlinkSync(precious, `${path}${below}`);
    const before = await readTree(precious);
    const to = join(store.outside, "to");
    const tasks = [
      () => restore(opened, { id }),
      () => restore(opened, { id, to }),
      () => restore(opened, { id, dryRun: true }),
      () => backup(opened),
      () => expireBackups(opened, { which: { id } }),
      () => recover(opened),
    ];
    for (const task of tasks) {
      await task().catch((error) => assert(error instanceof Error));
      assertSameTree(await readTree(precious), before);
    }
  });
}
