/**
 * One long, realistic history of a store, to try policies on; and plans for it in a few lines.
 *
 * Names tell what a run is about. Ages are in days; `f1` is the latest value, `best` that of the whole
 * history where it differs.
 *
 * @module
 */

import type { Action, CleanupPlan } from "../../lib/plan/plan.ts";
import type { RunExtras } from "../../lib/store/extras.ts";
import { asStorePath } from "../../lib/store/path.ts";
import type { Run, StoreSnapshot } from "../../lib/store/snapshot.ts";
import {
  DAY,
  deletedRun,
  experiment,
  loggedModel,
  modelVersion,
  NOW,
  orphan,
  registeredModel,
  run,
  runId,
  type RunInit,
  snapshot,
} from "./builders.ts";

interface Told {
  readonly name: string;
  /** Days since the end; `null`: still running, started a day ago. */
  readonly age: number | null;
  readonly f1?: number;
  readonly best?: number;
  readonly model?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly status?: Run["status"];
  readonly parent?: string;
  readonly deleted?: number;
  readonly checkpoint?: boolean;
  readonly inputs?: readonly string[];
}

/** The experiment `churn`: two years of one model, then two families of models. */
const CHURN: readonly Told[] = [
  { name: "live", age: null },
  { name: "today", age: 0.3, f1: 0.71, model: "gru" },
  { name: "gru-3", age: 2, f1: 0.9, model: "gru", checkpoint: true },
  { name: "gru-2", age: 2.2, f1: 0.88, model: "gru", checkpoint: true },
  { name: "gru-nan", age: 6, f1: NaN, model: "gru", best: 0.95 },
  { name: "gru-1", age: 9, f1: 0.85, model: "gru" },
  { name: "crash", age: 12, model: "gru", status: "FAILED" },
  { name: "cnn-4", age: 20, f1: 0.8, model: "cnn", checkpoint: true },
  { name: "cnn-3", age: 21, f1: 0.8, model: "cnn", tags: { keep: "" } },
  { name: "cnn-2", age: 35, f1: 0.83, model: "cnn", best: 0.93, checkpoint: true },
  { name: "cnn-1", age: 36, f1: 0.7, model: "cnn" },
  { name: "baseline-2", age: 80, f1: 0.6, tags: { stage: "production" } },
  { name: "killed", age: 120, f1: 0.5, status: "KILLED" },
  { name: "baseline-1", age: 200, f1: 0.55, checkpoint: true },
  { name: "first", age: 400, f1: 0.4 },
  { name: "tomorrow", age: -1, f1: 0.99 },
  { name: "binned", age: 100, deleted: 40 },
  { name: "binned-lately", age: 100, deleted: 5 },
];

/** The experiment `vision`: a sweep, and runs that others still need. */
const VISION: readonly Told[] = [
  { name: "sweep", age: 60 },
  { name: "trial-1", age: 61, f1: 0.5, parent: "sweep" },
  { name: "trial-2", age: 61, f1: 0.97, parent: "sweep" },
  { name: "trial-3", age: 61, f1: 0.6, parent: "sweep" },
  { name: "champion", age: 300, f1: 0.8, checkpoint: true },
  { name: "archived", age: 310, f1: 0.7 },
  { name: "teacher", age: 320, f1: 0.65 },
  { name: "student", age: 10, f1: 0.75, inputs: ["m-teacher"] },
  { name: "traced", age: 330, f1: 0.3 },
  { name: "serving", age: 340, f1: 0.2 },
  { name: "pinned", age: 350, f1: 0.1, tags: { "mltidy.pin": "thesis" } },
  { name: "plain", age: 360, f1: 0.15, tags: { team: "a" } },
];

/** The experiment `scratch`: nobody has looked at it for long. */
const SCRATCH: readonly Told[] = [
  { name: "try-1", age: 91, tags: { team: "b" } },
  { name: "try-2", age: 92, tags: { team: "b" } },
  { name: "try-3", age: 93, tags: { team: "a" } },
  { name: "try-4", age: 94 },
];

const NAMES = [...CHURN, ...VISION, ...SCRATCH].map(({ name }) => name);

/** Everything that a policy may look at. */
const TAGS = ["keep", "mlflow.parentRunId", "mlflow.user", "mltidy.artifacts_dropped", "mltidy.pin"]
  .concat("model", "nobody", "stage", "stage=prod*", "stage=production", "team");

function idOf(name: string): string {
  return runId(NAMES.indexOf(name) + 1);
}

function tell(told: Told, experimentId: string): Run {
  const { name, age, f1, best = f1, model, parent, deleted, checkpoint, inputs = [] } = told;
  const endTime = age === null ? null : NOW - age * DAY;
  const known = best !== undefined && Number.isFinite(best) ? best : null;
  const metrics: RunExtras["metrics"] = f1 === undefined
    ? new Map()
    : new Map([["f1", { latest: f1, least: known === null ? null : 0, greatest: known }]]);
  const path = asStorePath(`${experimentId}/${idOf(name)}/artifacts/checkpoints`);
  const init: RunInit = {
    id: idOf(name),
    experimentId,
    name,
    status: told.status ?? (age === null ? "RUNNING" : "FINISHED"),
    startTime: endTime === null ? NOW - DAY : endTime - DAY / 24,
    endTime,
    tags: {
      "mlflow.user": "kim",
      ...told.tags,
      ...(parent === undefined ? {} : { "mlflow.parentRunId": idOf(parent) }),
    },
    usage: { bytes: checkpoint ? 1_000_000 : 10_000, files: 3 },
    extras: {
      metrics,
      params: new Map(model === undefined ? [] : [["model", model]]),
      inputs,
      heavy: checkpoint ? [{ path, usage: { bytes: 900_000, files: 1 }, stamp: "s" }] : [],
    },
  };
  return deleted === undefined
    ? run(init)
    : deletedRun({ ...init, deletedTime: NOW - deleted * DAY });
}

/**
 * Builds the store, read as any of the policies needs it.
 *
 * @param artifacts The glob of heavy files that was asked for.
 */
export function longHistory(artifacts: string | null): StoreSnapshot<"tags"> {
  const runsOf = (told: readonly Told[], id: string) => told.map((each) => tell(each, id));
  const store = snapshot({
    experiments: [
      experiment({ id: "1", name: "churn", runs: runsOf(CHURN, "1") }),
      {
        ...experiment({
          id: "2",
          name: "vision",
          runs: runsOf(VISION, "2"),
          loggedModels: [
            loggedModel({ id: "m-teacher", experimentId: "2", sourceRunId: idOf("teacher") }),
            loggedModel({ id: "m-serving", experimentId: "2", sourceRunId: idOf("serving") }),
          ],
        }),
        traceUses: [
          { trace: "tr-1", assessment: null, runId: idOf("traced"), modelId: null },
          { trace: "tr-2", assessment: null, runId: null, modelId: "m-serving" },
        ],
      },
      experiment({ id: "3", name: "scratch", runs: runsOf(SCRATCH, "3") }),
      experiment({
        id: "9",
        name: "old",
        lifecycleStage: "deleted",
        lastUpdateTime: NOW - 60 * DAY,
      }),
    ],
    orphans: [orphan({ id: "7", newestChange: NOW - 90 * DAY })],
    registeredModels: [registeredModel({
      name: "vision",
      aliases: { champion: "2" },
      versions: [
        modelVersion({ version: "1", runId: idOf("archived"), stage: "Archived" }),
        modelVersion({ version: "2", runId: idOf("champion") }),
      ],
    })],
  });
  return {
    ...store,
    extras: {
      ...{ tags: TAGS, metrics: ["f1"], histories: ["f1"], params: ["model", "team"] },
      ...{ uses: true, artifacts },
    },
  };
}

/** A plan in a few lines: what is done with what, then what stays, by all its reasons. */
export function inShort(plan: CleanupPlan): readonly string[] {
  const names = new Map(NAMES.map((name) => [idOf(name), name]));
  const nameOf = (path: string) => {
    const id = path.split("/").find((part) => names.has(part));
    return id === undefined ? path : names.get(id)!;
  };
  const list = (heading: string, paths: readonly string[]) =>
    `${heading}: ${paths.map(nameOf).toSorted((a, b) => order(a) - order(b)).join(" ")}`;
  const order = (name: string) => NAMES.indexOf(name);
  const done = [...Map.groupBy(plan.actions, ({ kind }: Action) => kind)]
    .map(([kind, actions]) => list(kind, actions.map(({ path }) => path)));
  const kept = plan.kept.filter(({ kind }) => kind === "run");
  const stays = [...Map.groupBy(kept, ({ reasons }) => reasons.map(({ kind }) => kind).join(" + "))]
    .toSorted(([left], [right]) => left < right ? -1 : 1)
    .map(([reasons, runs]) => list(`  ${reasons}`, runs.map(({ path }) => path)));
  const stops = (plan.stops ?? []).map((stop) => {
    if (stop.kind === "database-unreadable" || stop.kind === "partial-view") {
      return `stop: ${stop.kind}`;
    }
    return stop.kind === "max-runs"
      ? `stop: ${stop.removes} of all, ${stop.limit} allowed`
      : `stop: ${stop.kind} ${stop.name}, ${stop.removes} runs`;
  });
  const { budget } = plan;
  const target = budget && `target: ${budget.reached} of ${budget.wanted}`;
  return [...stops, ...(target === undefined ? [] : [target]), ...done, ...stays];
}
