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

const healthy = new Map<string, Promise<readonly string[]>>();

/** What is found in a healthy store: traces that MLflow 2 cannot read. */
function foundInHealthy(base: (typeof BASES)[number], reader: Reader): Promise<readonly string[]> {
  const key = `${base} ${JSON.stringify(reader)}`;
  const find = async () => {
    await using directory = await memoryDirectory();
    const root = join(directory.path, "mlruns");
    layOutHealthy(root, base);
    return (await verifyStore(root, reader)).map(nameOf);
  };
  const known = healthy.get(key) ?? find();
  healthy.set(key, known);
  return known;
}

/** What is found in a damaged store, and not in a healthy one. */
async function findingsOf(damage: Damage, reader: Reader): Promise<readonly Finding[]> {
  const before = await foundInHealthy(damage.base ?? "2.22", reader);
  await using directory = await memoryDirectory();
  const damaged = layOutDamaged(directory.path, damage);
  return (await verifyStore(damaged, reader)).filter((each) => !before.includes(nameOf(each)));
}

function nameOf({ rule, path }: Finding): string {
  return `${rule} ${path}`;
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

testEachVersion("verify finds nothing in the stores that are damaged", async () => {
  await using directory = await memoryDirectory();
  for (const base of BASES) {
    const root = join(directory.path, base, "mlruns");
    layOutHealthy(root, base);
    for (const kind of ["any", "migration"] as const) {
      const found = (await verifyStore(root, { kind })).map(({ rule }) => rule);
      // A deleted experiment is no damage, but what MLflow then says of its name is worth telling.
      assertEquals(found, kind === "any" ? ["experiment-name-held"] : []);
    }
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
