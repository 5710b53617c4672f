import { assertEquals } from "@std/assert";
import { NOTHING_TOLD, readTold, withFindings } from "../../../lib/notify/told.ts";

const APPLY = {
  schema: "mltidy/apply/v1",
  task: "cleanup",
  store: "/data/mlruns",
  startedAt: 1_000,
  finishedAt: 4_000,
  outcomes: [
    { kind: "purge-run", path: "1/a", outcome: "applied", usage: { bytes: 10, files: 1 } },
    { kind: "purge-run", path: "1/b", outcome: "skipped", because: "gone" },
    { kind: "of-a-newer-version", path: "1/c", outcome: "applied" },
  ],
  totals: { applied: 1, skipped: 1, failed: 0, notRun: 0, usage: { bytes: 10, files: 1 } },
  backup: { id: "20261130T033000Z-cleanup", path: "/data/backup" },
  complete: false,
};

Deno.test("readTold() reads what an applying task prints", () => {
  const { outcomes, ...told } = readTold(JSON.stringify(APPLY));
  assertEquals(outcomes.map(({ path, outcome }) => [path, outcome]), [
    ["1/a", "applied"],
    ["1/b", "skipped"],
  ]);
  assertEquals({ ...told, outcomes: [] }, {
    ...NOTHING_TOLD,
    task: "cleanup",
    store: "/data/mlruns",
    startedAt: 1_000,
    finishedAt: 4_000,
    bytes: 10,
    backup: { id: "20261130T033000Z-cleanup", path: "/data/backup" },
    complete: false,
  });
});

Deno.test("readTold() reads a saved report, with what the task would have printed in it", () => {
  const told = readTold(JSON.stringify({
    schema: "mltidy/report/v1",
    task: "cleanup:apply",
    startedAt: 0,
    finishedAt: 9_000,
    exitCode: 4,
    error: null,
    store: "/data/mlruns",
    runs: { before: { active: 9, deleted: 1 }, after: { active: 8, deleted: 1 } },
    plan: {
      actions: 2,
      totals: { later: { bytes: 70, files: 2 } },
      stops: [{ kind: "max-runs", removes: 2, limit: 1 }],
    },
    undo: "deno task restore 20261130T033000Z-cleanup",
    result: APPLY,
  }));
  assertEquals(
    [told.task, told.exitCode, told.outcomes.length, told.bytes, told.finishedAt, told.runs],
    ["cleanup:apply", 4, 2, 10, 9_000, {
      before: { active: 9, deleted: 1 },
      after: { active: 8, deleted: 1 },
    }],
  );
  assertEquals(told.later, 70);
  assertEquals(told.stops, [{ kind: "max-runs", removes: 2, limit: 1 }]);
  assertEquals(told.undo, "deno task restore 20261130T033000Z-cleanup");
});

Deno.test("readTold() reads why a task failed that did nothing", () => {
  const error = { name: "StoreLockedError", message: "Cannot change store: it is locked" };
  const told = readTold(JSON.stringify({
    ...{ schema: "mltidy/report/v1", task: "prune:apply", exitCode: 11, error, result: null },
    ...{ store: null, runs: null, plan: null, undo: null },
  }));
  assertEquals(told, { ...NOTHING_TOLD, task: "prune:apply", exitCode: 11, error });
});

Deno.test("readTold() reads plans, findings, and what preflight and restore print", () => {
  const read = (document: object) => readTold(JSON.stringify(document));
  assertEquals(read({ schema: "mltidy/repair/v1", actions: [1, 2, 3] }).pending, 3);
  const finding = { rule: "missing-meta", severity: "warning", path: "1", message: "gone" };
  assertEquals(
    read({ schema: "mltidy/verify/v1", findings: [{ ...finding, remedy: null }] }).findings,
    [finding],
  );
  const preflight = read({
    schema: "mltidy/preflight/v1",
    done: { repair: APPLY, quarantine: { ...APPLY, backup: null, complete: true } },
    pending: { repairs: 0, quarantines: 2 },
    errors: [],
  });
  assertEquals(
    [preflight.outcomes.length, preflight.bytes, preflight.backup?.id, preflight.complete],
    [4, 20, "20261130T033000Z-cleanup", false],
  );
  assertEquals([preflight.pending, preflight.findings], [2, []]);
  assertEquals(read({ schema: "mltidy/restore/v1", changes: 5, dryRun: false }).restored, 5);
  assertEquals(read({ schema: "mltidy/restore/v1", changes: 5, dryRun: true }).restored, 0);
});

Deno.test("readTold() says of what is no report why", () => {
  const why = (text: string) => readTold(text).unread;
  const whole = JSON.stringify(APPLY);
  assertEquals(why(""), "the report is empty");
  assertEquals(why(whole.slice(0, 100)), "the report is no JSON: it may be cut off");
  for (const text of ["[]", "null", "7", '{"schema":"other/v1"}', "{}"]) {
    assertEquals(why(text), "the report is no document of mltidy's");
  }
  const newer = { schema: "mltidy/apply/v9", exitCode: 1 };
  assertEquals(
    why(JSON.stringify(newer)),
    "the report is of a kind that this version of mltidy cannot read",
  );
  assertEquals(why(JSON.stringify({ schema: "mltidy/report/v1", result: newer })), null);
});

Deno.test("readTold() bears any value in any place", () => {
  const values = [null, 1, "x", [], {}, [null], [{}], { id: 1 }, { before: 1 }, true];
  for (const key of Object.keys(APPLY).filter((name) => name !== "schema")) {
    for (const value of values) {
      const told = readTold(JSON.stringify({ ...APPLY, [key]: value }));
      assertEquals(told.unread, null);
      const report = { schema: "mltidy/report/v1", [key]: value, runs: value, plan: value };
      assertEquals(readTold(JSON.stringify({ ...report, result: value })).unread, null);
    }
  }
});

Deno.test("withFindings() adds what verify found, and says where it found no list of that", () => {
  const told = readTold(JSON.stringify(APPLY));
  const findings = '{"schema":"mltidy/verify/v1","findings":[]}';
  assertEquals(withFindings(told, findings), { ...told, findings: [] });
  assertEquals(withFindings(told, "").unread, "the list of findings is empty");
  assertEquals(withFindings(told, JSON.stringify(APPLY)).unread, "the list of findings has none");
});
