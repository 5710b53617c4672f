import { assertEquals } from "@std/assert";
import { isMendedBy, mendedByAny } from "../../../lib/plan/mended_by.ts";
import type { EditMeta, RepairAction, RepairBase } from "../../../lib/plan/repair_action.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import type { Problem } from "../../../lib/store/problem.ts";
import { problem } from "../../_support/builders.ts";

const RUN = "1/a";
const METRIC = "1/a/metrics/loss";

function base(path: string): RepairBase {
  return {
    path: asStorePath(path),
    name: "a",
    reasons: [{ kind: "broken", message: "broken" }],
    usage: { bytes: 0, files: 0 },
    stamp: "stamp",
  };
}

const edit = (kind: EditMeta["kind"], changes: EditMeta["changes"], path = RUN): RepairAction => ({
  ...base(path),
  kind,
  changes,
});

/** Of these damages at a path, those that the repair mends. */
function mended(
  action: RepairAction,
  path: string,
  ...damages: readonly Problem["damage"][]
): readonly string[] {
  return damages.filter((damage) => isMendedBy(problem({ path, damage }), action));
}

Deno.test("isMendedBy() takes no problem for gone once an experiment is made: none could name it", () => {
  const action: RepairAction = {
    ...base("0"),
    kind: "create-experiment",
    artifactLocation: "s3://bucket/0",
  };
  assertEquals(mended(action, "0", "missing", "unreadable"), []);
});

Deno.test("isMendedBy() takes whatever lies in something quarantined for gone", () => {
  const action: RepairAction = { ...base("1/a/params/.git"), kind: "quarantine-stray" };
  assertEquals(mended(action, "1/a/params/.git", "illegal-name"), ["illegal-name"]);
  assertEquals(mended(action, "1/a/params/.git/config", "illegal-name"), ["illegal-name"]);
  assertEquals(mended(action, "1/a/params/.github", "illegal-name"), []);
});

Deno.test("isMendedBy() knows that a new record mends the record alone", () => {
  const action: RepairAction = {
    ...base(RUN),
    kind: "write-meta",
    file: "meta.yaml",
    text: "",
    isNew: true,
    tag: null,
  };
  const record = ["missing", "empty", "unreadable", "incomplete", "moved"] as const;
  assertEquals(mended(action, RUN, ...record, "io", "missing-folder"), record);
  assertEquals(mended(action, METRIC, ...record), []);
});

Deno.test("isMendedBy() tells folders, metrics and traces apart", () => {
  const folders: RepairAction = {
    ...base(RUN),
    kind: "create-dirs",
    directories: [asStorePath(`${RUN}/metrics`)],
  };
  assertEquals(mended(folders, RUN, "missing-folder", "missing"), ["missing-folder"]);
  const trim: RepairAction = { ...base(METRIC), kind: "trim-metric-file", bytes: 9 };
  const lines = ["malformed-line", "torn-line"] as const;
  assertEquals(mended(trim, METRIC, ...lines, "repeated-point"), lines);
  assertEquals(mended(trim, `${METRIC}2`, ...lines), []);
  const trace = "1/traces/tr-1";
  const tag: RepairAction = {
    ...base(`${trace}/tags/mlflow.artifactLocation`),
    kind: "rewrite-tag",
    text: "",
  };
  assertEquals(mended(tag, trace, "moved", "dangling"), ["moved"]);
  assertEquals(mended(tag, "1/traces/tr-2", "moved"), []);
});

Deno.test("isMendedBy() goes by the keys that are set", () => {
  const all = [
    ...["stale", "no-run-id", "no-deleted-time", "no-artifact-uri", "moved", "missing"] as const,
    ...["no-name", "wrong-type"] as const,
  ];
  const cases: readonly (readonly [EditMeta["kind"], string, readonly string[]])[] = [
    ["finish-stale-run", "status", ["stale"]],
    ["complete-meta", "run_id", ["no-run-id"]],
    ["complete-meta", "deleted_time", ["no-deleted-time"]],
    ["complete-meta", "artifact_uri", ["no-artifact-uri", "moved", "wrong-type"]],
    ["rewrite-location", "artifact_location", ["no-artifact-uri", "moved", "wrong-type"]],
    ["rewrite-location", "source", ["moved", "wrong-type"]],
    ["release-name", "name", ["no-name", "wrong-type"]],
    ["quote-value", "user_id", ["wrong-type"]],
    ["quote-value", "creation_timestamp", ["wrong-type"]],
    ["set-stage", "lifecycle_stage", ["wrong-type"]],
  ];
  for (const [kind, key, expected] of cases) {
    assertEquals(mended(edit(kind, { [key]: "x" }), RUN, ...all), expected, key);
    assertEquals(mended(edit(kind, { [key]: "x" }, "1/b"), RUN, ...all), [], key);
  }
});

Deno.test("mendedByAny() finds the repair of each of many problems, at its place or around it", () => {
  const stray = (number: number): RepairAction => ({
    ...base(`1/a/params/${number}~`),
    kind: "quarantine-stray",
  });
  const tag: RepairAction = {
    ...base("1/traces/tr-1/tags/mlflow.artifactLocation"),
    kind: "rewrite-tag",
    text: "",
  };
  const numbers = Array.from({ length: 20_000 }, (_, index) => index);
  const isMended = mendedByAny([...numbers.map(stray), tag]);
  const left = numbers.filter((number) =>
    !isMended(problem({ path: `1/a/params/${number}~`, damage: "illegal-name" }))
  );
  assertEquals(left, []);
  const others: readonly (readonly [path: string, damage: Problem["damage"], mended: boolean])[] = [
    ["1/a/params/7~/within", "illegal-name", true],
    ["1/a/params", "illegal-name", false],
    ["1/a/params/20000~", "illegal-name", false],
    ["1/traces/tr-1", "moved", true],
    ["1/traces/tr-1", "missing", false],
  ];
  for (const [path, damage, mended] of others) {
    assertEquals(isMended(problem({ path, damage })), mended, path);
  }
});
