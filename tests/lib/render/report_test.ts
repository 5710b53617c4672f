import { assertEquals } from "@std/assert";
import type { ActionOutcome, ApplyReport } from "../../../lib/plan/report.ts";
import { renderReport } from "../../../lib/render/report.ts";
import { asStorePath } from "../../../lib/store/path.ts";

const BACKUP = {
  id: "20261101T000000Z-cleanup",
  path: "/data/mlruns/.mltidy.trash/backups/20261101T000000Z-cleanup",
};

function reportOf(
  outcomes: readonly ActionOutcome[],
  backup: ApplyReport["backup"] = BACKUP,
  duration = 65_000,
): ApplyReport {
  const count = (outcome: ActionOutcome["outcome"]) =>
    outcomes.filter((one) => one.outcome === outcome).length;
  const applied = outcomes.filter((one) => one.outcome === "applied");
  return {
    schema: "mltidy/apply/v1",
    task: "cleanup",
    store: "/data/mlruns",
    startedAt: 0,
    finishedAt: duration,
    outcomes,
    totals: {
      applied: applied.length,
      skipped: count("skipped"),
      failed: count("failed"),
      notRun: count("not-run"),
      usage: { bytes: applied.reduce((sum, { usage }) => sum + usage.bytes, 0), files: 0 },
    },
    backup,
    complete: applied.length === outcomes.length,
  };
}

function applied(kind: ActionOutcome["kind"], path: string, bytes: number): ActionOutcome {
  return { kind, path: asStorePath(path), outcome: "applied", usage: { bytes, files: 1 } };
}

Deno.test("renderReport() says what was done, where the backup is and how to undo it", () => {
  const report = reportOf([
    applied("soft-delete-run", "1/a", 0),
    applied("soft-delete-run", "1/b", 0),
    applied("purge-run", "1/c", 1_024),
    applied("purge-experiment", ".trash/7", 2_048),
    applied("quarantine-orphan", "5fbb", 512),
  ]);
  assertEquals(
    renderReport(report, { undo: "deno task restore --last" }),
    `\
Done: 2 soft-deleted, 2 purged, 1 quarantined; 3.5 KiB left the store, in 1 min 5 s.
Backup 20261101T000000Z-cleanup: /data/mlruns/.mltidy.trash/backups/20261101T000000Z-cleanup
To undo: deno task restore --last
`,
  );
});

Deno.test("renderReport() says what of something stays where it is", () => {
  const [purged, other] = [applied("purge-run", "1/a", 512), applied("purge-run", "1/b", 0)];
  const stays = "its artifacts stay in s3://bucket/1/b/artifacts: they do not lie on this machine";
  assertEquals(
    renderReport(reportOf([purged, { ...other, stays } as ActionOutcome])),
    `\
Done, but for what stays: 1
  1/b  its artifacts stay in s3://bucket/1/b/artifacts: they do not lie on this machine
Done: 2 purged; 512 B left the store, in 1 min 5 s.
Backup 20261101T000000Z-cleanup: /data/mlruns/.mltidy.trash/backups/20261101T000000Z-cleanup
`,
  );
});

Deno.test("renderReport() names each action that was not applied, and why", () => {
  const skipped = (path: string, because: "changed-since-plan" | "gone" | "symbolic-link") =>
    ({ kind: "purge-run", path: asStorePath(path), outcome: "skipped", because }) as const;
  const report = reportOf([
    applied("soft-delete-run", "1/a", 0),
    skipped("1/b", "changed-since-plan"),
    skipped("1/longer", "gone"),
    skipped("1/d", "symbolic-link"),
    {
      kind: "purge-run",
      path: asStorePath("1/e"),
      outcome: "failed",
      message: "no space\x07 left",
    },
    { kind: "purge-run", path: asStorePath("1/f"), outcome: "not-run", because: "interrupted" },
  ]);
  assertEquals(
    renderReport(report),
    `\
Failed: 1
  1/e  no space\\x07 left
Skipped: 3
  1/b       changed since the plan was made
  1/longer  no longer there
  1/d       behind a symbolic link
Not run: 1
  1/f  interrupted
Done in part: 1 soft-deleted; 0 B left the store, in 1 min 5 s.
Backup 20261101T000000Z-cleanup: /data/mlruns/.mltidy.trash/backups/20261101T000000Z-cleanup
`,
  );
});

Deno.test("renderReport() warns that there is no way back without a backup", () => {
  assertEquals(
    renderReport(reportOf([applied("purge-run", "1/a", 2_048)], null, 900), {
      undo: "deno task restore --last",
    }),
    `\
Done: 1 purged; 2.0 KiB left the store, in less than 1 s.
There is no backup: mltidy cannot undo this.
`,
  );
});

Deno.test("renderReport() says that nothing was changed", () => {
  assertEquals(renderReport(reportOf([], null)), "Nothing was changed.\n");
});

Deno.test("renderReport() cuts a long list of failures", () => {
  const failures = Array.from({ length: 23 }, (_, index): ActionOutcome => ({
    kind: "purge-run",
    path: asStorePath(`1/${index}`),
    outcome: "failed",
    message: "permission denied",
  }));
  const lines = renderReport(reportOf(failures, null)).split("\n");
  assertEquals([lines[0], ...lines.slice(20, 24)], [
    "Failed: 23",
    "  1/19  permission denied",
    "  … and 3 more (--json lists them)",
    "This account may not write there: once its owner lets it, type the same again.",
    "Nothing was changed.",
  ]);
});

Deno.test("renderReport() says what of a reviewed plan no longer holds", () => {
  const report = {
    ...reportOf([applied("soft-delete-run", "1/a", 0)]),
    reviewed: {
      plannedAt: 0,
      lapsed: [
        {
          kind: "soft-delete-run",
          path: asStorePath("1/b"),
          name: "b",
          because: "kept",
          reasons: [{ kind: "pinned", tag: "mltidy.pin" }, {
            kind: "not-finished",
            status: "RUNNING",
          }],
        },
        { kind: "purge-run", path: asStorePath("1/c"), name: "c", because: "gone", reasons: [] },
      ],
    },
    complete: false,
  } as const;
  assertEquals(
    renderReport(report),
    `\
No longer holds of the plan that was reviewed: 2
  1/b  pinned by tag mltidy.pin; still running
  1/c  no longer there
Done in part: 1 soft-deleted; 0 B left the store, in 1 min 5 s.
Backup 20261101T000000Z-cleanup: /data/mlruns/.mltidy.trash/backups/20261101T000000Z-cleanup
`,
  );
});
