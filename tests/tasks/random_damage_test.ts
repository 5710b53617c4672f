import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import fc from "../_support/fast_check.ts";
import { planCleanup } from "../../lib/cleanup/plan_cleanup.ts";
import { policyOf, readConfig } from "../../lib/policy/config.ts";
import { type CleanupPolicy, policyOfAges, readingOf } from "../../lib/policy/policy.ts";
import type { StoreSnapshot } from "../../lib/store/snapshot.ts";
import { formatCount } from "../../lib/text/units.ts";
import { verifySnapshot } from "../../lib/verify/verify_snapshot.ts";
import { openStore } from "../../tasks/open_store.ts";
import { lockStore } from "../../tasks/ports/lock_store.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { DAY, HOUR } from "../_support/builders.ts";
import { depth, draws } from "../_support/depth.ts";
import { checkRepair, checkRepairAndUndo } from "../_support/check_repair.ts";
import {
  CHILD,
  child,
  healthyFiles,
  input,
  LOGGED_MODEL,
  MAIN,
  model,
  output,
  PARENT,
  REGISTERED,
  REMOVED,
  trace,
} from "../_support/damage.ts";
import { type Files, writeFiles } from "../_support/disk_store.ts";
import {
  damageAtRandom,
  harmArbitrary,
  harmFile,
  layOutRandom,
  listAll,
  randomDamageArbitrary,
} from "../_support/random_damage.ts";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { unreadableFiles } from "../_support/unreadable_files.ts";

const STORES = draws(24, 1000, 4);

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
  await using locked = await lockStore(store, { task: "preflight" });
  await locked.mending!.keepMetadata(await store.read({ depth: "tags" }));
}

Deno.test(`verify() misses no unreadable file of ${formatCount(STORES.numRuns)} random stores, and repair() leaves no error that it claims to mend`, async () => {
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

const config = (text: string) => policyOf(readConfig(text, "test"));

/** What a store is cleaned up by: the default, and rules of every kind. */
const POLICIES: readonly CleanupPolicy[] = [
  policyOfAges(),
  policyOfAges({ olderThan: 0, purgeAfter: 0, settle: 0 }),
  config(
    "retention: { keep_within: 30d, children: together }\npurge: { artifacts_only: '*', after: 1d }",
  ),
  config("retention: { keep_last: 1, children: own }\npurge: { artifacts_only: '*', after: 1d }"),
  config("retention: { keep_daily: 1, keep_tags: [keep] }\npurge: { artifacts_only: '**' }"),
  config("retention: { keep_best: [{ metric: loss, mode: min, n: 1 }] }"),
  config("retention: { keep_last: 1, group_by: lr }\nprotect: { unsafe_young: true }"),
  config("retention: { keep_last: 1 }\nrules: [{ experiments: 'churn*', keep_last: 2 }]"),
];

/** A store of MLflow 3 in which much needs something else: runs that stay for one reason alone. */
function layOutNeeds(root: string, now: number): void {
  const base = healthyFiles(root, "3.17");
  const copies = [PARENT, CHILD, REGISTERED, REMOVED].flatMap((former, index) => {
    const id = copyOf(index);
    return Object.entries(base)
      .filter(([path]) => path.startsWith(`${MAIN}/${former}/`) && !path.includes("/outputs/"))
      .map(([path, text]) => [path.replace(former, id), text?.replaceAll(former, id) ?? null]);
  });
  writeFiles(root, {
    ".trash": null,
    ...base,
    ...Object.fromEntries(copies),
    ...neededModels(base),
    [`${MAIN}/${copyOf(2)}/tags/mltidy.pin`]: "",
    [`${MAIN}/${copyOf(0)}/tags/keep`]: "yes",
    [`${MAIN}/${copyOf(2)}/tags/mlflow.parentRunId`]: PARENT,
    [`${MAIN}/${copyOf(0)}/artifacts/weights`]: "heavy",
  });
  // One run of those has just ended.
  const young = join(root, MAIN, copyOf(0), "meta.yaml");
  const text = Deno.readTextFileSync(young);
  Deno.writeTextFileSync(young, text.replace(/^end_time: .*$/m, `end_time: ${now - HOUR}`));
}

/** The id of a run's copy: of digits alone it would be a number to YAML. */
function copyOf(number: number): string {
  return `${number}`.repeat(31) + "f";
}

/** Logged models that are left without their run, or deleted: two may go, the others stay for one reason each. */
function neededModels(base: Files): Files {
  const modelOf = (digit: string, source: string, isDeleted = false) => {
    const id = `m-${digit.repeat(32)}`;
    const files = Object.entries(base)
      .filter(([path]) => path.startsWith(`${model}/`) && !path.includes("/metrics/"))
      .map(([path, text]) => [
        path.replace(LOGGED_MODEL, id),
        text?.replaceAll(LOGGED_MODEL, id).replace(CHILD, source)
          .replace(
            /^model_id:/m,
            isDeleted ? "lifecycle_stage: deleted\nmodel_id:" : "model_id:",
          ) ??
          null,
      ]);
    return Object.fromEntries(files);
  };
  const lost = "f".repeat(32);
  const id = (digit: string) => `m-${digit.repeat(32)}`;
  return {
    ...modelOf("a", copyOf(3)),
    ...modelOf("9", lost),
    ...modelOf("b", lost),
    [`${MAIN}/models/${id("b")}/tags/mltidy.pin`]: "",
    ...modelOf("c", lost),
    [`${child}/outputs/${id("c")}/meta.yaml`]: base[`${output}/meta.yaml`]!
      .replaceAll(LOGGED_MODEL, id("c")),
    ...modelOf("d", lost, true),
    [`${MAIN}/${PARENT}/inputs/d/meta.yaml`]: base[`${input}/meta.yaml`]!
      .replace("DATASET", "MODEL").replace(/source_id: .*/, `source_id: ${id("d")}`),
    ...modelOf("e", lost),
    [`${trace}/request_metadata/mlflow.modelId`]: id("e"),
    ...modelOf("8", lost),
    [`${MAIN}/models/${id("8")}/metrics/acc`]: `1777593627000 0.91 4 ${CHILD}\n`,
  };
}

/** What is taken away, by kind and path, without what holds nothing. */
async function removals(
  root: string,
  policy: CleanupPolicy,
  now: number,
): Promise<readonly string[]> {
  await using store = await openStore(root, { now: () => now });
  const snapshot = await store.read({ depth: "tags", ...readingOf(policy) });
  const bare = new Set<string>(
    snapshot.orphans.filter((one) => one.runs.length + one.damagedRuns.length === 0)
      .map(({ path }) => path),
  );
  return planCleanup(snapshot, policy, { now }).actions
    .filter(({ kind, path }) => kind !== "quarantine-orphan" || !bare.has(path))
    .map(({ kind, path }) => `${kind} ${path}`);
}

/** What a rule ranks by may be one value as well as another: no text of it is damage. */
function isAmbiguous(path: string, way: string): boolean {
  return /\/(?:metrics|params)\//.test(path) && way !== "pipe" && way !== "directory";
}

Deno.test("whatever happens to a file, a clean-up takes nothing that it would not take without", async () => {
  await using directory = await memoryDirectory();
  const root = join(directory.path, "mlruns");
  const now = Date.now() + HOUR;
  layOutNeeds(root, now);
  const healthy = await Promise.all(POLICIES.map((policy) => removals(root, policy, now)));
  assertEquals(healthy.map(({ length }) => length > 0), POLICIES.map(() => true), "something goes");
  const models = healthy[1]!.filter((one) => one.startsWith("purge-logged-model"));
  assertEquals(
    models.map((one) => one.slice(-1)),
    ["9", "a"],
    "of those that something needs none",
  );
  const files = listAll(root).filter(({ isFile }) => isFile).map(({ path }) => path);
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(harmArbitrary(), fc.nat(), async (harm, chosen) => {
      const path = files[harm.target % files.length]!;
      if (isAmbiguous(path, harm.way)) return;
      const policy = chosen % POLICIES.length;
      const putBack = harmFile(join(root, path), harm);
      const now_ = await removals(root, POLICIES[policy]!, now).finally(putBack);
      taken += now_.length;
      const more = now_.filter((one) => !healthy[policy]!.includes(one));
      assertEquals(more, [], `${path}: ${harm.way} at ${harm.at}, policy ${policy}`);
    }),
    draws(120, 2000, 7),
  );
  // Otherwise it would prove little.
  assert(taken > depth(50, 1000), `${taken}`);
});
