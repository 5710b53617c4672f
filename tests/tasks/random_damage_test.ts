import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { join } from "@std/path";
import type { StoreSnapshot } from "../../lib/model.ts";
import { verifySnapshot } from "../../lib/verify_snapshot.ts";
import { openStore } from "../../tasks/open_store.ts";
import type { Store } from "../../tasks/store.ts";
import { DAY, HOUR } from "../_support/builders.ts";
import { checkRepair, checkRepairAndUndo } from "../_support/check_repair.ts";
import { damageAtRandom, layOutRandom, randomDamageArbitrary } from "../_support/random_damage.ts";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { unreadableFiles } from "../_support/unreadable_files.ts";

/** `MLTIDY_RANDOM_STORES=20000` draws so many stores, and others each time. */
const MORE = Deno.env.get("MLTIDY_RANDOM_STORES");
const STORES = MORE === undefined ? { numRuns: 1000, seed: 4 } : { numRuns: Number(MORE) };

/** They say nothing about what else lies in the directory. */
const BESIDES = [
  "run-folder-missing",
  "run-id-missing",
  "run-artifact-uri-missing",
  "run-artifacts-moved",
  "deleted-time-null",
  "stale-run",
  "parent-run-missing",
  "missing-trash-directory",
];

/** What nobody can read, and no finding names, itself or something around it. */
function missedBy(snapshot: StoreSnapshot<"full">, unreadable: readonly string[]): unknown {
  const found = verifySnapshot(snapshot).filter(({ rule }) => !BESIDES.includes(rule))
    .map(({ path }) => `${path}/`);
  return unreadable.filter((path) => !found.some((each) => `${path}/`.startsWith(each)));
}

async function keepMetadata(store: Store): Promise<void> {
  await using locked = await store.lock({ task: "preflight" });
  await locked.keepMetadata(await store.read({ depth: "tags" }));
}

Deno.test("verify() misses no unreadable file of 1,000 random stores, and repair() leaves no error that it claims to mend", async () => {
  await using directory = await memoryDirectory();
  const now = Date.now() + HOUR;
  let count = 0;
  let unreadables = 0;
  let repaired = 0;
  await fc.assert(
    fc.asyncProperty(
      randomDamageArbitrary(),
      fc.boolean(),
      fc.nat({ max: 9 }),
      async (damage, keepsCopies, undo) => {
        const parent = join(directory.path, `${count++}`);
        const root = join(parent, "mlruns");
        layOutRandom(root, damage);
        const store = await openStore(root, { now: () => now });
        if (keepsCopies) await keepMetadata(store);
        damageAtRandom(root, damage.blows);
        const unreadable = unreadableFiles(root);
        unreadables += unreadable.length;
        const what = JSON.stringify(damage.blows);
        const check = undo === 0 ? checkRepairAndUndo : checkRepair;
        const checked = await check(store, { settle: 0, staleAfter: 90 * DAY }, what);
        if (checked.backup !== null) repaired++;
        assertEquals(missedBy(checked.damaged, unreadable), [], `${what}: verify misses nothing`);
        await Deno.remove(parent, { recursive: true });
      },
    ),
    STORES,
  );
  // Otherwise it would prove little.
  assert(
    unreadables > count / 2 && repaired > count / 2,
    `${unreadables}, ${repaired} of ${count}`,
  );
});
