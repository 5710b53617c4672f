/**
 * Conformance by damage: a healthy store is damaged in one way after the other, and `verify` must say
 * of each what MLflow itself does.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Severity } from "../../lib/verify/rule.ts";
import { type Finding, type Reader, verifySnapshot } from "../../lib/verify/verify_snapshot.ts";
import { openStore } from "../../tasks/open_store.ts";
import { type Damage, layOutDamaged, layOutHealthy } from "../_support/damage.ts";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { BASES, CORRECTED, judgeDamages, type Judgement, type Verdict } from "./damaged_stores.ts";
import { testEachVersion } from "./each_version.ts";
import type { MlflowVersion } from "./python.ts";

const judgements = new Map<string, Promise<readonly Judgement[]>>();

/** MLflow takes minutes: it is asked once. */
function judgementsOf(version: MlflowVersion): Promise<readonly Judgement[]> {
  const known = judgements.get(version.name) ?? judgeDamages(version);
  judgements.set(version.name, known);
  return known;
}

/** What is found in a damaged store; in a healthy one that is nothing, as a test below holds. */
async function findingsOf(damage: Damage, reader: Reader): Promise<readonly Finding[]> {
  await using directory = await memoryDirectory();
  return await verifyStore(layOutDamaged(directory.path, damage), reader);
}

async function verifyStore(root: string, reader: Reader): Promise<readonly Finding[]> {
  await using store = await openStore(root);
  return verifySnapshot(await store.read({ depth: "full" }), { reader });
}

function readerOf({ name }: MlflowVersion): Reader {
  return { kind: "mlflow", version: name.startsWith("2.") ? "2.22" : "3.17" };
}

const VERDICTS: Readonly<Record<Severity, Verdict>> = {
  error: "error",
  warning: "warning",
  info: "silent",
};

testEachVersion("verify says of every damage what MLflow does", async (version) => {
  const reader = readerOf(version);
  const judged = await judgementsOf(version);
  assert(judged.length > 150);
  const differences: string[] = [];
  for (const { damage, verdict, why } of judged) {
    const [worst] = await findingsOf(damage, reader);
    const own = worst === undefined ? "silent" : VERDICTS[worst.severity];
    if (own === verdict) continue;
    differences.push(`${damage.name}: ${verdict} (${why}), not ${own} (${worst?.rule})`);
  }
  assertEquals(differences, []);
});

testEachVersion("verify lists what a migration stumbles over", async (version) => {
  // MLflow 2 has no such command.
  if (version.name.startsWith("2.")) return;
  const differences: string[] = [];
  for (const { damage, stumbles, why } of await judgementsOf(version)) {
    const [found] = await findingsOf(damage, { kind: "migration" });
    if (stumbles === (found !== undefined)) continue;
    differences.push(`${damage.name}: ${stumbles} (${why}), not ${found?.rule}`);
  }
  assertEquals(differences, []);
});

testEachVersion("verify finds nothing in the stores that are damaged", async (version) => {
  await using directory = await memoryDirectory();
  const readers: readonly Reader[] = [{ kind: "any" }, { kind: "migration" }, readerOf(version)];
  for (const base of BASES) {
    const root = join(directory.path, base, "mlruns");
    layOutHealthy(root, base);
    for (const reader of readers) assertEquals(await verifyStore(root, reader), []);
  }
});

testEachVersion("no remedy takes from MLflow's sight what it showed", async (version) => {
  const wrong = (await judgementsOf(version)).flatMap(({ damage, lost, broken }) => {
    const { name, rule } = damage;
    const purpose = CORRECTED[rule ?? ""] ?? /^$/;
    const taken = lost.filter((path) => !purpose.test(path.slice(0, path.indexOf(" was "))));
    return [...taken, ...broken].slice(0, 3).map((one) => `${name} (${rule}): ${one}`);
  });
  assertEquals(wrong, []);
});
