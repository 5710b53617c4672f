import { assertEquals } from "@std/assert";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { NO_EVIDENCE } from "../../../lib/plan/repair_action.ts";
import { planRepair } from "../../../lib/repair/plan_repair.ts";
import { proveRemedies, repairsAskedFor } from "../../../lib/answers/prove_remedies.ts";
import type { StoreSnapshot } from "../../../lib/store/snapshot.ts";
import { verifySnapshot } from "../../../lib/verify/verify_snapshot.ts";
import { snapshotArbitrary } from "../../_support/arbitraries.ts";
import {
  DAY,
  experiment,
  NOW,
  orphan,
  problem,
  run,
  snapshot,
  withDefault,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";
import fc from "../../_support/fast_check.ts";

const POLICY = { settle: 0, staleAfter: 7 * DAY, finishAs: "FAILED", relocate: null } as const;
const ONE = run();
const STORE: StoreSnapshot<"full"> = deepFreeze({
  ...snapshot(withDefault({
    experiments: [experiment({ id: "1", runs: [ONE] })],
    problems: [problem({ path: ONE.path, subject: "run", damage: "no-run-id" })],
  })),
  depth: "full",
});

/** The remedy of the only finding, given which records can be edited. */
function remedyOf(stamps: ReadonlyMap<string, string>) {
  const findings = verifySnapshot(STORE);
  const plans = repairsAskedFor(findings).map((remedy) =>
    [
      remedy,
      planRepair(STORE, { ...NO_EVIDENCE, stamps }, POLICY, { now: NOW }),
    ] as const
  );
  return proveRemedies(STORE, findings, plans, {}).map(({ rule, remedy }) => [rule, remedy]);
}

Deno.test("proveRemedies() names a repair where one is planned", () => {
  assertEquals(remedyOf(new Map([[ONE.path, "a"]])), [["run-id-missing", { kind: "repair" }]]);
});

Deno.test("proveRemedies() names what helps else where none is", () => {
  assertEquals(remedyOf(new Map()), [["run-id-missing", {
    kind: "by-hand",
    text: "Add a key run_id to its meta.yaml, equal to run_uuid",
  }]]);
});

Deno.test("proveRemedies() names the choice that a plan leaves to the owner", () => {
  const path = `${ONE.path}/metrics/loss`;
  const store: StoreSnapshot<"full"> = {
    ...STORE,
    problems: [problem({ path, subject: "metric", damage: "malformed-line" })],
  };
  const findings = verifySnapshot(store);
  const plan = planRepair(store, NO_EVIDENCE, POLICY, { now: NOW });
  assertEquals(
    proveRemedies(store, findings, [[{ kind: "repair" }, plan]], {}).map(({ remedy }) => remedy),
    [{
      kind: "choice",
      ways: ["correct the line", "take it out, into the backup,"],
      by: "dropping",
    }],
  );
});

Deno.test("proveRemedies() sends what lies in a damaged record to that first", () => {
  const store: StoreSnapshot<"full"> = {
    ...STORE,
    experiments: [],
    orphans: [orphan({ id: "7", foreign: ["notes.txt"], damage: "unreadable" })],
    problems: [
      problem({ path: "7", subject: "experiment", damage: "unreadable" }),
      problem({ path: `7/${ONE.id}/metrics/loss`, subject: "metric", damage: "malformed-line" }),
    ],
  };
  const findings = verifySnapshot(store);
  const plan = planRepair(store, NO_EVIDENCE, POLICY, { now: NOW });
  const remedies = proveRemedies(store, findings, [[{ kind: "repair" }, plan]], {});
  assertEquals(
    remedies.flatMap(({ rule, remedy }) => rule === "metric-line-malformed" ? [remedy] : []),
    [{ kind: "choice", ways: ["mend 7 first, and look again"] }],
  );
});

Deno.test("proveRemedies() names the clean-up where that takes a logged model, and nowhere else", () => {
  const policy = {
    olderThan: null,
    purgeAfter: 30 * DAY,
    quarantineOrphans: false,
    settle: 0,
  };
  fc.assert(fc.property(snapshotArbitrary({ now: NOW }), (store) => {
    const full: StoreSnapshot<"full"> = { ...store, depth: "full" };
    const advised = proveRemedies(full, verifySnapshot(full), [], {})
      .filter(({ rule, remedy }) => rule === "logged-model-left-alone" && remedy !== null)
      .map(({ path }) => path);
    const runs = new Set<string>(
      [...store.experiments, ...store.orphans]
        .flatMap(({ runs, damagedRuns }) => [...runs, ...damagedRuns]).map(({ id }) => id),
    );
    const planned = planCleanup(store, policy, { now: NOW }).actions
      .filter((one) =>
        one.kind === "purge-logged-model" && one.withoutRun !== null && !runs.has(one.withoutRun)
      )
      .map(({ path }) => path);
    // A soft-deleted model goes by itself, be its run lost, too.
    assertEquals(planned.filter((path) => !advised.includes(path)), []);
    const all = new Set(planCleanup(store, policy, { now: NOW }).actions.map(({ path }) => path));
    assertEquals(advised.filter((path) => !all.has(path)), []);
  }));
});

Deno.test("repairsAskedFor() names each repair once", () => {
  assertEquals(repairsAskedFor(verifySnapshot(STORE)), [{ kind: "repair" }]);
  assertEquals(repairsAskedFor([]), []);
});
