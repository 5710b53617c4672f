import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import {
  type Abortable,
  backup,
  cleanup,
  comparePolicies,
  explain,
  listBackups,
  openStore,
  preflight,
  prune,
  recover,
  repair,
  type Store,
  summary,
  verify,
  verifyBackups,
  writeDemoStore,
} from "mltidy";
import { policyOfAges } from "mltidy/policy";
import { safeRun, setupExperiment } from "mltidy/train";
import { OWN_DIRECTORY } from "../../../lib/store/names.ts";
import { tempStore } from "../../_support/disk_store.ts";
import { ROTTEN } from "../../_support/rotten_store.ts";
import { readTree } from "../../_support/tree.ts";

/** What an interruption ends with an error; what it ends with a report has tests of its own. */
type Task = (store: Store, options: Abortable) => Promise<unknown>;

/** What needs no more than a store and its options. */
const TASKS: Readonly<Record<string, Task>> = { summary, verify, repair, prune, cleanup, backup };

const MORE: Readonly<Record<string, Task>> = {
  "repair:apply": (store, options) => repair(store, { ...options, apply: true }),
  "cleanup:apply": (store, options) => cleanup(store, { ...options, apply: true }),
  "compare": (store, options) => {
    const policy = policyOfAges();
    return comparePolicies(store, { ...options, policy, other: policy });
  },
  "explain": (store, options) => explain(store, "x", { ...options, policy: policyOfAges() }),
  "preflight": (store, options) => preflight(store, "churn", options),
  "backup --list": listBackups,
  "backup --verify": verifyBackups,
  "recover": recover,
  "setupExperiment": (store, options) => setupExperiment(store, "churn", options),
  "safeRun": (store, options) => safeRun(store, { ...options, experimentId: "1" }, () => {}),
  "demo:store": (store, options) =>
    writeDemoStore(join(store.describe().location, "demo"), { ...options, now: Date.now() }),
};

for (const [name, task] of Object.entries({ ...TASKS, ...MORE })) {
  Deno.test(`${name} that is told to stop before it begins changes nothing`, async () => {
    await using temp = await tempStore(ROTTEN);
    await using store = await openStore(temp.root);
    const read = () => readTree(temp.root, { except: [OWN_DIRECTORY] });
    const before = await read();
    const signal = AbortSignal.abort();
    const { name } = await assertRejects(() => task(store, { signal }), DOMException);
    assertEquals([name, await read()], ["AbortError", before]);
  });
}
