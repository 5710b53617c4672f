import { assert, assertEquals } from "@std/assert";
import {
  type Evidence,
  NO_EVIDENCE,
  type RecordEvidence,
  type RepairPolicy,
  type RunEvidence,
} from "../../../lib/plan/repair_action.ts";
import { readExperimentMeta, readRunMeta } from "../../../lib/records/meta_record.ts";
import { repairRecords } from "../../../lib/repair/repair_records.ts";
import {
  damagedRun,
  DAY,
  experiment,
  NOW,
  orphan,
  ROOT,
  run,
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

/** What is written for experiment 2, in whose directory a record names another. */
function repairMisnamed(text: string, damaged: readonly string[] = []): string | undefined {
  const own = orphan({
    id: "2",
    damage: "id-mismatch",
    message: `experiment_id is "1", but the directory is "2"`,
    runs: [run({ experimentId: "2", artifactUri: `${ROOT}/2/${runId(1)}/artifacts` })],
    damagedRuns: damaged.map((id) => damagedRun({ id, damage: "id-mismatch" })),
    newestChange: NOW - DAY,
  });
  const other = experiment({ id: "1", name: "barley", artifactLocation: `${ROOT}/1` });
  const [action] = repairRecords({
    snapshot: deepFreeze({
      ...snapshot({ experiments: [other], orphans: [own] }),
      depth: "full",
    }),
    evidence: { ...NO_EVIDENCE, records: new Map([[own.path, { ...RECORD, stamp: "a", text }]]) },
    policy: { settle: 60_000, staleAfter: 7 * DAY, finishAs: "FAILED", relocate: null },
    now: NOW,
    roots: new Set(),
  }).actions;
  return action?.kind === "write-meta" ? action.text : undefined;
}

const record = (id: string, name: string, location: string) =>
  `artifact_location: ${location}\ncreation_time: 5\nexperiment_id: '${id}'\n` +
  `last_update_time: 5\nlifecycle_stage: active\nname: ${name}\n`;

Deno.test("repairRecords() takes no word of a copied record for that of the experiment it lies in", () => {
  const copied = readExperimentMeta(repairMisnamed(record("1", "barley", `${ROOT}/1`)) ?? "");
  assert(copied.ok);
  const { experimentId, name, artifactLocation, creationTime } = copied.meta;
  assertEquals([experimentId, name, artifactLocation], ["2", "recovered-2", `${ROOT}/2`]);
  assert(creationTime !== 5);
  const renamed = readExperimentMeta(repairMisnamed(record("1", "rye", `${ROOT}/1`)) ?? "");
  assertEquals(renamed.ok && renamed.meta.name, "rye");
});

Deno.test("repairRecords() gives a record the id that all runs beside it prove, and keeps the rest", () => {
  assertEquals(
    repairMisnamed(record("123", "rye", `${ROOT}/9`)),
    `artifact_location: ${ROOT}/9\ncreation_time: 5\nexperiment_id: "2"\n` +
      "last_update_time: 5\nlifecycle_stage: active\nname: rye\n",
  );
  assertEquals(repairMisnamed(record("1", "rye", `${ROOT}/1`), [runId(2)]), undefined);
});
