/**
 * Random but consistent stores for property tests: what a scan may truly find, with every boundary
 * that a rule looks at.
 *
 * A store is drawn as recipes that name other runs by number; numbers become ids only when the
 * whole store is known. So parents, cycles and references across experiments occur often, and
 * shrinking keeps them.
 *
 * @module
 */

import fc from "./fast_check.ts";
import type { ModelUse } from "../../lib/store/extras.ts";
import type { MetaDamage } from "../../lib/store/problem.ts";
import type {
  Experiment,
  LoggedModel,
  Orphan,
  RegisteredModel,
  Run,
  RunStatus,
  StoreSnapshot,
} from "../../lib/store/snapshot.ts";
import {
  damagedRun,
  DAY,
  experiment,
  HOUR,
  loggedModel,
  modelVersion,
  orphan,
  registeredModel,
  ROOT,
  run,
  snapshot,
  stray,
} from "./builders.ts";

/** Every kind of damage. */
export const DAMAGES: readonly MetaDamage[] = [
  "missing",
  "empty",
  "unreadable",
  "incomplete",
  "id-mismatch",
  "io",
];

/** What the arbitrary needs to know. */
export interface SnapshotArbitraryOptions {
  /** Epoch ms: the moment around which all ages lie. */
  readonly now: number;
}

/**
 * Random snapshots of depth `tags`, with sizes.
 *
 * Up to 5 experiments of up to 8 runs, up to 3 orphans, 3 strays and 3 registered models. Ages
 * cluster at 30 days and at 10 minutes, some lie in the future. All paths and run ids are distinct.
 *
 * @param options The moment of reading.
 * @returns The arbitrary.
 */
export function snapshotArbitrary(
  options: SnapshotArbitraryOptions,
): fc.Arbitrary<StoreSnapshot<"tags">> {
  const time = ageArbitrary().map((age) => options.now - age);
  return fc.record({
    experiments: fc.array(experimentRecipe(time), { maxLength: 5 }),
    withDefault: fc.boolean(),
    orphans: fc.array(orphanRecipe(time), { maxLength: 3 }),
    models: fc.array(registeredRecipe(), { maxLength: 3 }),
    strays: fc.uniqueArray(fc.constantFrom(...STRAYS), { maxLength: 3 }),
    hasTrash: fc.boolean(),
  }).map((recipe) => assemble(recipe, options.now));
}

/** Ages in ms: the limits, one ms around them, the future, and anything up to 90 days. */
export function ageArbitrary(): fc.Arbitrary<number> {
  const minute = HOUR / 60;
  const limits = [0, 10 * minute, DAY, 30 * DAY];
  return fc.oneof(
    fc.constantFrom(...limits.flatMap((limit) => [limit - 1, limit, limit + 1])),
    fc.constantFrom(-DAY, -365 * DAY),
    fc.integer({ min: 0, max: 90 * DAY }),
    fc.integer({ min: 30 * DAY, max: 400 * DAY }),
  );
}

interface RunRecipe {
  readonly name: string;
  readonly status: RunStatus;
  readonly deleted: boolean;
  readonly startTime: number;
  readonly endTime: number | null;
  readonly deletedTime: number | null;
  /** Whether it may be said to have begun after its deletion. */
  readonly misdated: boolean;
  readonly link: boolean;
  /** Number of the parent among all runs; `null` for none, -1 for a run that is not there. */
  readonly parent: number | null;
  readonly keep: boolean;
  readonly blocks: number;
}

interface HolderRecipe {
  readonly deleted: boolean;
  readonly link: boolean;
  readonly runs: readonly RunRecipe[];
  readonly damagedRuns: readonly MetaDamage[];
  readonly loggedModels: readonly ModelRecipe[];
}

interface ModelRecipe {
  /** Number of its source run; `null` for none, -1 for a run that is not there. */
  readonly source: number | null;
  readonly deleted: boolean;
  readonly lastUpdatedTime: number | null;
  readonly lastChange: number;
  readonly pinned: boolean;
  /** What uses it: the number of a run, or a trace. */
  readonly use: { readonly kind: ModelUse["kind"]; readonly run: number } | null;
  readonly blocks: number;
}

interface ExperimentRecipe extends HolderRecipe {
  readonly name: string;
  /** Whether `meta.yaml` records the other stage. */
  readonly misrecorded: boolean;
  /** Whether it may be said to have been made after its last change. */
  readonly misdated: boolean;
  readonly creationTime: number | null;
  readonly lastUpdateTime: number | null;
}

interface OrphanRecipe extends HolderRecipe {
  readonly damage: MetaDamage;
  readonly foreign: readonly string[];
  readonly newestChange: number;
}

type Reference = (typeof REFERENCES)[number];

interface VersionRecipe {
  readonly reference: Reference;
  /** Number of the run, logged model or registered model that it refers to. */
  readonly target: number;
  readonly stage: string;
}

interface RegisteredRecipe {
  readonly aliased: boolean;
  readonly versions: readonly VersionRecipe[];
}

interface StoreRecipe {
  readonly experiments: readonly ExperimentRecipe[];
  /** Whether the first experiment is MLflow's default one, `0`. */
  readonly withDefault: boolean;
  readonly orphans: readonly OrphanRecipe[];
  readonly models: readonly RegisteredRecipe[];
  readonly strays: readonly (typeof STRAYS)[number][];
  readonly hasTrash: boolean;
}

const STRAYS = [
  { path: "notes.txt", kind: "file" },
  { path: "old.trash", kind: "ignored-directory" },
  { path: "backups", kind: "backup-directory" },
  { path: ".ipynb_checkpoints", kind: "unlistable-directory" },
  { path: "again", kind: "duplicate-link" },
  { path: "nowhere", kind: "broken-link" },
] as const;

const REFERENCES = [
  "run-id",
  "runs-uri",
  "artifact-path",
  "storage-location",
  "logged-model",
  "other-version",
  "none",
] as const;

const NAMES = ["baseline", "한국어 실험", "", "1e5", "two\nlines", "\u001b[31mred", "😀"];

function rarely(): fc.Arbitrary<boolean> {
  return fc.integer({ min: 0, max: 9 }).map((number) => number === 9);
}

function runRecipe(time: fc.Arbitrary<number>): fc.Arbitrary<RunRecipe> {
  return fc.record({
    name: fc.constantFrom(...NAMES),
    // Ended runs more often: one that has not ended keeps its whole experiment from being purged.
    status: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom<RunStatus[]>("FINISHED", "FAILED", "KILLED") },
      { weight: 1, arbitrary: fc.constantFrom<RunStatus[]>("RUNNING", "SCHEDULED") },
    ),
    deleted: fc.boolean(),
    startTime: time,
    endTime: fc.option(time),
    deletedTime: fc.option(time),
    misdated: rarely(),
    link: rarely(),
    parent: fc.oneof(fc.constant(null), fc.nat({ max: 40 }), fc.constant(-1)),
    keep: rarely(),
    blocks: fc.integer({ min: 1, max: 1_000 }),
  });
}

function holderRecipe(time: fc.Arbitrary<number>, maxRuns: number) {
  return {
    deleted: fc.boolean(),
    link: rarely(),
    runs: fc.array(runRecipe(time), { maxLength: maxRuns }),
    damagedRuns: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(fc.constantFrom(...DAMAGES), { maxLength: 2 }) },
    ),
    loggedModels: fc.array(modelRecipe(time), { maxLength: 3 }),
  };
}

function modelRecipe(time: fc.Arbitrary<number>): fc.Arbitrary<ModelRecipe> {
  return fc.record({
    source: fc.oneof(fc.constant(null), fc.nat({ max: 40 }), fc.constant(-1)),
    deleted: fc.boolean(),
    lastUpdatedTime: fc.option(time),
    lastChange: time,
    pinned: rarely(),
    use: fc.option(
      fc.record({
        kind: fc.constantFrom<ModelUse["kind"][]>("input", "output", "metric", "trace"),
        run: fc.nat({ max: 40 }),
      }),
      { freq: 1 },
    ),
    blocks: fc.integer({ min: 1, max: 1_000 }),
  });
}

function experimentRecipe(time: fc.Arbitrary<number>): fc.Arbitrary<ExperimentRecipe> {
  return fc.record({
    ...holderRecipe(time, 8),
    name: fc.constantFrom(...NAMES),
    misrecorded: rarely(),
    misdated: rarely(),
    creationTime: fc.option(time),
    lastUpdateTime: fc.option(time),
  });
}

function orphanRecipe(time: fc.Arbitrary<number>): fc.Arbitrary<OrphanRecipe> {
  return fc.record({
    ...holderRecipe(time, 2),
    damage: fc.constantFrom(...DAMAGES),
    foreign: rarely().map((has) => has ? ["paper.pdf"] : []),
    newestChange: time,
  });
}

function registeredRecipe(): fc.Arbitrary<RegisteredRecipe> {
  const version = fc.record({
    reference: fc.constantFrom(...REFERENCES),
    target: fc.nat({ max: 40 }),
    stage: fc.constantFrom("None", "Production", "Archived", "Deleted_Internal"),
  });
  return fc.record({ aliased: fc.boolean(), versions: fc.array(version, { maxLength: 3 }) });
}

function assemble(recipe: StoreRecipe, now: number): StoreSnapshot<"tags"> {
  const holders = [...recipe.experiments, ...recipe.orphans];
  const ids = holders.flatMap((holder) => holder.runs).map((_, number) => scatteredId(number));
  const experimentIds = recipe.experiments.map((_, number) =>
    number === 0 && recipe.withDefault ? "0" : `42010165066724${6000 + number}`
  );
  let firstRun = 0;
  const contents = holders.map((holder, number) => {
    const built = buildContents(holder, number, firstRun, ids);
    firstRun += holder.runs.length;
    return built;
  });
  const experiments = recipe.experiments.map((each, number): Experiment => {
    const { name, link, misdated, lastUpdateTime } = each;
    const created = each.creationTime;
    const creationTime = created === null || misdated
      ? created
      : Math.min(created, lastUpdateTime ?? created);
    const recordedStage = stageOf({ deleted: each.deleted !== each.misrecorded });
    return experiment({
      ...contents[number]!,
      ...{ id: experimentIds[number]!, lifecycleStage: stageOf(each) },
      ...{ name, link, recordedStage, creationTime, lastUpdateTime },
    });
  });
  const orphans = recipe.orphans.map((each, number): Orphan => {
    const { damage, foreign, link, newestChange } = each;
    return orphan({
      ...contents[recipe.experiments.length + number]!,
      ...{ id: scatteredId(1_000 + number), lifecycleStage: stageOf(each) },
      ...{ damage, message: `meta.yaml: ${damage}`, foreign, link, newestChange },
    });
  });
  const placed = [...experiments, ...orphans];
  return snapshot({
    readAt: now,
    experiments,
    orphans,
    strays: recipe.strays.map((each) => stray(each)),
    registeredModels: buildRegistry(
      recipe.models,
      placed.flatMap((each) => each.runs),
      placed.flatMap((each) => each.loggedModels),
    ),
    hasTrash: recipe.hasTrash || placed.some((each) => each.lifecycleStage === "deleted"),
  });
}

function buildContents(
  holder: HolderRecipe,
  holderNumber: number,
  firstRun: number,
  ids: readonly string[],
): Pick<Experiment, "runs" | "damagedRuns" | "loggedModels"> {
  const pick = (number: number): string | undefined => ids[number % ids.length];
  return {
    runs: holder.runs.map((each, number) => {
      const { name, status, startTime, endTime, link, deletedTime, misdated } = each;
      const parent = each.parent === null ? undefined : pick(each.parent) ?? scatteredId(9_000);
      return run({
        ...{ id: ids[firstRun + number]!, name, status, endTime, link },
        startTime: misdated ? startTime : Math.min(startTime, deletedTime ?? startTime),
        lifecycleStage: stageOf(each),
        deletedTime: each.deleted ? deletedTime : null,
        tags: {
          "mlflow.runName": name,
          ...(parent === undefined ? {} : { "mlflow.parentRunId": parent }),
          ...(each.keep ? { keep: "true" } : {}),
        },
        usage: { bytes: each.blocks * 4_096, files: 1 + each.blocks % 50 },
      });
    }),
    damagedRuns: holder.damagedRuns.map((damage, number) =>
      damagedRun({
        id: scatteredId(2_000 + holderNumber * 10 + number),
        damage,
        message: `meta.yaml: ${damage}`,
      })
    ),
    loggedModels: holder.loggedModels.map((each, number) => {
      const { source, deleted, lastUpdatedTime, lastChange, pinned, use, blocks } = each;
      return loggedModel({
        id: `m-${scatteredId(3_000 + holderNumber * 10 + number)}`,
        sourceRunId: source === null
          ? null
          : source === -1
          ? scatteredId(9_001)
          : pick(source) ?? null,
        lifecycleStage: stageOf({ deleted }),
        lastUpdatedTime,
        lastChange,
        tags: pinned ? { "mltidy.pin": "" } : {},
        usedBy: use === null ? [] : usesOf(use.kind, pick(use.run)),
        usage: { bytes: blocks * 4_096, files: 2 + blocks % 50 },
      });
    }),
  };
}

function usesOf(kind: ModelUse["kind"], run: string | undefined): readonly ModelUse[] {
  if (kind === "trace") return [{ kind, trace: "tr-0" }];
  return kind === "unreadable" || run === undefined ? [] : [{ kind, run }];
}

function buildRegistry(
  recipes: readonly RegisteredRecipe[],
  runs: readonly Run[],
  models: readonly LoggedModel[],
): readonly RegisteredModel[] {
  return recipes.map((recipe, number) =>
    registeredModel({
      name: `model ${number}`,
      aliases: recipe.aliased && recipe.versions.length > 0 ? { champion: "1" } : {},
      versions: recipe.versions.map(({ reference, target, stage }, index) => {
        const run = runs[target % runs.length];
        const model = models[target % models.length];
        return modelVersion({
          version: String(index + 1),
          stage,
          ...referenceTo(reference, run, model, `model ${target % recipes.length}`),
        });
      }),
    })
  );
}

/** The fields by which a version refers to something; none where there is nothing to refer to. */
function referenceTo(
  reference: Reference,
  run: Run | undefined,
  model: LoggedModel | undefined,
  registered: string,
): Parameters<typeof modelVersion>[0] {
  switch (reference) {
    case "run-id":
      return run ? { runId: run.id } : {};
    case "runs-uri":
      return run ? { source: `runs:/${run.id}/model` } : {};
    case "artifact-path":
      return run ? { source: `${run.artifactUri}/model` } : {};
    case "storage-location":
      return run ? { source: "models:/moved/1", storageLocation: `${run.artifactUri}/model` } : {};
    case "logged-model":
      return model ? { source: `models:/${model.id}`, modelId: model.id } : {};
    case "other-version":
      return { source: `models:/${registered}/1` };
    case "none":
      return { source: `file://${ROOT}-elsewhere/model` };
  }
}

function stageOf(recipe: { readonly deleted: boolean }): "active" | "deleted" {
  return recipe.deleted ? "deleted" : "active";
}

/** Distinct ids in no order: multiplying by an odd number permutes the 128-bit numbers. */
function scatteredId(number: number): string {
  const factor = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835n;
  return (BigInt(number + 1) * factor % (1n << 128n)).toString(16).padStart(32, "0");
}
