import { assertEquals } from "@std/assert";
import { planPrune } from "../../../lib/cleanup/plan_prune.ts";
import type { Kept } from "../../../lib/plan/plan.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import { countKept, groupKept, oldestFirst } from "../../../lib/words/groups.ts";
import { DAY, experiment, NOW, run, runId, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const kept = (kind: Kept["kind"], ...reasons: Kept["reasons"]): Kept => ({
  kind,
  path: asStorePath("1/a"),
  name: "a",
  reasons,
});
const newest = (rank: number, n: number) => ({ kind: "keep-last", rank, of: 9, n }) as const;
const best = (n: number, key: string | null) =>
  ({
    kind: "keep-best",
    metric: "f1",
    mode: "max",
    over: "latest",
    per: key === null ? null : { key, value: "cnn" },
    rank: 1,
    of: 9,
    n,
  }) as const;
const PINNED = { kind: "pinned", tag: "mltidy.pin" } as const;

const wordsOf = (list: readonly Kept[]) =>
  groupKept(list).flatMap(({ count, byReason }) => [
    count,
    ...byReason.map(({ words, kept: { length } }) => `${length} ${words}`),
  ]);

Deno.test("groupKept() counts by kind, then by the reason that a reader must not miss", () => {
  assertEquals(
    wordsOf([
      kept("run", newest(1, 3)),
      kept("orphan", { kind: "holds-readable-runs", runs: 3 }),
      kept("run", newest(2, 3), PINNED),
      kept("run", newest(3, 3)),
    ]),
    ["3 runs", "2 of the newest 3", "1 pinned", "1 orphan", "1 with readable runs"],
  );
  const [runs] = groupKept([kept("run", newest(1, 3)), kept("run", PINNED)]);
  assertEquals(runs?.byReason.map(({ isNoteworthy }) => isNoteworthy), [false, true]);
});

Deno.test("groupKept() says where several groups of runs each have their newest or best", () => {
  const two = (reason: Kept["reasons"][0]) => [kept("run", reason), kept("run", reason)];
  assertEquals(wordsOf(two(newest(1, 1))), ["2 runs", "2 of the newest 1 each"]);
  assertEquals(wordsOf(two(newest(1, 2))), ["2 runs", "2 of the newest 2"]);
  assertEquals(wordsOf(two(best(1, null))), ["2 runs", "2 of the best 1 by f1 each"]);
  assertEquals(wordsOf(two(best(1, "model"))), ["2 runs", "2 of the best 1 by f1 of each model"]);
});

Deno.test("countKept() names what stays", () => {
  assertEquals([countKept("run", 1), countKept("damaged-run", 1_200)], [
    "1 run",
    "1,200 damaged runs",
  ]);
});

Deno.test("oldestFirst() orders by what speaks for an action, not by path", () => {
  const ages = [40, 90, 60];
  const runs = ages.map((age, index) =>
    run({ id: runId(index), name: `${age}`, startTime: NOW - 99 * DAY, endTime: NOW - age * DAY })
  );
  const store = deepFreeze(snapshot({ experiments: [experiment({ runs })] }));
  const { actions } = planPrune(store, { olderThan: DAY }, { now: NOW });
  assertEquals(oldestFirst(actions).map(({ name }) => name), ["90", "60", "40"]);
});
