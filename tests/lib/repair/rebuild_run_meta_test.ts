import { assert, assertEquals } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import type { RecordEvidence, RunEvidence } from "../../../lib/plan/repair_action.ts";
import { readRunMeta } from "../../../lib/records/meta_record.ts";
import { type LostRun, rebuildRunMeta } from "../../../lib/repair/rebuild_run_meta.ts";
import { parseMetaYaml } from "../../../lib/yaml/meta_yaml.ts";
import { DAY, NOW, run, runId } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";
import { runMeta } from "../../_support/disk_store.ts";

const ID = runId(7);
const LOST: LostRun = deepFreeze({
  id: ID,
  experimentId: "1",
  stage: "active",
  location: "s3://bucket/1",
  deletedAt: null,
});
const RECORD: RecordEvidence = deepFreeze({
  file: "meta.yaml",
  stamp: "absent",
  text: null,
  changed: NOW - DAY,
  kept: null,
  hasTags: true,
});
const FILES: RunEvidence = {
  lacks: [],
  blocked: [],
  tags: new Map(),
  points: null,
  oldestFile: NOW - 5 * DAY,
  newestFile: NOW - 2 * DAY,
  newestChange: NOW - DAY,
};
const SOUND = runMeta(
  run({ id: ID, name: "calm-owl", startTime: NOW - 9 * DAY, endTime: NOW - 8 * DAY }),
);

interface Given {
  readonly lost?: Partial<LostRun>;
  readonly record?: Partial<RecordEvidence>;
  readonly files?: Partial<RunEvidence>;
  readonly otherwise?: "FAILED" | "KILLED";
  readonly isAlive?: boolean;
}

const rebuild = ({ lost, record, files, otherwise = "FAILED", isAlive = false }: Given = {}) =>
  rebuildRunMeta(
    { ...LOST, ...lost },
    { ...RECORD, ...record },
    { ...FILES, ...files },
    otherwise,
    isAlive,
  );

/** The values of some keys, as text; `null` for a null, and where there is no such key. */
function valuesOf(given: Given, ...keys: readonly string[]): readonly (string | null)[] {
  const rebuilt = rebuild(given);
  assert(rebuilt !== null && readRunMeta(rebuilt.text).ok);
  const document = parseMetaYaml(rebuilt.text);
  return keys.map((key) => {
    const node = document.get(key);
    return node?.kind === "scalar" && node.text !== "null" ? node.text : null;
  });
}

/** Where each value comes from. */
function sourcesOf(given: Given): readonly string[] {
  return (rebuild(given)?.reasons ?? []).map((reason) =>
    reason.kind === "evidence" ? `${reason.of}: ${reason.from}` : reason.kind
  );
}

Deno.test("rebuildRunMeta() takes ids from the path, and all else from tags, metrics and files", () => {
  const tags = new Map([
    ["mlflow.runName", "calm-owl"],
    ["mlflow.user", "kim"],
    ["mlflow.source.name", "train.py"],
    ["mlflow.source.git.commit", "abc"],
  ]);
  const points = { first: NOW - 4 * DAY, last: NOW - 3 * DAY };
  const keys = ["run_id", "run_uuid", "experiment_id", "run_name", "user_id", "source_name"];
  assertEquals(
    valuesOf({ files: { tags, points } }, ...keys, "source_version", "start_time", "end_time"),
    [ID, ID, "1", "calm-owl", "kim", "train.py", "abc", `${points.first}`, `${points.last}`],
  );
  assertEquals(sourcesOf({ files: { tags, points } }), [
    "artifact_uri: its experiment",
    "user_id: tag mlflow.user",
    "run_name: tag mlflow.runName",
    "start_time: its first metric",
    "status: the lack of any sign that it finished",
    "end_time: its last metric",
  ]);
});

Deno.test("rebuildRunMeta() goes by files where there is no metric, by the directory where there is no file", () => {
  const keys = ["start_time", "end_time"];
  assertEquals(valuesOf({}, ...keys), [`${NOW - 5 * DAY}`, `${NOW - 2 * DAY}`]);
  const none = { oldestFile: null, newestFile: null };
  const record = { text: "status: 3\n" };
  assertEquals(valuesOf({ files: none, record }, ...keys), [`${NOW - DAY}`, `${NOW - DAY}`]);
});

Deno.test("rebuildRunMeta() says FAILED, or what it is told, unless a status is known", () => {
  assertEquals(valuesOf({}, "status"), ["4"]);
  assertEquals(valuesOf({ otherwise: "KILLED" }, "status"), ["5"]);
  assertEquals(valuesOf({ record: { text: "status: 3\n" } }, "status"), ["3"]);
  assertEquals(valuesOf({ record: { text: "status: FINISHED\n" } }, "status"), ["3"]);
  assertEquals(valuesOf({ record: { text: "status: 9\n" } }, "status"), ["4"]);
});

Deno.test("rebuildRunMeta() lets a run go on that ran and is alive, and ends one that is not", () => {
  const record = { text: "status: 1\n" };
  assertEquals(valuesOf({ record, isAlive: true }, "status", "end_time"), ["1", null]);
  assertEquals(valuesOf({ record }, "status", "end_time"), ["4", `${NOW - 2 * DAY}`]);
});

Deno.test("rebuildRunMeta() never ends a run before its start", () => {
  const record = { text: `start_time: ${NOW}\n` };
  assertEquals(valuesOf({ record }, "start_time", "end_time"), [`${NOW}`, `${NOW}`]);
});

Deno.test("rebuildRunMeta() takes the stage from the record, its deletion, or its experiment", () => {
  const keys = ["lifecycle_stage", "deleted_time"];
  const inTrash = { stage: "deleted", deletedAt: NOW - 3 * DAY } as const;
  const stages = (text: string, lost: Partial<LostRun> = {}) =>
    valuesOf({ record: { text }, lost }, ...keys);
  assertEquals(stages("status: 3\n"), ["active", null]);
  assertEquals(stages("status: 3\n", inTrash), ["deleted", `${NOW - 3 * DAY}`]);
  assertEquals(stages("lifecycle_stage: active\n", inTrash), ["active", null]);
  assertEquals(stages("deleted_time: 17\n"), ["deleted", "17"]);
  assertEquals(stages("lifecycle_stage: deleted\n"), ["deleted", `${NOW - DAY}`]);
});

Deno.test("rebuildRunMeta() gives a kept copy back as it is, were it written otherwise than we would", () => {
  const text = SOUND.replace("run_name: calm-owl", "run_name: 'calm-owl'") + "zebra: kept\n";
  const kept = { text, source: "backup a", keptAt: NOW - DAY };
  assertEquals(rebuild({ record: { kept, text: "" } })?.text, text);
  assertEquals(sourcesOf({ record: { kept, text: "" } }), [
    "the record: backup a of 2026-10-31 00:00 UTC",
  ]);
  const cut = text.slice(0, text.indexOf("run_id"));
  assertEquals(rebuild({ record: { kept, text: cut } })?.text, text);
});

Deno.test("rebuildRunMeta() prefers what is left of the record to an older copy", () => {
  const kept = { text: SOUND, source: "backup a", keptAt: NOW - DAY };
  const record = { kept, text: `end_time: ${NOW - 2 * DAY}\nrun_na` };
  assertEquals(valuesOf({ record }, "end_time", "run_name"), [`${NOW - 2 * DAY}`, "calm-owl"]);
});

Deno.test("rebuildRunMeta() passes over what is left of the record where it would spoil the copy", () => {
  const kept = { text: SOUND, source: "backup a", keptAt: NOW - DAY };
  assertEquals(rebuild({ record: { kept, text: "user_id: [1]\n" } })?.text, SOUND);
});

Deno.test("rebuildRunMeta() takes a copy whole where the text is damaged and not only cut off", () => {
  const kept = { text: SOUND, source: "backup a", keptAt: NOW - DAY };
  const [before = "", after = ""] = SOUND.split(/(?<=^run_name: .*\n)/m);
  const merged = `<<<<<<< HEAD\n${before}=======\nrun_name: other\n>>>>>>> theirs\n${after}`;
  const spoilt = SOUND.replace(/^status: \d/m, "status: 5\n}junk");
  for (const text of [merged, spoilt]) {
    const rebuilt = rebuild({ record: { kept, text } });
    assertEquals(rebuilt?.text, SOUND);
    assertEquals(rebuilt?.reasons.length, 1);
  }
});

Deno.test("rebuildRunMeta() says which values are newer than the copy", () => {
  const kept = { text: SOUND, source: "backup a", keptAt: NOW - DAY };
  const text = `end_time: ${NOW - 2 * DAY}\nlifecycle_stage: active\nrun_na`;
  assertEquals(rebuild({ record: { kept, text } })?.reasons.slice(1), [
    { kind: "evidence", of: "end_time", value: "", from: "what is left of it" },
  ]);
});

Deno.test("rebuildRunMeta() does not choose between two values", () => {
  const text = "<<<<<<< HEAD\nstatus: 3\n=======\nstatus: 4\n>>>>>>> theirs\nuser_id: kim\n";
  assertEquals(rebuild({ record: { text } }), null);
  assertEquals(valuesOf({ record: { text: text.replace("4", "3") } }, "status"), ["3"]);
});

Deno.test("rebuildRunMeta() keeps times that the text proves, however they are written", () => {
  const text = `start_time: ${NOW - 9 * DAY}.0\nend_time: '${NOW - 8 * DAY}'\nstatus: '3'\n`;
  assertEquals(
    valuesOf({ record: { text } }, "start_time", "end_time", "status"),
    [`${NOW - 9 * DAY}`, `${NOW - 8 * DAY}`, "3"],
  );
});

Deno.test("rebuildRunMeta() takes no copy of another run, nor one that is no record", () => {
  const other = runMeta(run({ id: runId(8), name: "other" }));
  for (const text of [other, "name: [", ""]) {
    const kept = { text, source: "backup a", keptAt: NOW };
    assertEquals(valuesOf({ record: { kept } }, "run_name", "run_id"), ["", ID]);
  }
});

Deno.test("rebuildRunMeta() rebuilds nothing that was no run, or another one", () => {
  assertEquals(rebuild({ files: { oldestFile: null } }), null);
  assertEquals(rebuild({ record: { text: `run_id: ${runId(8)}\n` } }), null);
  assertEquals(rebuild({ record: { text: "experiment_id: '2'\n" } }), null);
});

Deno.test("rebuildRunMeta() keeps every whole line of a record, wherever it was cut off", () => {
  const text = `a_key_of_ours: kept\n${SOUND}`;
  fc.assert(fc.property(fc.nat({ max: text.length }), (length) => {
    const left = text.slice(0, length);
    const rebuilt = rebuild({ record: { text: left } });
    assert(rebuilt !== null);
    const { ok } = readRunMeta(rebuilt.text);
    assert(ok);
    const document = parseMetaYaml(rebuilt.text);
    for (const [key, node] of parseMetaYaml(left.slice(0, left.lastIndexOf("\n") + 1))) {
      assertEquals(document.get(key), node, key);
    }
  }));
});
