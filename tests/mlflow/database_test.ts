/**
 * One history that real MLflow keeps as files and, migrated, as a database: what mltidy says of both is the same.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { openStore, type Store, summary, verify } from "mltidy";
import { planCleanup } from "../../lib/cleanup/plan_cleanup.ts";
import { policyOf, readConfig } from "../../lib/policy/config.ts";
import { type CleanupPolicy, policyOfAges, readingOf } from "../../lib/policy/policy.ts";
import { DAY } from "../_support/builders.ts";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";
import { testEachVersion } from "./each_version.ts";
import { writeStore } from "./live_store.ts";
import { runPython } from "./python.ts";

const POLICIES: readonly CleanupPolicy[] = [
  policyOfAges(),
  ...[
    "retention: { keep_last: 1 }",
    "retention: { keep_best: { metric: val/loss, mode: min, n: 1 } }\nlimits: { max_share: 100% }",
    "retention: { keep_best: { metric: acc, mode: max, n: 1, per: lr }, keep_status: [FAILED] }",
    "retention: { keep_tags: [mlflow.parentRunId], keep_daily: 1 }\npurge: { after: 1d }",
  ].map((text) => policyOf(readConfig(text, "mltidy.yaml"))),
];

/** What MLflow says of the database, see `migrate_store.py`. */
interface Said {
  readonly experiments: Readonly<Record<string, number>>;
  readonly runs: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly registeredModels: readonly string[];
  readonly loggedModels: readonly string[];
}

testEachVersion("a migrated store is planned for as it was before", async (version) => {
  // MLflow 2 migrates nothing.
  if (version.name.startsWith("2.")) return;
  await using files = await writeStore(version);
  await using elsewhere = await memoryDirectory();
  const path = join(elsewhere.path, "mlflow.db");
  const said = await runPython(version, "migrate_store.py", [files.path, path]) as Said;
  const before = await readTree(elsewhere.path);
  const now = () => Date.now() + 90 * DAY;
  await using store = await openStore(files.path, { now });
  await using database = await openStore(`sqlite:///${path}`, { now });

  const { experiments, runs } = await summary(database);
  const byStatus = Object.fromEntries(
    Object.entries(runs.byStatus).filter(([, count]) => count > 0),
  );
  assertEquals([experiments.active, experiments.deleted], [
    said.experiments["active"],
    said.experiments["deleted"],
  ]);
  assertEquals([runs.total, byStatus], [
    (said.runs["active"] ?? 0) + (said.runs["deleted"] ?? 0),
    said.byStatus,
  ]);
  const snapshot = await database.read({ depth: "full" });
  assertEquals(snapshot.registeredModels.map(({ name }) => name), said.registeredModels);
  assertEquals(
    snapshot.experiments.flatMap(({ loggedModels }) => loggedModels.map(({ id }) => id)).toSorted(),
    said.loggedModels.toSorted(),
  );
  assertEquals(
    (await verify(database)).findings.filter(({ severity }) => severity === "error"),
    [],
  );

  for (const policy of POLICIES) {
    const plan = await inShort(store, policy);
    assertEquals(await inShort(database, policy), plan);
    assert(plan.length > 0);
  }
  assertSameTree(await readTree(elsewhere.path), before);
});

/** What of each thing is planned, and why: ages differ by what was written when. */
async function inShort(store: Store, policy: CleanupPolicy): Promise<readonly string[]> {
  const snapshot = await store.read({ depth: "tags", ...readingOf(policy) });
  const { actions, kept } = planCleanup(snapshot, policy, { now: store.now() });
  return [...actions, ...kept].map(({ kind, path, reasons }) =>
    `${kind} ${path.replace(".trash/", "")}: ${reasons.map((one) => one.kind).join(" ")}`
  ).toSorted();
}
