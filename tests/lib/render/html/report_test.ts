import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { reportStore, type StoreReport } from "../../../../lib/answers/report_store.ts";
import { planCleanup } from "../../../../lib/cleanup/plan_cleanup.ts";
import type { SoftDeleteRun } from "../../../../lib/plan/plan.ts";
import { policyOf, readConfig } from "../../../../lib/policy/config.ts";
import { policyOfAges } from "../../../../lib/policy/policy.ts";
import { renderHtml } from "../../../../lib/render/html/report.ts";
import { asExperimentId, asRunId, asStorePath } from "../../../../lib/store/path.ts";
import {
  DAY,
  experiment,
  NOW,
  orphan,
  run,
  runId,
  snapshot,
  type SnapshotInit,
} from "../../../_support/builders.ts";
import { deepFreeze } from "../../../_support/deep_freeze.ts";
import { longHistory } from "../../../_support/long_history.ts";

const OLD = { startTime: NOW - 50 * DAY, endTime: NOW - 40 * DAY };

function reportOf(init: SnapshotInit, policy = policyOfAges()): StoreReport {
  const store = deepFreeze(snapshot(init));
  return reportStore(store, planCleanup(store, policy, { now: NOW }));
}

/** What a reader sees, without tags and with the letters that entities stand for. */
function textOf(html: string): string {
  return html.replace(/<style>.*?<\/style>/s, "").replace(/<[^>]*>/g, " ")
    .replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&#39;/g, "'")
    .replace(/&amp;/g, "&").replace(/\s+/g, " ");
}

Deno.test("renderHtml() tells what is there, what goes and what stays, and how to carry it out", () => {
  const runs = [
    run({ id: runId(1), name: "baseline", ...OLD }),
    run({ id: runId(2), name: "young" }),
    run({ id: runId(3), status: "RUNNING", endTime: null }),
  ];
  const report = reportOf({
    experiments: [experiment({ id: "7", name: "감성분석", runs })],
    orphans: [orphan()],
  });
  const text = textOf(renderHtml(report, { next: "deno task cleanup:apply --store '내 저장소'" }));
  for (
    const part of [
      "/data/mlruns 2026-11-01 00:00 UTC",
      "Plan: 1 to soft-delete, 0 to purge, 1 to quarantine; 8.0 KiB leave the store now, 24.0 KiB once what is soft-deleted is purged.",
      "To carry it out: deno task cleanup:apply --store '내 저장소'",
      "Experiments 1 Runs 3 Orphans 1",
      "Runs by status: 1 RUNNING · 2 FINISHED",
      "감성분석 7 3 1 80.0 KiB 2026-10-30",
      `감성분석 (7) : 1 to be soft-deleted, 24.0 KiB once purged baseline 7/${
        runId(1)
      } : ended 40 d ago, limit 30 d`,
      "1 run: younger than 30 d",
      "1 run: still running",
    ]
  ) assertStringIncludes(text, part);
});

Deno.test("renderHtml() makes a page that loads nothing and runs nothing, whatever names are in it", () => {
  const name = `"><script>alert(1)</script><img src=x onerror=alert(1)>\u202e\u0007'`;
  const html = renderHtml(reportOf({
    location: `/data/${name}`,
    experiments: [experiment({ name, runs: [run({ name, ...OLD }), run({ id: runId(2), name })] })],
    orphans: [orphan({ id: "<svg onload=alert(1)>" })],
  }));
  const tags = new Set([...html.matchAll(/<(\w+)/g)].map(([, tag]) => tag));
  for (const tag of ["script", "img", "link", "iframe", "object", "form", "a", "base"]) {
    assert(!tags.has(tag), tag);
  }
  assert(!/<[^>]*\son\w+=/.test(html));
  assert(!/https?:|url\(|@import/.test(html));
  // deno-lint-ignore no-control-regex
  assert(!/[\u0000-\u0009\u000b-\u001f\u202a-\u202e]/.test(html));
  assertMatch(html, /^<!doctype html>\n<html lang="en">/);
  assertStringIncludes(
    html,
    `content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;`,
  );
  assertStringIncludes(html, "<svg viewBox");
  assertStringIncludes(textOf(html), "<script>alert(1)</script>");
});

Deno.test("renderHtml() says what stops a plan, and proposes nothing then", () => {
  const store = deepFreeze(longHistory(null));
  const policy = policyOf(readConfig("retention: { keep_within: 7d }", "mltidy.yaml"));
  const report = reportStore(store, planCleanup(store, policy, { now: NOW }));
  const text = textOf(renderHtml(report, { next: "deno task cleanup:apply" }));
  assertStringIncludes(
    text,
    "it removes 4 of 4 runs of experiment scratch (3), and max_share is 50% " +
      "To allow it: deno task cleanup --max-share 100%",
  );
  assert(!text.includes("cleanup:apply"));
});

Deno.test("renderHtml() says of an empty store that nothing goes", () => {
  const text = textOf(renderHtml(reportOf({})));
  assertStringIncludes(text, "Experiments 0 Runs 0");
  assertStringIncludes(text, "What goes Nothing.");
});

Deno.test("renderHtml() shows samples of 100,000 runs in a file that a mail can carry, and all on demand", () => {
  const action = (index: number): SoftDeleteRun => ({
    kind: "soft-delete-run",
    path: asStorePath(`${index % 1000}/${runId(index)}`),
    name: "x".repeat(1000),
    runId: asRunId(runId(index)),
    experimentId: asExperimentId(`${index % 1000}`),
    reasons: [{ kind: "older-than", field: "end_time", time: index, age: 40 * DAY, limit: DAY }],
    usage: { bytes: 0, files: 0 },
    stamp: "",
  });
  const store = deepFreeze(snapshot({
    experiments: Array.from({ length: 1000 }, (_, index) => experiment({ id: `${index}` })),
  }));
  const plan = planCleanup(store, policyOfAges(), { now: NOW });
  const actions = Array.from({ length: 100_000 }, (_, index) => action(index));
  const report = reportStore(store, { ...plan, actions });
  const html = renderHtml(report);
  assert(html.length < 200_000, `${html.length}`);
  assertStringIncludes(html, "… and 90 more (--all shows them)");
  assertStringIncludes(html, "… and 980 more (--all shows them)");
  const few = { ...report, plan: { ...plan, actions: actions.slice(0, 2500) } };
  assertEquals(renderHtml(few, { all: true }).match(/<li>/g)?.length, 2500);
});
