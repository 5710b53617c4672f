import { assertEquals } from "@std/assert";
import { explainHolder, findHolders } from "../../../lib/answers/explain_holder.ts";
import { policyOfAges } from "../../../lib/policy/policy.ts";
import { renderExplanation } from "../../../lib/render/explanation.ts";
import { DAY, experiment, NOW, orphan, run, runId, snapshot } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const MINUTE = DAY / 1440;
const gone = (id: string, name: string, deleted: number, tags = {}) =>
  experiment({
    id,
    name,
    lifecycleStage: "deleted",
    lastUpdateTime: NOW - deleted,
    runs: [run({ id: runId(Number(id)), tags })],
  });
const STORE = deepFreeze(snapshot({
  experiments: [
    experiment({
      id: "7",
      name: "churn",
      runs: [run({ id: runId(1), endTime: NOW - 90 * DAY }), run({ id: runId(2) })],
    }),
    gone("81", "old", 40 * DAY),
    gone("82", "lately", 10 * DAY),
    gone("83", "pinned", 10 * DAY, { "mltidy.pin": "" }),
  ],
  orphans: [
    orphan({ id: "91", newestChange: NOW - 90 * DAY }),
    orphan({ id: "92", newestChange: NOW - 5 * MINUTE - 1 }),
    orphan({
      id: "93",
      newestChange: NOW - 5 * MINUTE - 1,
      lostRuns: 2,
      foreign: ["93/notes.txt"],
    }),
  ],
}));

/** The explanation of each, without its first line. */
function told(text: string): readonly string[] {
  return findHolders(STORE, text).map(({ path }) =>
    renderExplanation(explainHolder(STORE, policyOfAges(), { path, now: NOW }))
      .split("\n").slice(1, -1).join("\n")
  );
}

Deno.test("findHolders() takes an id, its beginning, a name, or a path as plans print it", () => {
  const found = (text: string) => findHolders(STORE, text).map(({ id }) => id);
  assertEquals(found("7"), ["7"]);
  assertEquals(found("churn"), ["7"]);
  assertEquals(found(".trash/81"), ["81"]);
  assertEquals(found("91"), ["91"]);
  assertEquals(found("nobody"), []);
});

Deno.test("explainHolder() tells of an active experiment how many of its runs go", () => {
  assertEquals(told("churn"), [
    "Stays: no clean-up takes an active experiment, but runs of it.\n" +
    "Of it 1 run stays, 1 run would be soft-deleted.",
  ]);
});

Deno.test("explainHolder() tells why a deleted experiment stays or goes, and what would turn it", () => {
  assertEquals(told("old"), [
    "Goes: a clean-up would purge it.\n" +
    "It goes, since:\n  deleted 40 d ago, limit 30 d\n" +
    "Smallest change found that keeps it: --purge-after 30d → 41d; no other run changes sides.",
  ]);
  assertEquals(told("lately"), [
    "Stays.\nKept, since:\n  deleted 10 d ago, limit 30 d\n" +
    "Of it 1 run stays.\n" +
    "Smallest change found that lets it go: --purge-after 30d → 9d; no other run changes sides.",
  ]);
  assertEquals(told("pinned"), [
    "Stays.\nKept, since:\n  deleted 10 d ago, limit 30 d\n" +
    `  holds run ${runId(83)}, which is kept\n` +
    "Of it 1 run stays.\n" +
    "No value of --purge-after or --undated lets it go, for its age is not all that keeps it.",
  ]);
});

Deno.test("explainHolder() tells every reason for which an orphan stays, and what would turn it", () => {
  assertEquals(told("91"), [
    "Goes: a clean-up would move it out of MLflow's sight.\n" +
    "It goes, since:\n  meta.yaml is missing\n" +
    "Smallest change found that keeps it: --settle 10m → 91d; no other run changes sides.",
  ]);
  assertEquals(told("92"), [
    "Stays.\nKept, since:\n  changed 5 min ago, limit 10 min: it may be in the making\n" +
    "Smallest change found that lets it go: --settle 10m → 5m; no other run changes sides.",
  ]);
  assertEquals(told("93"), [
    "Stays.\nKept, since:\n" +
    "  holds what MLflow did not write: 93/notes.txt\n" +
    "  holds 2 runs that cannot be read\n" +
    "  changed 5 min ago, limit 10 min: it may be in the making\n" +
    "No value of --settle lets it go, for its age is not all that keeps it.",
  ]);
});
