/**
 * Random retention policies, and stores that were read as they need it.
 *
 * @module
 */

import fc from "./fast_check.ts";
import {
  type BestRule,
  CHILDREN_POLICIES,
  type CleanupPolicy,
  type Protection,
  PROTECTIONS,
  type RetentionPolicy,
  type RetentionRule,
} from "../../lib/policy/policy.ts";
import {
  isMeasured,
  type ModelUse,
  type RunExtras,
  type TraceUse,
} from "../../lib/store/extras.ts";
import { asStorePath } from "../../lib/store/path.ts";
import type { Experiment, Run, StoreSnapshot } from "../../lib/store/snapshot.ts";
import { DAY, HOUR, retentionRule } from "./builders.ts";

/** Metrics, parameters and tags that stores and policies speak of. */
const METRICS = ["f1", "loss"] as const;
const FACETS = ["model", "team"] as const;
const VALUES = ["cnn", "gru"] as const;
const TAGS = [
  ...FACETS,
  "keep",
  "mlflow.parentRunId",
  "mltidy.artifacts_dropped",
  "mltidy.pin",
  "team=cnn",
  "team=g*",
];
const GLOB = "*.ckpt";
const MOST_POINTS = 50;

const count = (most: number) => fc.oneof(fc.constant(0), fc.nat({ max: most }));
const facet = () => fc.option(fc.constantFrom<string[]>(...FACETS), { freq: 2 });

function bestRule(): fc.Arbitrary<BestRule> {
  return fc.record({
    metric: fc.constantFrom<string[]>(...METRICS),
    mode: fc.constantFrom<("max" | "min")[]>("max", "min"),
    n: fc.nat({ max: 3 }),
    over: fc.constantFrom<("latest" | "history")[]>("latest", "history"),
    per: facet(),
  });
}

/** A random rule: each part given or not. */
export function ruleArbitrary(): fc.Arbitrary<RetentionRule> {
  const tags = fc.uniqueArray(fc.constantFrom("keep", "team=g*"), { maxLength: 1 });
  return fc.record({
    experiments: fc.constantFrom<(readonly string[])[]>([], [], ["base*"], ["4201*"]),
    tags: fc.constantFrom<(readonly string[])[]>([], [], ["team=cnn"]),
    keepLast: count(4),
    keepWithin: fc.constantFrom(0, 0, DAY, 30 * DAY, 60 * DAY),
    keepBest: fc.array(bestRule(), { maxLength: 2 }),
    keepDaily: count(3),
    keepWeekly: count(3),
    keepMonthly: count(3),
    keepTags: tags,
    keepStatus: fc.constantFrom<RetentionRule["keepStatus"][]>([], [], ["FAILED"]),
    keepNamed: fc.constantFrom<(readonly string[])[]>([], [], ["base*"]),
    keepWhere: fc.constantFrom<(readonly string[])[]>([], [], ["f1 >= 0.7"], ["loss<.6", "f1 > 0"]),
    groupBy: facet(),
    children: fc.constantFrom(...CHILDREN_POLICIES),
  }).map((rule) =>
    // Few rules, as by these hardly a run goes.
    retentionRule({ ...rule, artifactsOnly: rule.keepBest.length > 0 && rule.keepWithin === DAY })
  );
}

/** A random retention policy, without switched-off protections unless they are wanted. */
export function retentionArbitrary(
  options: { readonly unsafe?: boolean } = {},
): fc.Arbitrary<RetentionPolicy> {
  const unsafe: fc.Arbitrary<readonly Protection[]> = options.unsafe
    ? fc.subarray([...PROTECTIONS])
    : fc.constant([]);
  return fc.record({
    rules: fc.array(ruleArbitrary(), { maxLength: 2 }).chain((some) =>
      ruleArbitrary().map((last) => [
        ...some.map((rule, index) => ({ ...rule, name: `rule ${index + 1}` })),
        { ...last, name: "retention", experiments: [], tags: [] },
      ])
    ),
    protect: fc.record({
      pinnedTags: fc.constantFrom<(readonly string[])[]>([], ["keep"]),
      experiments: fc.constant([]),
      unsafe,
    }),
    limits: fc.constant({ maxShare: 1, maxRuns: null }),
    artifactsOnly: fc.constantFrom(null, GLOB),
  }).map((policy) =>
    // Of the stores that are read for it, no other glob is known.
    policy.artifactsOnly !== null
      ? { ...policy, thinMetrics: MOST_POINTS }
      : { ...policy, rules: policy.rules.map((rule) => ({ ...rule, artifactsOnly: false })) }
  );
}

/** A random policy of a clean-up that judges by rules. */
export function rulesArbitrary(
  options: { readonly unsafe?: boolean } = {},
): fc.Arbitrary<CleanupPolicy & { readonly retention: RetentionPolicy }> {
  return fc.record({
    olderThan: fc.constant(null),
    purgeAfter: fc.constantFrom(null, 0, DAY, 30 * DAY),
    quarantineOrphans: fc.boolean(),
    settle: fc.constant(HOUR / 6),
    retention: retentionArbitrary(options),
  });
}

/** What a policy may ask for, on top of random stores: numbers pick what each run has. */
export function withExtras(
  store: StoreSnapshot<"tags">,
  numbers: readonly number[],
): StoreSnapshot<"tags"> {
  let next = 0;
  const draw = (below: number) => (numbers[next++ % numbers.length] ?? 0) % below;
  const models = store.experiments.flatMap(({ loggedModels }) => loggedModels.map(({ id }) => id));
  const runIds = store.experiments.flatMap(({ runs }) => runs.map(({ id }) => id));
  const addToRun = (run: Run): Run => {
    const tags = new Map(run.tags);
    if (draw(8) === 0) tags.set("mltidy.pin", "");
    const facets = FACETS.map((key) => [key, VALUES[draw(3)]] as const);
    const params = new Map<string, string>();
    for (const [key, value] of facets) {
      if (value !== undefined) (draw(2) === 0 ? tags : params).set(key, value);
    }
    const files = draw(3) === 0 ? draw(3) : 0;
    const extras: RunExtras = {
      metrics: new Map(METRICS.flatMap((key) => {
        const latest = [0.5, 0.5, 0.7, 0.9, NaN, Infinity, undefined][draw(7)];
        const least = draw(3) / 10;
        if (latest === undefined) return [];
        // The latest is one of the values, but for what is none.
        const values = [least, least + 0.5, ...(isMeasured(latest) ? [latest] : [])];
        return [[key, { latest, least: Math.min(...values), greatest: Math.max(...values) }]];
      })),
      params,
      inputs: models.length > 0 && draw(6) === 0 ? [models[draw(models.length)]!] : [],
      heavy: Array.from({ length: files }, (_, index) => ({
        path: asStorePath(`${run.path}/artifacts/${index}.ckpt`),
        usage: { bytes: 4_096, files: 1 },
        stamp: `stamp:${index}`,
      })),
      // Some have one, whatever is drawn.
      ...(/[05a]$/.test(run.id)
        ? {
          long: [{
            key: "long",
            path: asStorePath(`${run.path}/metrics/long`),
            points: 99,
            stays: 50,
            cuts: [{ from: 20, to: 1_000 }],
            stamp: "long",
          }],
        }
        : {}),
    };
    return { ...run, tags, extras };
  };
  const addToExperiment = (experiment: Experiment): Experiment => {
    const traceUses: TraceUse[] = Array.from({ length: draw(4) === 0 ? 2 : 0 }, (_, index) => ({
      trace: `tr-${index}`,
      assessment: draw(2) === 0 ? null : "a-1",
      runId: runIds.length > 0 && draw(2) === 0 ? runIds[draw(runIds.length)]! : null,
      modelId: models.length > 0 && draw(2) === 0 ? models[draw(models.length)]! : null,
    }));
    return { ...experiment, traceUses, runs: experiment.runs.map(addToRun) };
  };
  return withUses({
    ...store,
    extras: {
      tags: TAGS,
      metrics: METRICS,
      histories: METRICS,
      params: FACETS,
      uses: true,
      artifacts: GLOB,
      points: MOST_POINTS,
    },
    experiments: store.experiments.map(addToExperiment),
  });
}

/** What names a logged model is known of the model, too. */
function withUses(store: StoreSnapshot<"tags">): StoreSnapshot<"tags"> {
  const usesOf = (id: string): readonly ModelUse[] => [
    ...store.experiments.flatMap(({ runs }) => runs)
      .filter(({ extras }) => extras?.inputs.includes(id))
      .map((run): ModelUse => ({ kind: "input", run: run.id })),
    ...store.experiments.filter(({ lifecycleStage }) => lifecycleStage === "active")
      .flatMap(({ traceUses = [] }) => traceUses).filter(({ modelId }) => modelId === id)
      .map(({ trace }): ModelUse => ({ kind: "trace", trace })),
  ];
  return {
    ...store,
    experiments: store.experiments.map((experiment) => ({
      ...experiment,
      loggedModels: experiment.loggedModels.map((model) => ({
        ...model,
        usedBy: [...model.usedBy, ...usesOf(model.id)],
      })),
    })),
  };
}
