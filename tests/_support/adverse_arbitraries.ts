/**
 * Stores that try to trick a planner: those of {@linkcode snapshotArbitrary} with things in them that
 * a well-behaved MLflow never leaves behind, but copies, crashes, moves and people do. And policies.
 *
 * @module
 */

import fc from "./fast_check.ts";
import { CHILDREN_POLICIES, type CleanupPolicy } from "../../lib/policy/policy.ts";
import type { Problem } from "../../lib/store/problem.ts";
import { asStorePath } from "../../lib/store/path.ts";
import type {
  Experiment,
  LoggedModel,
  Orphan,
  Run,
  StoreSnapshot,
} from "../../lib/store/snapshot.ts";
import { snapshotArbitrary, type SnapshotArbitraryOptions } from "./arbitraries.ts";
import {
  DAY,
  experiment,
  HOUR,
  modelVersion,
  orphan,
  problem,
  registeredModel,
  ROOT,
  snapshot,
} from "./builders.ts";

type Store = StoreSnapshot<"tags">;
type Twist = (store: Store, first: number, second: number) => Store;
type Blot = (store: Store, number: number) => readonly Problem[];

/**
 * Random snapshots with up to 8 twists: ids that occur twice, artifacts in odd places, references in
 * odd forms, things that could not be read.
 *
 * @param options The moment of reading.
 * @returns The arbitrary.
 */
export function adverseSnapshotArbitrary(options: SnapshotArbitraryOptions): fc.Arbitrary<Store> {
  const number = fc.nat({ max: 40 });
  const twist = fc.tuple(fc.constantFrom<Twist[]>(...Object.values(TWISTS)), number, number);
  const blot = fc.tuple(fc.constantFrom<Blot[]>(...Object.values(BLOTS)), number);
  return fc.record({
    store: snapshotArbitrary(options),
    twists: fc.array(twist, { maxLength: 8 }),
    blots: fc.array(blot, { maxLength: 2 }),
  }).map(({ store, twists, blots }) => {
    const { problems: _, ...twisted } = twists.reduce(
      (current, [apply, first, second]) => apply(current, first, second),
      store,
    );
    const whole = snapshot(twisted);
    return {
      ...whole,
      problems: [...whole.problems, ...blots.flatMap(([of, at]) => of(whole, at))],
    };
  });
}

/** Random policies: each rule given or not, limits where ages cluster. */
export function policyArbitrary(): fc.Arbitrary<CleanupPolicy> {
  const limit = fc.oneof(
    fc.constantFrom(0, DAY, 30 * DAY, Infinity),
    fc.integer({ min: 0, max: 90 * DAY }),
  );
  return fc.record({
    olderThan: fc.option(limit, { freq: 6 }),
    purgeAfter: fc.option(limit, { freq: 6 }),
    quarantineOrphans: fc.integer({ min: 0, max: 5 }).map((one) => one > 0),
    settle: fc.constantFrom(0, HOUR / 6, DAY),
    children: fc.constantFrom(...CHILDREN_POLICIES),
  });
}

/** A number picks one of a list, if there is any. */
function pick<T>(list: readonly T[], number: number): T | undefined {
  return list[number % list.length];
}

const holdersOf = ({ experiments, orphans }: Store) => [...experiments, ...orphans];
const runsOf = (store: Store) => holdersOf(store).flatMap(({ runs }) => runs);
const modelsOf = (store: Store) => holdersOf(store).flatMap(({ loggedModels }) => loggedModels);

const TWISTS = {
  /** A run's directory was copied, `meta.yaml` and all, into another experiment that was copied. */
  copyRun(store: Store, from: number, to: number): Store {
    const copied = pick(runsOf(store), from);
    const target = pick(holdersOf(store), to);
    if (!copied || !target || target.runs.some(({ id }) => id === copied.id)) return store;
    return changeHolder(store, target, {
      runs: [...target.runs, { ...copied, stamp: `stamp:${target.path}/${copied.id}` }],
      usage: {
        bytes: target.usage!.bytes + copied.usage!.bytes,
        files: target.usage!.files + copied.usage!.files,
      },
    });
  },

  /** An experiment is there twice: active, and in `.trash/`. */
  twinExperiment(store: Store, one: number, other: number): Store {
    const [active, deleted] = ["active", "deleted"].map((stage) =>
      store.experiments.filter(({ lifecycleStage }) => lifecycleStage === stage)
    );
    const twin = pick(deleted!, one);
    const id = pick(active!, other)?.id;
    if (!twin || id === undefined || !isFree(store, `.trash/${id}`)) return store;
    return changeHolder(store, twin, { id });
  },

  /** What is left of an experiment in one place, and the experiment in the other. */
  twinOrphan(store: Store, one: number, other: number): Store {
    const twin = pick(store.orphans, one);
    const id = pick(store.experiments, other)?.id;
    if (!twin || id === undefined) return store;
    const path = twin.lifecycleStage === "active" ? id : `.trash/${id}`;
    return isFree(store, path) ? changeHolder(store, twin, { id }) : store;
  },

  /** A run keeps its artifacts inside another run. */
  artifactsInRun: (store: Store, one: number, other: number): Store =>
    changeRun(store, one, () => {
      const around = pick(runsOf(store), other)!;
      return { artifactUri: `${around.artifactUri}/checkpoints` };
    }),

  /** An experiment's `artifact_location` is a directory in the root. */
  artifactsInOrphan: (store: Store, one: number, other: number): Store =>
    changeRun(store, one, ({ id }) => {
      const around = pick(store.orphans, other);
      return around ? { artifactUri: `file://${ROOT}/${around.path}/${id}/artifacts` } : {};
    }),

  /** The store was copied from, or is mounted at, another place. */
  movedArtifacts: (store: Store, one: number): Store =>
    changeRun(store, one, ({ artifactUri }) => ({
      artifactUri: artifactUri.replace(`file://${ROOT}`, "/home/kim/old%20place"),
    })),

  /** A run's artifacts are in a bucket, in a place without its id. */
  artifactsElsewhere: (store: Store, one: number): Store =>
    changeRun(store, one, () => ({ artifactUri: `s3://bucket/place-${one}/artifacts` })),

  /** A run's files could not all be looked at; what is moved as a whole says so itself. */
  unmeasuredRun: (store: Store, one: number): Store =>
    changeRun(store, one, ({ path }) => path.startsWith(".trash/") ? {} : { stamp: "" }),

  /** An orphan's files could not all be looked at. */
  unmeasuredOrphan(store: Store, one: number): Store {
    const target = pick(store.orphans, one);
    return target ? changeHolder(store, target, { stamp: "", newestChange: null }) : store;
  },

  /** A version was made from what is now damaged. */
  referToDamagedRun(store: Store, one: number): Store {
    const target = pick(holdersOf(store).flatMap(({ damagedRuns }) => damagedRuns), one);
    return target ? refer(store, `runs:/${target.id}/model`) : store;
  },

  /** A logged model keeps its artifacts in another, or in a run. */
  modelInOther: (store: Store, one: number, other: number): Store =>
    changeModel(store, one, () => {
      const around = pick<{ readonly path: string }>([...modelsOf(store), ...runsOf(store)], other);
      return around ? { artifactLocation: `file://${ROOT}/${around.path}/artifacts/model` } : {};
    }),

  /** A logged model's files could not all be looked at, or lie behind a link. */
  unmeasuredModel: (store: Store, one: number, other: number): Store =>
    changeModel(
      store,
      one,
      () => other % 2 === 0 ? { link: true } : { stamp: "", lastChange: null },
    ),

  /** Something cannot be read that may name a logged model. */
  unreadableUse: (store: Store, one: number): Store =>
    changeModel(store, one, ({ path }) => ({
      usedBy: [{ kind: "unreadable", path: asStorePath(`${path}/tags`), message: "denied" }],
    })),

  /** A version names a run by nothing but a path of a server, percent-encoded. */
  referByProxiedPath(store: Store, one: number): Store {
    const target = pick(runsOf(store), one);
    if (!target) return store;
    const id = target.id.replace(/^./, (first) => `%${first.charCodeAt(0).toString(16)}`);
    return refer(store, `mlflow-artifacts:/${target.experimentId}/${id}/artifacts/model`);
  },

  /** A version names a run by nothing but where its artifacts are. */
  referByLocation(store: Store, one: number): Store {
    const target = pick(runsOf(store), one);
    return target ? refer(store, `${target.artifactUri}/model`) : store;
  },

  /** A version was copied from one that was deleted since. */
  referThroughDeletedVersion(store: Store, one: number): Store {
    const target = pick(runsOf(store), one);
    if (!target) return store;
    const name = `deleted ${store.registeredModels.length}`;
    const version = modelVersion({ runId: target.id, stage: "Deleted_Internal" });
    const origin = registeredModel({ name, aliases: { first: "1" }, versions: [version] });
    return refer(
      { ...store, registeredModels: [...store.registeredModels, origin] },
      `models:/${encodeURIComponent(name)}@first`,
    );
  },
};

/** Things that could not be read. */
const BLOTS = {
  tags(store: Store, number: number): readonly Problem[] {
    const target = pick(runsOf(store), number);
    return target ? [problem({ path: `${target.path}/tags/note` })] : [];
  },
  loggedModel(store: Store, number: number): readonly Problem[] {
    const target = pick(holdersOf(store), number);
    if (!target) return [];
    const path = `${target.path}/models/m-damaged`;
    return [problem({ path, subject: "logged-model", damage: "missing" })];
  },
  // Keeps everything, so it must not come often.
  registry: (_: Store, number: number): readonly Problem[] =>
    number === 0 ? [problem({ path: "models/model/version-9", subject: "registry" })] : [],
  aliases: (): readonly Problem[] => [
    problem({ path: "models/model/aliases/champion", subject: "registry" }),
  ],
};

function isFree(store: Store, path: string): boolean {
  return holdersOf(store).every((one) => one.path !== path);
}

type HolderKey = "id" | "runs" | "loggedModels" | "stamp" | "usage" | "newestChange";

function changeHolder(
  store: Store,
  target: Experiment | Orphan,
  changes: Partial<Pick<Orphan, HolderKey>>,
): Store {
  // The builders place what has no path.
  const changed = <T extends Experiment | Orphan>({ path: _, ...one }: T) => ({
    ...one,
    ...changes,
  });
  return {
    ...store,
    experiments: store.experiments.map((one) => one === target ? experiment(changed(one)) : one),
    orphans: store.orphans.map((one) => one === target ? orphan(changed(one)) : one),
  };
}

function changeRun(
  store: Store,
  number: number,
  change: (run: Run) => Partial<Pick<Run, "artifactUri" | "stamp">>,
): Store {
  const run = pick(runsOf(store), number);
  const holder = holdersOf(store).find(({ runs }) => runs.some((one) => one === run));
  if (!run || !holder) return store;
  const runs = holder.runs.map((one) => one === run ? { ...one, ...change(one) } : one);
  return changeHolder(store, holder, { runs });
}

function changeModel(
  store: Store,
  number: number,
  change: (model: LoggedModel) => Partial<LoggedModel>,
): Store {
  const model = pick(modelsOf(store), number);
  const holder = holdersOf(store).find(({ loggedModels }) =>
    loggedModels.some((one) => one === model)
  );
  if (!model || !holder) return store;
  const loggedModels = holder.loggedModels
    .map((one) => one === model ? { ...one, ...change(one) } : one);
  return changeHolder(store, holder, { loggedModels });
}

/** Registers a version that was made from a source. */
function refer(store: Store, source: string): Store {
  const name = `twisted ${store.registeredModels.length}`;
  const model = registeredModel({ name, versions: [modelVersion({ source })] });
  return { ...store, registeredModels: [...store.registeredModels, model] };
}
