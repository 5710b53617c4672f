import { assert, assertEquals } from "@std/assert";
import {
  type Evidence,
  NO_EVIDENCE,
  type RecordEvidence,
  type RepairPolicy,
  type RunEvidence,
} from "../../../lib/plan/repair_action.ts";
import { readRunMeta } from "../../../lib/records/meta_record.ts";
import { repairRecords } from "../../../lib/repair/repair_records.ts";
import {
  damagedRun,
  DAY,
  experiment,
  NOW,
  ROOT,
  runId,
  snapshot,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";
import { isLong } from "../../_support/depth.ts";

const RECORD: RecordEvidence = {
  file: "meta.yaml",
  stamp: "absent",
  text: null,
  changed: NOW - DAY,
  kept: null,
  hasTags: true,
};
const RUN: RunEvidence = {
  lacks: [],
  blocked: [],
  tags: new Map(),
  points: null,
  oldestFile: NOW - 2 * DAY,
  newestFile: NOW - DAY,
  newestChange: NOW - DAY,
};

/** What is written for runs of experiment 1 that have lost their records. */
function repairRuns(
  ids: readonly string[],
  record: Partial<RecordEvidence> = {},
  policy: Partial<RepairPolicy> = {},
) {
  const damagedRuns = ids.map((id) =>
    damagedRun({ id, message: "meta.yaml does not exist", usage: null })
  );
  const evidence: Evidence = {
    ...NO_EVIDENCE,
    records: new Map(damagedRuns.map(({ path }) => [path, { ...RECORD, ...record }])),
    runs: new Map(damagedRuns.map(({ path }) => [path, RUN])),
  };
  const experiments = [experiment({ id: "1", damagedRuns })];
  return repairRecords({
    snapshot: deepFreeze({ ...snapshot({ experiments }), depth: "full" }),
    evidence,
    policy: { settle: 60_000, staleAfter: 7 * DAY, finishAs: "FAILED", relocate: null, ...policy },
    roots: new Set(),
    now: NOW,
  }).actions;
}

Deno.test({
  name: "repairRecords() rebuilds more runs than a function takes arguments",
  ignore: !isLong,
  fn: () => {
    const ids = Array.from({ length: 130_000 }, (_, index) => runId(index));
    assertEquals(repairRuns(ids).length, ids.length);
  },
});

Deno.test("repairRecords() relocates what a record names, however it is quoted", () => {
  const id = runId(1);
  const former = "C:\\old";
  const texts: readonly (readonly [string, string])[] = [
    [former, `artifact_uri: "C:\\\\old\\\\1\\\\${id}\\\\artifacts"\n`],
    [former, `artifact_uri: 'C:\\old\\1\\${id}\\artifacts'\n`],
    [former, `artifact_uri: C:\\old\\1\\${id}\\artifacts\n`],
    ["C:/it's old", `artifact_uri: 'C:/it''s old/1/${id}/artifacts'\n`],
  ];
  for (const [from, text] of texts) {
    const [action] = repairRuns([id], { text }, { relocate: { from } });
    assert(action?.kind === "write-meta");
    const read = readRunMeta(action.text);
    assertEquals(read.ok && read.meta.artifactUri, `${ROOT}/1/${id}/artifacts`, text);
  }
});
