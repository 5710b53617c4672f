import { assertEquals, assertRejects } from "@std/assert";
import { UnsupportedStoreError } from "../../lib/errors.ts";
import { remedyText } from "../../lib/render/commands.ts";
import type { MlflowVersion } from "../../lib/verify/rule.ts";
import type { Finding } from "../../lib/verify/verify_snapshot.ts";
import { openStore } from "../../tasks/open_store.ts";
import { verify, type VerifyOptions } from "../../tasks/verify.ts";
import { damagedRun, experiment, NOW, orphan, run, runId, stray } from "../_support/builders.ts";
import { PROJECT, runTask } from "../_support/command.ts";
import { DELETED, layOutHealthy } from "../_support/damage.ts";
import { tempDatabase } from "../_support/database_store.ts";
import { diskStore, tempStore } from "../_support/disk_store.ts";
import { startMlflowDouble } from "../_support/mlflow_double.ts";
import { ROTTEN } from "../_support/rotten_store.ts";
import { unpackStore } from "../_support/testdata.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

async function verifyStore(root: string, options: VerifyOptions = {}) {
  await using store = await openStore(root, { now: () => NOW });
  return await verify(store, options);
}

/** Fixtures name the place of every fixture, as a store does that was moved. */
function wasMoved({ rule }: Finding): boolean {
  return rule.endsWith("-moved");
}

Deno.test("verify() finds only the name that is held in stores that MLflow 2 and 3 wrote", async () => {
  const parent = await Deno.makeTempDir({ prefix: "mltidy-" });
  try {
    for (const base of ["2.22", "3.17"] as const) {
      layOutHealthy(`${parent}/${base}/mlruns`, base);
      const root = `${parent}/${base}/mlruns`;
      const { findings, ...told } = await verifyStore(root);
      assertEquals(told, {
        schema: "mltidy/verify/v1",
        store: Deno.realPathSync(root),
        reader: { kind: "any" },
        counts: { error: 0, warning: 0, info: 1 },
      });
      assertEquals(findings.map(({ rule, path, remedy }) => [rule, path, remedy?.kind]), [
        ["experiment-name-held", `.trash/${DELETED}`, "cleanup"],
      ]);
    }
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
});

Deno.test("verify() tells that a store lay elsewhere when MLflow wrote it", async () => {
  await using store = await unpackStore("mlflow-3.17");
  const { findings } = await verifyStore(store.path);
  assertEquals(
    new Set(findings.map(({ severity, rule }) => `${severity} ${rule}`)),
    new Set([
      "info experiment-name-held",
      "warning experiment-location-moved",
      "warning logged-model-artifacts-moved",
      "warning model-source-moved",
      "warning run-artifacts-moved",
      "warning trace-artifacts-moved",
    ]),
  );
});

Deno.test("verify() says whether a version of MLflow opens the store, whatever is shown", async () => {
  await using store = await unpackStore("mlflow-3.17");
  const ask = async (version: MlflowVersion, options: VerifyOptions = {}) => {
    const reader = { kind: "mlflow", version } as const;
    const { passes, counts } = await verifyStore(store.path, { reader, ...options });
    return [passes, counts.error];
  };
  assertEquals(await ask("2.22"), [false, 1]);
  assertEquals(await ask("2.22", { severity: "info" }), [false, 0]);
  assertEquals(await ask("3.17"), [true, 0]);
  const { passes } = await verifyStore(store.path, { reader: { kind: "migration" } });
  assertEquals(passes, true);
});

Deno.test("verify() refuses an experiment that is not there", async () => {
  await using store = await unpackStore("mlflow-2.22");
  const { findings } = await verifyStore(store.path, { experiment: "Default" });
  assertEquals(findings.map(({ path }) => `${path}`), ["0"]);
  await assertRejects(
    () => verifyStore(store.path, { experiment: "default" }),
    RangeError,
    'Unknown experiment "default"',
  );
});

Deno.test("verify() finds what is wrong, errors first, and touches nothing", async () => {
  await using store = await tempStore({
    experiments: [
      experiment({
        id: "1",
        name: "twin",
        recordedStage: "deleted",
        runs: [run({ id: runId(1) })],
        damagedRuns: [
          damagedRun({ id: runId(2), damage: "io" }),
          damagedRun({ id: runId(3), damage: "missing" }),
        ],
      }),
      experiment({ id: "2", name: "twin", lifecycleStage: "deleted" }),
    ],
    orphans: [
      orphan({ id: "3", damage: "missing" }),
      orphan({ id: "4", damage: "empty" }),
      orphan({ id: "5", damage: "unreadable" }),
      orphan({ id: "6", damage: "incomplete" }),
      orphan({ id: "7", damage: "id-mismatch" }),
    ],
    strays: [
      stray({ path: "backups", kind: "backup-directory" }),
      stray({ path: ".git", kind: "unlistable-directory" }),
      stray({ path: "notes.txt" }),
    ],
  });
  const before = await readTree(store.root);
  const { findings: all, counts } = await verifyStore(store.root);
  const findings = all.filter((each) => !wasMoved(each));
  const found = findings.map(({ severity, rule, path }) => `${severity} ${rule} ${path}`);
  assertEquals(found.toSorted(), [
    "error experiment-meta-empty 4",
    "error experiment-meta-incomplete 6",
    "error experiment-meta-unreadable 5",
    `error run-meta-inaccessible 1/${runId(2)}`,
    "error unlistable-directory .git",
    "info store-in-working-directory .git",
    "warning backup-directory backups",
    "warning default-experiment-missing 0",
    "warning duplicate-experiment-name 1",
    "warning experiment-id-mismatch 7",
    "warning experiment-meta-missing 3",
    `warning run-meta-missing 1/${runId(3)}`,
    "warning stage-disagrees-with-location 1",
  ]);
  const severities = findings.map(({ severity }) => severity);
  assertEquals([...new Set(severities)], ["error", "warning", "info"]);
  assertEquals(counts, { error: 5, warning: 7 + all.length - findings.length, info: 1 });
  assertSameTree(await readTree(store.root), before);
});

Deno.test("verify() is content once a clean-up has been applied", async () => {
  await using store = await tempStore(ROTTEN);
  const { cleanup } = await import("../../tasks/cleanup.ts");
  await using opened = await openStore(store.root, { now: () => NOW });
  await cleanup(opened, { apply: true });
  const { findings } = await verifyStore(store.root);
  const found = findings.filter((each) => !wasMoved(each));
  assertEquals(found.map(({ rule, path }) => [rule, `${path}`]), [
    ["default-experiment-missing", "0"],
    ["experiment-meta-missing", "8"],
  ]);
});

const TIMES = experiment({
  id: "3",
  name: "timing",
  runs: [run({ id: runId(1) }), run({ id: runId(2) })],
});

Deno.test("verify() for a host tells what of a directory it cannot hold, as the page has it typed", async () => {
  await using store = await diskStore({ experiments: [TIMES] });
  const place = `${store.root}/3/${runId(1)}`;
  Deno.writeTextFileSync(`${place}/metrics/01: running time`, "1 2 0\n");
  Deno.writeTextFileSync(`${place}/metrics/acc`, "1 2 0\n");
  Deno.writeTextFileSync(`${place}/metrics/Acc`, "1 2 0\n");
  Deno.writeTextFileSync(`${place}/artifacts/a\\b`, "");
  Deno.mkdirSync(`${store.root}/.mltidy.trash/backups/aux`, { recursive: true });
  const before = await readTree(store.root);
  const [, block = ""] = /^### Onto Windows.*?^```sh\n(.*?)^```$/ms.exec(
    Deno.readTextFileSync(`${PROJECT}/tasks/README.md`),
  ) ?? [];
  const answers = await Promise.all(
    block.trimEnd().split("\n").map(async (line) => {
      const [task = "", ...words] = line.replace("~/project/mlruns", store.root).split(" ").slice(
        2,
      );
      const { code, out } = await runTask(task, [...words, "--no-config"]);
      return [code, ...out.split("\n").filter((one) => /^(error|warning|info) |hold/.test(one))];
    }),
  );
  assertEquals(answers, [
    [
      3,
      "error name-twins: 1",
      "error name-with-reserved-letter: 2",
      "Windows does not hold all of this store, because of 3 errors.",
    ],
    [3, "error name-twins: 1", "macOS does not hold all of this store, because of 1 error."],
    [
      3,
      "error name-with-backslash: 1",
      "An archive, tar or zip, does not hold all of this store, because of 1 error.",
    ],
  ]);
  assertSameTree(await readTree(store.root), before);
  // The same by rule and by experiment; what is asked for is the whole store.
  const host = { kind: "host", host: "windows" } as const;
  const { findings, passes } = await verifyStore(store.root, {
    reader: host,
    rule: "name-twins",
    experiment: "timing",
  });
  assertEquals(
    findings.map(({ path }) => `${path}`),
    [`3/${runId(1)}/metrics/acc`],
  );
  assertEquals(passes, false);
});

Deno.test("verify() for a host looks at the artifacts of a database, and refuses those that lie elsewhere", async () => {
  await using store = await tempDatabase({ experiments: [TIMES] }, { artifacts: true });
  await using opened = await openStore(store.uri);
  const reader = { kind: "host", host: "windows" } as const;
  const sound = await verify(opened, { reader });
  assertEquals([sound.findings, sound.passes], [[], true]);
  Deno.writeTextFileSync(`${store.artifacts}/3/${runId(2)}/artifacts/nul.txt`, "");
  const { findings } = await verify(opened, { reader });
  assertEquals(findings.map((one) => [one.rule, `${one.path}`, one.runId]), [
    ["name-of-device", `3/${runId(2)}/artifacts/nul.txt`, runId(2)],
  ]);
  await using server = await startMlflowDouble({ experiments: [TIMES] });
  await using remote = await openStore(server.uri);
  await assertRejects(
    () => verify(remote, { reader }),
    UnsupportedStoreError,
    "its artifacts do not lie on this machine",
  );
});

Deno.test("verify() proposes the purge that frees a held name, and only where it does", async () => {
  await using store = await tempStore({
    experiments: [
      experiment({ id: "0", name: "Default" }),
      experiment({ id: "1", name: "oak", runs: [run({ id: runId(1) })] }),
      ...["2", "3"].map((id) =>
        experiment({
          id,
          name: `held ${id}`,
          lifecycleStage: "deleted",
          recordedStage: "deleted",
          // When it was deleted is not known of the other.
          lastUpdateTime: id === "2" ? NOW - 1 : null,
        })
      ),
    ],
  });
  const held = async () =>
    (await verifyStore(store.root)).findings
      .filter(({ rule }) => rule === "experiment-name-held")
      .map(({ path, remedy }) => [path, remedyText(remedy)]);
  const [first, ...others] = await held();
  const command = "deno task cleanup --experiment 2 --purge-after 0d";
  const other = [".trash/3", "Restore it in MLflow"];
  assertEquals([first, ...others], [
    [".trash/2", `Purge the experiment with \`${command}\`, or restore it in MLflow`],
    other,
  ]);
  const words = command.split(" ").slice(3);
  const { code } = await runTask("cleanup:apply", [...words, "--force", "--store", store.root]);
  assertEquals([code, await held()], [0, [other]]);
});
