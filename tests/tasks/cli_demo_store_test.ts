import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { runTask, startTask } from "../_support/command.ts";
import { writeFiles } from "../_support/disk_store.ts";
import { memoryDirectory, tempDirectory } from "../_support/temp_directory.ts";

/** Deno shows what lies in memory to nobody who has less. */
const ANY = ["--no-prompt", "-A"];

type Finding = { readonly path: string; readonly rule: string; readonly severity: string };

Deno.test("the main job on the example store", async (t) => {
  await using directory = await memoryDirectory();
  const parent = directory.path;
  const root = join(parent, "mlruns");
  const json = async (task: string, ...words: readonly string[]) => {
    const { code, out, err } = await runTask(task, [...words, "--json", "--store", root]);
    assertEquals(code, 0, err);
    return JSON.parse(out);
  };

  await t.step("demo:store writes it, and says what to type next", async () => {
    const { code, out, err } = await startTask("demo:store", ["mlruns"], {
      directory: parent,
      permissions: ANY,
    });
    assertEquals(code, 0, err);
    assertEquals(out, `Wrote ${root}: 15 experiments with 1,293 runs, 2 orphans\n`);
    assertEquals(err, `Next: deno task summary --store ${root}\n`);
  });

  await t.step("summary counts 15 experiments, 2 orphans and 1,293 runs", async () => {
    const { experiments, runs } = await json("summary");
    assertEquals([experiments.active, experiments.orphaned], [15, 2]);
    assertEquals([runs.total, runs.active], [1293, 1293]);
  });

  await t.step("verify finds fault with the orphans alone", async () => {
    const { findings, counts } = await json("verify");
    const places = findings
      .filter(({ severity }: Finding) => severity !== "info")
      .map(({ path }: Finding) => path.split("/")[0]);
    assertEquals([...new Set(places)].sort(), [
      "5fbbd685931c4616bdc67005b055056d",
      "70e4cbddb9bd4af6aa8bc94b7da92397",
    ]);
    assertEquals(counts.error, 0);
  });

  await t.step("cleanup plans 143 soft deletions and 2 quarantines", async () => {
    const { actions } = await json("cleanup");
    const count = (wanted: string) =>
      actions.filter(({ kind }: { readonly kind: string }) => kind === wanted).length;
    assertEquals(
      [count("soft-delete-run"), count("quarantine-orphan"), actions.length],
      [143, 2, 145],
    );
  });

  await t.step("cleanup:apply does just that", async () => {
    const { code, out, err } = await startTask("cleanup:apply", ["--force", "--store", root], {
      permissions: ANY,
    });
    assertEquals(code, 0, err);
    assertMatch(out, /^\S+Z Done: 143 soft-deleted, 2 quarantined; /);
  });

  await t.step("summary then counts 1,150 active runs and no orphan", async () => {
    const { experiments, runs } = await json("summary");
    assertEquals([experiments.active, experiments.orphaned], [15, 0]);
    assertEquals([runs.total, runs.active, runs.deleted], [1293, 1150, 143]);
  });

  await t.step("verify then finds nothing but runs that have been silent for long", async () => {
    const { findings, counts } = await json("verify");
    assertEquals([counts.error, counts.warning], [0, 0]);
    assertEquals(new Set(findings.map(({ rule }: Finding) => rule)), new Set(["stale-run"]));
  });

  await t.step("a second cleanup plans nothing", async () => {
    assertEquals((await json("cleanup")).actions, []);
  });

  await t.step("restore --last brings everything back", async () => {
    assertEquals((await json("restore", "--last")).changes, 145);
    const { experiments, runs } = await json("summary");
    assertEquals([experiments.orphaned, runs.active], [2, 1293]);
  });
});

Deno.test("the main job on the example store as a database", async () => {
  await using directory = await memoryDirectory();
  const uri = `sqlite:///${Deno.realPathSync(directory.path)}/mlflow.db`;
  const made = await runTask("demo:store", ["--kind", "sqlite", "."], {
    directory: directory.path,
  });
  assertEquals(made, {
    code: 0,
    out: `Wrote ${uri}: 15 experiments with 1,293 runs, 2 orphans\n`,
    err: `Next: deno task summary --store ${uri}\n`,
  });
  const json = async (task: string, ...words: readonly string[]) => {
    const { code, out, err } = await runTask(task, [...words, "--json", "--store", uri]);
    assertEquals(code, 0, err);
    return JSON.parse(out);
  };
  const counts = async () => {
    const { experiments, runs } = await json("summary");
    return [experiments.active, experiments.orphaned, runs.total, runs.active, runs.deleted];
  };
  assertEquals(await counts(), [15, 2, 1293, 1293, 0]);
  const { actions } = await json("cleanup");
  const kinds = actions.map(({ kind }: { readonly kind: string }) => kind);
  const wanted = [
    ...Array.from({ length: 143 }, () => "soft-delete-run"),
    ...["quarantine-orphan", "quarantine-orphan"],
  ];
  assertEquals(kinds.toSorted(), wanted.toSorted());
  const report = await json("cleanup:apply", "--force");
  assertEquals([report.complete, report.totals.applied], [true, actions.length]);
  assertEquals(await counts(), [15, 0, 1293, 1150, 143]);
  assertEquals((await json("cleanup")).actions, []);
  assertEquals((await json("restore", "--last")).changes, actions.length);
  assertEquals(await counts(), [15, 2, 1293, 1293, 0]);
});

Deno.test("demo:store overwrites nothing", async () => {
  await using directory = await tempDirectory();
  writeFiles(directory.path, { "notes.txt": "mine" });
  const { code, err } = await startTask("demo:store", [directory.path]);
  assertEquals(code, 2);
  assertStringIncludes(err, "expected an empty or new directory, found it in use");
});
