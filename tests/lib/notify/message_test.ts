import { assert, assertEquals } from "@std/assert";
import { eventsOf, messageOf, MOST_LINES } from "../../../lib/notify/message.ts";
import { NOTHING_TOLD, readTold, type Told } from "../../../lib/notify/told.ts";
import type { ActionOutcome } from "../../../lib/plan/report.ts";

const OPTIONS = {
  names: false,
  link: null,
  report: null,
  meaning: (code: number) => code === 13 ? "The plan does not fit" : null,
  undo: (backup: string, store: string) => `undo ${backup} ${store}`,
};

const usage = { bytes: 4096, files: 1 };

function told(more: Partial<Told> = {}): Told {
  return {
    ...NOTHING_TOLD,
    task: "cleanup:apply",
    store: "/data/mlruns",
    startedAt: 0,
    finishedAt: 65_000,
    exitCode: 0,
    ...more,
  };
}

const OUTCOMES: readonly ActionOutcome[] = [
  { kind: "soft-delete-run", path: "1/a" as never, outcome: "applied", usage },
  { kind: "soft-delete-run", path: "1/b" as never, outcome: "applied", usage },
  { kind: "quarantine-orphan", path: "2" as never, outcome: "applied", usage },
];

Deno.test("of a program of somebody's own any exit code but 0 is a failure, and means what it means to that", () => {
  const of = (exitCode: number) =>
    readTold(JSON.stringify({
      schema: "mltidy/report/v1",
      task: "run",
      exitCode,
      result: { schema: "mltidy/run/v1", exitCode },
    }));
  assertEquals([0, 1, 3, 11].map((code) => eventsOf(of(code))), [
    [],
    ...Array(3).fill(["failure"]),
  ]);
  const { title, facts } = messageOf(of(11), OPTIONS);
  assertEquals([title, facts], [
    "mltidy run failed with exit code 11",
    [["Task", "run"], ["Exit code", "11"]],
  ]);
  assertEquals(messageOf(of(0), OPTIONS).title, "mltidy run: the program ended as it should");
});

Deno.test("messageOf() tells what was done, what it freed now and later, and how to undo it", () => {
  const message = messageOf(
    told({
      outcomes: OUTCOMES,
      bytes: 12_288,
      later: 2_048,
      backup: { id: "20261130T033000Z-cleanup", path: "/b" },
      runs: { before: { active: 1_293, deleted: 0 }, after: { active: 1_291, deleted: 2 } },
    }),
    { ...OPTIONS, link: "https://ci.example.org/plan" },
  );
  assertEquals(message, {
    title: "mltidy cleanup:apply: 2 soft-deleted, 1 quarantined",
    mood: "good",
    facts: [
      ["Store", "/data/mlruns"],
      ["Task", "cleanup:apply"],
      ["Ended", "1970-01-01 00:01 UTC, after 1 min 5 s"],
      ["Done", "2 soft-deleted, 1 quarantined"],
      ["Runs", "1,293 → 1,291 active, 0 → 2 soft-deleted"],
      ["Freed", "12.0 KiB left the store; free once backup 20261130T033000Z-cleanup is removed"],
      ["Later", "2.0 KiB leave the store once what is soft-deleted is purged"],
    ],
    lines: [],
    undo: "undo 20261130T033000Z-cleanup /data/mlruns",
    link: "https://ci.example.org/plan",
  });
});

Deno.test("eventsOf() and the title tell all ends of a task apart", () => {
  const finding = { rule: "r", severity: "error", path: "1", message: "m" };
  const stale = "the report is of an earlier run";
  const table: readonly (readonly [Partial<Told>, title: string, events: string])[] = [
    [{}, "nothing to do", ""],
    [{ outcomes: OUTCOMES.slice(0, 1) }, "1 soft-deleted", "changes"],
    [{ pending: 3, exitCode: 3 }, "3 changes pending", "changes"],
    [{ restored: 2 }, "2 changes undone", "changes"],
    [{ findings: [] }, "nothing found", ""],
    [{ findings: [finding], exitCode: 3 }, "1 error", "findings"],
    [{ findings: [{ ...finding, severity: "warning" }] }, "1 warning", ""],
    [{ exitCode: 3 }, "findings", "findings"],
    [{ exitCode: 11 }, "the store was locked, nothing was done", ""],
    [
      { outcomes: OUTCOMES, exitCode: 4, complete: false },
      "done in part, 2 soft-deleted, 1 quarantined",
      "changes failure",
    ],
    [{ complete: false, exitCode: 4 }, "", "failure"],
    [{ exitCode: 13 }, "", "failure"],
    [{ exitCode: 143 }, "", "failure"],
    [{ unread: stale }, `done, but ${stale}`, "failure"],
  ];
  for (const [more, title, events] of table) {
    const it = told(more);
    const expected = title === ""
      ? `mltidy cleanup:apply failed with exit code ${it.exitCode}`
      : `mltidy cleanup:apply: ${title}`;
    assertEquals(messageOf(it, OPTIONS).title, expected);
    assertEquals(eventsOf(it).join(" "), events, expected);
    assertEquals(messageOf(it, OPTIONS).mood === "bad", events.includes("failure"));
  }
  assertEquals(messageOf(NOTHING_TOLD, OPTIONS).title, "mltidy: nothing to do");
});

const NAMED: Partial<Told> = {
  exitCode: 4,
  complete: false,
  outcomes: [
    {
      kind: "purge-run",
      path: "1/a" as never,
      outcome: "failed",
      message: "Cannot move runs/secret-name: Permission denied (secret-name)",
    },
    { kind: "purge-run", path: "models/secret-name" as never, outcome: "skipped", because: "gone" },
    { kind: "purge-run", path: "models/secret-name" as never, outcome: "skipped", because: "gone" },
    { kind: "purge-run", path: "1/d" as never, outcome: "not-run", because: "interrupted" },
  ],
  stops: [{
    kind: "max-share",
    experiment: "7",
    name: "secret-name",
    removes: 4,
    of: 5,
    limit: 0.5,
  } as never],
  error: { name: "PlanRefusedError", message: "experiment secret-name loses too much" },
  findings: [{
    rule: "missing-meta",
    severity: "error",
    path: "secret-name",
    message: "secret-name",
  }],
};

Deno.test("messageOf() names the report where no link leads to it", () => {
  const report = "/home/kim/reports/mltidy-cleanup.json";
  const factsWith = (link: string | null) => messageOf(told(), { ...OPTIONS, report, link }).facts;
  assertEquals(factsWith(null).at(-1), ["Report", report]);
  assertEquals(factsWith("https://ci.example.org/plan").some(([name]) => name === "Report"), false);
});

Deno.test("messageOf() names no run and no experiment unless that is allowed", () => {
  const told_ = told(NAMED);
  const silent = messageOf(told_, OPTIONS);
  assert(!JSON.stringify(silent).includes("secret-name"), JSON.stringify(silent));
  assertEquals(silent.lines, [
    "PlanRefusedError",
    "Stopped: it removes 4 of 5 runs of experiment … (7), and max_share is 50%",
    "Skipped: purge-run: no longer there (2 times)",
    "Failed: purge-run: Permission denied",
    "Not run: purge-run",
    "error missing-meta",
  ]);
  assertEquals(messageOf(told_, { ...OPTIONS, names: true }).lines, [
    "experiment secret-name loses too much",
    "Stopped: it removes 4 of 5 runs of experiment secret-name (7), and max_share is 50%",
    "Failed: purge-run of 1/a: Cannot move runs/secret-name: Permission denied (secret-name)",
    "Skipped: purge-run of models/secret-name: no longer there",
    "Skipped: purge-run of models/secret-name: no longer there",
    "Not run: purge-run of 1/d",
    "error missing-meta: secret-name: secret-name",
  ]);
});

Deno.test("messageOf() says in full why a store could not be worked on, as that names no run", () => {
  const error = { name: "DiskFullError", message: "Cannot change store /data/mlruns: disk full" };
  assertEquals(messageOf(told({ exitCode: 1, error }), OPTIONS).lines, [error.message]);
  const other = { name: "PlanRefusedError", message: "x" };
  assertEquals(messageOf(told({ exitCode: 13, error: other }), OPTIONS).lines, [
    "The plan does not fit",
  ]);
});

Deno.test("messageOf() has at most twenty lines, no control character and no password", () => {
  const outcomes = Array.from({ length: 1_000 }, (_, index): ActionOutcome => ({
    kind: "purge-run",
    path: `1/${index}` as never,
    outcome: "failed",
    message: "\x1b[31m\nhttp://kim:hunter2@host/x",
  }));
  const { lines } = messageOf(told({ outcomes, exitCode: 4, complete: false }), {
    ...OPTIONS,
    names: true,
  });
  assertEquals([lines.length, lines.at(-1)], [MOST_LINES, "… and 981 more"]);
  // deno-lint-ignore no-control-regex
  assert(lines.every((line) => !/[\x00-\x1f]|hunter2/.test(line)));
});
