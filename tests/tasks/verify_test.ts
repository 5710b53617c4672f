import { assertEquals } from "@std/assert";
import { openStore } from "../../tasks/store.ts";
import { verify } from "../../tasks/verify.ts";
import { damagedRun, experiment, NOW, orphan, run, runId, stray } from "../_support/builders.ts";
import { tempStore } from "../_support/disk_store.ts";
import { ROTTEN } from "../_support/rotten_store.ts";
import { unpackStore } from "../_support/testdata.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

async function verifyStore(root: string) {
  await using store = await openStore(root, { now: () => NOW });
  return await verify(store);
}

Deno.test("verify() finds nothing in stores that MLflow 2 and 3 wrote", async () => {
  for (const name of ["mlflow-2.22", "mlflow-3.17"] as const) {
    await using store = await unpackStore(name);
    assertEquals(await verifyStore(store.path), {
      findings: [],
      counts: { error: 0, warning: 0, info: 0 },
    });
  }
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
  const { findings, counts } = await verifyStore(store.root);
  const found = findings.map(({ severity, rule, path }) => `${severity} ${rule} ${path}`);
  assertEquals(found.toSorted(), [
    "error experiment-meta-empty 4",
    "error experiment-meta-incomplete 6",
    "error experiment-meta-unreadable 5",
    `error run-meta-inaccessible 1/${runId(2)}`,
    "error unlistable-directory .git",
    "warning backup-directory backups",
    "warning duplicate-experiment-name 1",
    "warning experiment-id-mismatch 7",
    "warning experiment-meta-missing 3",
    `warning run-meta-missing 1/${runId(3)}`,
    "warning stage-disagrees-with-location 1",
  ]);
  const severities = findings.map(({ severity }) => severity);
  assertEquals(severities, severities.toSorted());
  assertEquals(counts, { error: 5, warning: 6, info: 0 });
  assertSameTree(await readTree(store.root), before);
});

Deno.test("verify() is content once a clean-up has been applied", async () => {
  await using store = await tempStore(ROTTEN);
  const { cleanup } = await import("../../tasks/cleanup.ts");
  await using opened = await openStore(store.root, { now: () => NOW });
  await cleanup(opened, { apply: true });
  const { findings } = await verifyStore(store.root);
  assertEquals(findings.map(({ rule, path }) => [rule, `${path}`]), [
    ["experiment-meta-missing", "8"],
  ]);
});
