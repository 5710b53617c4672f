/**
 * Random damage before the judge: where MLflow raises, `verify` names an error, and where `verify` finds
 * nothing, MLflow neither raises nor warns.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import fc from "../_support/fast_check.ts";
import { UnsupportedStoreError } from "../../lib/errors.ts";
import { verifySnapshot } from "../../lib/verify/verify_snapshot.ts";
import { locateStore } from "../../tasks/_file/locate_store.ts";
import { openStore } from "../../tasks/open_store.ts";
import { damageAtRandom, layOutRandom, randomDamageArbitrary } from "../_support/random_damage.ts";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { askStores } from "./damaged_stores.ts";
import { testEachVersion } from "./each_version.ts";

/** `MLTIDY_RANDOM_STORES=1000` draws so many stores, and others each time. */
const MORE = Deno.env.get("MLTIDY_RANDOM_STORES");
const STORES = MORE === undefined ? { numRuns: 60, seed: 4 } : { numRuns: Number(MORE) };

/** Where nothing is left to tell a store by, it is refused. */
async function isStore(root: string): Promise<boolean> {
  try {
    return await locateStore(root) === root;
  } catch (error) {
    if (error instanceof UnsupportedStoreError) return false;
    throw error;
  }
}

testEachVersion(
  "verify misses nothing of random damage on which MLflow raises",
  async (version) => {
    const name = version.name.startsWith("2.") ? "2.22" : "3.17";
    await using directory = await memoryDirectory();
    const parent = directory.path;
    const damages = fc.sample(randomDamageArbitrary(), STORES);
    const stores: Record<string, string> = {};
    const found = new Map<string, readonly string[]>();
    for (const [index, damage] of damages.entries()) {
      const root = join(parent, `${index}`, "mlruns");
      layOutRandom(root, damage);
      damageAtRandom(root, damage.blows);
      if (!await isStore(root)) continue;
      const key = `${index} ${damage.base} ${JSON.stringify(damage.blows)}`;
      stores[key] = root;
      await using store = await openStore(root);
      const findings = verifySnapshot(await store.read({ depth: "full" }), {
        reader: { kind: "mlflow", version: name },
      });
      found.set(key, findings.map(({ severity, rule, path }) => `${severity} ${rule} ${path}`));
    }
    const answers = await askStores(version, stores, parent, () => "changing");
    const missed = Object.entries(answers).flatMap(([key, { raised, warned }]) => {
      const findings = found.get(key) ?? [];
      const isError = findings.some((each) => each.startsWith("error"));
      const isWarning = findings.some((each) => each.startsWith("warning"));
      const [first] = Object.entries(raised);
      if (first !== undefined && !isError) {
        return [`${key}: ${first.join(": ")}, not ${findings}`];
      }
      return warned.length > 0 && !isError && !isWarning
        ? [`${key}: ${warned[0]}, not ${findings}`]
        : [];
    });
    assertEquals(missed, []);
    const raising = Object.values(answers).filter(({ raised }) => Object.keys(raised).length > 0);
    assert(raising.length > damages.length / 4, `${raising.length} of ${damages.length} raise`);
  },
);
