import { assertEquals } from "@std/assert";
import {
  brokenRunId,
  findBrokenModelNames,
  findBrokenRunNames,
} from "../../../lib/judge/find_broken_names.ts";
import { findReferences } from "../../../lib/snapshot/find_references.ts";
import type { TraceUse } from "../../../lib/store/extras.ts";
import {
  damagedRun,
  experiment,
  type ExperimentInit,
  loggedModel,
  modelVersion,
  type ModelVersionInit,
  registeredModel,
  run,
  runId,
  snapshot,
} from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const [RUN, USER] = [runId(1), runId(2)];
const MODEL = `m-${RUN}`;
const CUT = RUN.slice(0, 20);
const CUT_MODEL = MODEL.slice(0, 20);

/** A store with a run, a logged model of it, and what is added. */
function storeWith(
  init: Omit<ExperimentInit, "traceUses"> & { traceUses?: readonly Partial<TraceUse>[] },
  version: ModelVersionInit | null = null,
) {
  const { traceUses = [], runs = [], loggedModels, ...rest } = init;
  const none: TraceUse = { trace: "tr-1", assessment: null, runId: null, modelId: null };
  return deepFreeze(snapshot({
    experiments: [{
      ...experiment({
        runs: [run({ id: RUN }), ...runs],
        loggedModels: loggedModels ?? [loggedModel({ id: MODEL, sourceRunId: RUN })],
        ...rest,
      }),
      traceUses: traceUses.map((use) => ({ ...none, ...use })),
    }],
    registeredModels: version === null
      ? []
      : [registeredModel({ name: "churn", versions: [modelVersion(version)] })],
  }));
}

type Store = ReturnType<typeof storeWith>;

const ofRuns = (store: Store) =>
  findBrokenRunNames(store).map(({ protection, path }) => [`${path}`, protection]);
const ofModels = (store: Store) =>
  findBrokenModelNames(store, findReferences(store))
    .map(({ protection, path }) => [`${path}`, protection]);

const withInputs = (...inputs: readonly string[]) =>
  run({ id: USER, extras: { metrics: new Map(), params: new Map(), inputs, heavy: [] } });

const VERSION = "models/churn/version-1";

Deno.test("findBrokenRunNames() finds ids that are not whole, wherever a run is named", () => {
  const child = (parent: string) => run({ id: USER, tags: { "mlflow.parentRunId": parent } });
  assertEquals(ofRuns(storeWith({ runs: [child(CUT)] })), [
    [`1/${USER}/tags/mlflow.parentRunId`, null],
  ]);
  assertEquals(ofRuns(storeWith({ traceUses: [{ runId: CUT }] })), [["1/traces/tr-1", "traces"]]);
  for (const version of [{ runId: CUT }, { runId: "" }, { source: `runs:/${CUT}` }]) {
    assertEquals(ofRuns(storeWith({}, version)), [[VERSION, null]], JSON.stringify(version));
  }
  const storageLocation = `runs:/${CUT}/model`;
  assertEquals(ofRuns(storeWith({}, { source: `models:/${MODEL}`, storageLocation })), [
    [VERSION, null],
  ]);
});

Deno.test("findBrokenRunNames() passes over ids that are whole, or that a run has, and deleted versions", () => {
  const child = (parent: string) => run({ id: USER, tags: { "mlflow.parentRunId": parent } });
  assertEquals(ofRuns(storeWith({ runs: [child(runId(99))] })), []);
  assertEquals(ofRuns(storeWith({ runs: [child("mine"), run({ id: "mine" })] })), []);
  const damagedRuns = [damagedRun({ id: "torn" })];
  assertEquals(ofRuns(storeWith({ runs: [child("torn")], damagedRuns })), []);
  assertEquals(ofRuns(storeWith({}, { runId: CUT, stage: "Deleted_Internal" })), []);
  assertEquals(ofRuns(storeWith({}, { source: "s3://bucket/model" })), []);
});

Deno.test("findBrokenModelNames() finds ids that are not whole, wherever a model is named", () => {
  const runs = [withInputs(CUT_MODEL)];
  assertEquals(ofModels(storeWith({ runs })), [[`1/${USER}`, "inputs"]]);
  const damagedRuns = [damagedRun({ id: USER, inputs: [""] })];
  assertEquals(ofModels(storeWith({ damagedRuns })), [[`1/${USER}`, "inputs"]]);
  assertEquals(ofModels(storeWith({ traceUses: [{ modelId: CUT_MODEL }] })), [
    ["1/traces/tr-1", "logged_models"],
  ]);
  for (const version of [{ modelId: CUT_MODEL }, { modelId: "" }]) {
    assertEquals(ofModels(storeWith({}, version)), [[VERSION, null]], JSON.stringify(version));
  }
  assertEquals(ofModels(storeWith({}, { source: "models:/chu" })), [[VERSION, null]]);
});

Deno.test("findBrokenModelNames() finds models in use that name their run by no whole id", () => {
  const loggedModels = [loggedModel({ id: MODEL, sourceRunId: CUT })];
  const path = `1/models/${MODEL}`;
  const uses: readonly (readonly [Store, unknown])[] = [
    [storeWith({ loggedModels, runs: [withInputs(MODEL)] }), [[path, "inputs"]]],
    [storeWith({ loggedModels, traceUses: [{ modelId: MODEL }] }), [[path, "logged_models"]]],
    [storeWith({ loggedModels }, { source: `models:/${MODEL}` }), [[path, null], [path, null]]],
    [storeWith({ loggedModels }), []],
  ];
  for (const [store, found] of uses) assertEquals<unknown>(ofModels(store), found);
});

Deno.test("findBrokenModelNames() passes over ids that are whole, or that a model has, and where there is none", () => {
  assertEquals(ofModels(storeWith({ runs: [withInputs(`m-${runId(99)}`)] })), []);
  const loggedModels = [loggedModel({ id: "m-1", sourceRunId: RUN })];
  assertEquals(ofModels(storeWith({ loggedModels, runs: [withInputs("m-1")] })), []);
  assertEquals(ofModels(storeWith({ loggedModels: [], runs: [withInputs(CUT_MODEL)] })), []);
});

Deno.test("brokenRunId() takes no id for broken that is whole, or that a run has", () => {
  const isBroken = brokenRunId(storeWith({ runs: [run({ id: "mine" })] }));
  assertEquals(
    [runId(99), "mine", CUT, "", RUN.toUpperCase().replace(/^0/, "G")].map(isBroken),
    [false, false, true, true, true],
  );
});
