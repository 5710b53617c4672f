import { assert, assertEquals } from "@std/assert";
import type { RecordEvidence } from "../../../lib/plan/repair_action.ts";
import { readExperimentMeta } from "../../../lib/records/meta_record.ts";
import {
  type LostExperiment,
  rebuildExperimentMeta,
} from "../../../lib/repair/rebuild_experiment_meta.ts";
import { DAY, experiment, NOW, runId } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";
import { experimentMeta } from "../../_support/disk_store.ts";

const RUN = {
  id: runId(1),
  artifactUri: `s3://bucket/7/${runId(1)}/artifacts`,
  startTime: NOW - 9 * DAY,
};
const LOST: LostExperiment = deepFreeze({
  id: "7",
  stage: "active",
  runs: [RUN],
  usual: { location: "file:///data/mlruns/7", from: "the other experiments" },
  taken: new Set(["Default", "churn"]),
  newestChange: NOW - DAY,
});
const RECORD: RecordEvidence = deepFreeze({
  file: "meta.yaml",
  stamp: "absent",
  text: null,
  changed: NOW - DAY,
  kept: null,
  hasTags: false,
});
const SOUND = experimentMeta(experiment({
  id: "7",
  name: "vision",
  artifactLocation: "s3://bucket/7",
  creationTime: NOW - 20 * DAY,
  lastUpdateTime: NOW - 10 * DAY,
}));

const rebuild = (lost: Partial<LostExperiment> = {}, record: Partial<RecordEvidence> = {}) =>
  rebuildExperimentMeta({ ...LOST, ...lost }, { ...RECORD, ...record });

/** The record that was put together, as it is read. */
function metaOf(...given: Parameters<typeof rebuild>) {
  const rebuilt = rebuild(...given);
  assert(rebuilt.kind === "rebuilt");
  const read = readExperimentMeta(rebuilt.text);
  assert(read.ok);
  assertEquals([rebuilt.name, rebuilt.location], [read.meta.name, read.meta.artifactLocation]);
  return { ...read.meta, isNamed: rebuilt.isNamed };
}

function sourcesOf(...given: Parameters<typeof rebuild>): readonly string[] {
  const rebuilt = rebuild(...given);
  assert(rebuilt.kind === "rebuilt");
  return rebuilt.reasons.map((reason) =>
    reason.kind === "evidence" ? `${reason.of}: ${reason.from}` : reason.kind
  );
}

Deno.test("rebuildExperimentMeta() takes the location and the time from the runs, the id from the path", () => {
  assertEquals(metaOf(), {
    experimentId: "7",
    name: "recovered-7",
    isNamed: false,
    artifactLocation: "s3://bucket/7",
    lifecycleStage: "active",
    creationTime: RUN.startTime,
    lastUpdateTime: NOW - DAY,
  });
  assertEquals(sourcesOf(), [
    "artifact_location: its runs",
    "lifecycle_stage: its place",
    "name: its id",
    "creation_time: its first run",
  ]);
});

Deno.test("rebuildExperimentMeta() finds the location in URIs of any form", () => {
  const forms: readonly (readonly [artifactUri: string, location: string])[] = [
    [`file:///data/7/${RUN.id}/artifacts`, "file:///data/7"],
    [`/data/7/${RUN.id}/artifacts/`, "/data/7"],
    [`C:\\data\\7\\${RUN.id}\\artifacts`, "C:\\data\\7"],
    [`s3://b/7/${RUN.id}/artifacts?region=eu`, "s3://b/7?region=eu"],
    ["s3://elsewhere/entirely", "file:///data/mlruns/7"],
    ["", "file:///data/mlruns/7"],
  ];
  for (const [artifactUri, location] of forms) {
    assertEquals(metaOf({ runs: [{ ...RUN, artifactUri }] }).artifactLocation, location);
  }
});

Deno.test("rebuildExperimentMeta() leaves the choice where runs name several places", () => {
  const other = { ...RUN, id: runId(2), artifactUri: `/data/7/${runId(2)}/artifacts` };
  assertEquals(rebuild({ runs: [RUN, other] }), {
    kind: "ambiguous",
    locations: ["s3://bucket/7", "/data/7"],
  });
  const text = "artifact_location: gs://b/7\n";
  assertEquals(metaOf({ runs: [RUN, other] }, { text }).artifactLocation, "gs://b/7");
});

Deno.test("rebuildExperimentMeta() names an experiment anew when its name was taken meanwhile", () => {
  assertEquals(metaOf({}, { text: "name: vision\n" }).name, "vision");
  assertEquals(metaOf({}, { text: "name: churn\n" }).name, "churn (recovered 7)");
  assertEquals(metaOf({}, { text: "name: churn\n" }).isNamed, true);
  assertEquals(metaOf({ id: "0" }).name, "recovered-0");
  assertEquals(metaOf({ id: "0", taken: new Set() }).name, "Default");
});

Deno.test("rebuildExperimentMeta() gives a kept copy back as it is, keys that it does not know included", () => {
  const text = `${SOUND.replace("name: vision", "name: 'vision'")}zebra: kept\n`;
  const kept = { text, source: "the metadata kept", keptAt: NOW - DAY };
  const rebuilt = rebuild({}, { kept, text: "" });
  assert(rebuilt.kind === "rebuilt");
  assertEquals([rebuilt.text, rebuilt.isNamed], [text, true]);
  assertEquals(sourcesOf({}, { kept }), ["the record: the metadata kept of 2026-10-31 00:00 UTC"]);
});

Deno.test("rebuildExperimentMeta() lets the place overrule the stage of an older copy", () => {
  const kept = { text: SOUND, source: "the metadata kept", keptAt: NOW - DAY };
  const meta = metaOf({ stage: "deleted" }, { kept });
  assertEquals([meta.lifecycleStage, meta.lastUpdateTime], ["deleted", NOW - DAY]);
});

Deno.test("rebuildExperimentMeta() knows the default experiment without any evidence", () => {
  const { name, experimentId, isNamed } = metaOf({ id: "0", runs: [], taken: new Set() });
  assertEquals([name, experimentId, isNamed], ["Default", "0", true]);
});

Deno.test("rebuildExperimentMeta() takes a copy whole where the text is damaged and not only cut off", () => {
  const kept = { text: SOUND, source: "backup a", keptAt: NOW };
  const text = "<<<<<<< HEAD\nname: vision\n=======\nname: other\n>>>>>>> theirs\n";
  const rebuilt = rebuild({}, { kept, text });
  assertEquals(rebuilt.kind === "rebuilt" && rebuilt.text, SOUND);
  assertEquals(sourcesOf({}, { kept, text }).length, 1);
  assertEquals(rebuild({}, { text }).kind, "unknown");
});

Deno.test("rebuildExperimentMeta() keeps times that the text proves, however they are written", () => {
  const text = `creation_time: ${NOW - 20 * DAY}.0\nlast_update_time: '${NOW - 10 * DAY}'\n`;
  const { creationTime, lastUpdateTime } = metaOf({}, { text });
  assertEquals([creationTime, lastUpdateTime], [NOW - 20 * DAY, NOW - 10 * DAY]);
});

Deno.test("rebuildExperimentMeta() takes no copy of another experiment", () => {
  const other = experimentMeta(experiment({ id: "8", name: "other" }));
  const kept = { text: other, source: "the metadata kept", keptAt: NOW };
  assertEquals(metaOf({}, { kept }).name, "recovered-7");
});

Deno.test("rebuildExperimentMeta() rebuilds nothing that was no experiment, or another one", () => {
  assertEquals(rebuild({ runs: [] }), { kind: "unknown" });
  assertEquals(rebuild({ runs: [] }, { text: "colour: blue\n" }), { kind: "unknown" });
  assertEquals(rebuild({}, { text: "experiment_id: '8'\n" }), { kind: "unknown" });
  assertEquals(metaOf({ runs: [] }, { text: "name: vision\n" }).creationTime, NOW - DAY);
});

Deno.test("rebuildExperimentMeta() takes more runs than a function takes arguments", () => {
  const runs = Array.from({ length: 130_000 }, (_, index) => ({
    ...RUN,
    startTime: NOW - index,
  }));
  assertEquals(metaOf({ runs }).creationTime, NOW - 129_999);
});
