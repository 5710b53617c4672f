/**
 * What a policy asks for and no run has: most often a name that is not what the store calls it.
 *
 * @module
 */

import { experimentMatcher } from "../selection/select.ts";
import type { JudgedRun, JudgedSnapshot } from "../judge/judged.ts";
import { facetOf, measuredOf, scoreOf, tagFinder } from "../judge/run_facts.ts";
import type { Misfit } from "../plan/outlook.ts";
import {
  type BestRule,
  heavyGlobOf,
  isEmptyRule,
  readThreshold,
  type RetentionPolicy,
  type RetentionRule,
} from "../policy/policy.ts";
import { DROPPED_TAG } from "../store/tags.ts";
import { nameGlob } from "../text/glob.ts";

/**
 * Finds what a policy asks for in vain: where it fits no run at all, and the metrics of `keep_best` that
 * rank no run in some experiments.
 *
 * @param judged The active runs with the rules that judge them.
 * @param policy The rules.
 * @returns What does not fit, in the order of the policy; nothing for a store without active runs.
 */
export function findMisfits(judged: JudgedSnapshot, policy: RetentionPolicy): readonly Misfit[] {
  const ruled = judged.runs.filter(({ ruling }) => ruling !== null);
  const byRule = Map.groupBy(ruled, ({ ruling }) => ruling?.rule);
  const { rules, protect } = policy;
  const heavy = heavyGlobOf(policy);
  // For what keeps nothing nothing was read.
  const keeping = rules.filter((rule) => !isEmptyRule(rule));
  /** For each value of a key, once, the runs that are judged by a rule that says so. */
  const each = (valuesOf: (rule: RetentionRule) => readonly string[]) => {
    const asked = keeping.flatMap((rule) =>
      [...new Set(valuesOf(rule))].map((wanted) => ({ wanted, rule }))
    );
    return [...Map.groupBy(asked, ({ wanted }) => wanted)].map(([wanted, ones]) => ({
      wanted,
      runs: ones.flatMap(({ rule }) => byRule.get(rule) ?? []),
    }));
  };
  const experiments = (key: string, globs: readonly string[]) =>
    globs.flatMap((wanted) =>
      fitsNone(key, wanted, "experiment", judged.activeExperiments, experimentMatcher([wanted]))
    );
  const tags = (key: string, wanted: string, runs: readonly JudgedRun[]) => {
    const find = tagFinder([wanted]);
    return fitsNone(key, wanted, "run", runs, ({ run }) => find(run) !== null);
  };
  const facets = (key: string, valuesOf: (rule: RetentionRule) => readonly (string | null)[]) =>
    each((rule) => valuesOf(rule).filter((facet) => facet !== null)).flatMap(({ wanted, runs }) =>
      fitsNone(key, wanted, "run", runs, ({ run }) => facetOf(run, wanted) !== "")
    );
  if (ruled.length === 0) return [];
  return [
    ...rules.flatMap((rule) => [
      ...experiments(`experiments of ${rule.name}`, rule.experiments),
      ...rule.tags.flatMap((tag) => tags(`tags of ${rule.name}`, tag, ruled)),
    ]),
    ...each((rule) => bestOf(rule).map(({ metric }) => metric))
      .flatMap(({ wanted, runs }) => unranked(wanted, runs)),
    ...facets("per", (rule) => bestOf(rule).map(({ per }) => per)),
    ...facets("group_by", ({ groupBy }) => [groupBy]),
    ...each(({ keepTags }) => keepTags).flatMap(({ wanted, runs }) =>
      tags("keep_tags", wanted, runs)
    ),
    ...each(({ keepNamed }) => keepNamed).flatMap(({ wanted, runs }) => {
      const matches = nameGlob(wanted);
      return fitsNone("keep_named", wanted, "run", runs, ({ run }) => matches(run.name));
    }),
    ...each(({ keepWhere = [] }) => keepWhere.flatMap((one) => readThreshold(one)?.metric ?? []))
      .flatMap(({ wanted, runs }) =>
        fitsNone("keep_where", wanted, "run", runs, ({ run }) => measuredOf(run, wanted) !== null)
      ),
    ...experiments("protect.experiments", protect.experiments),
    ...protect.pinnedTags.flatMap((tag) => tags("protect.pinned_tags", tag, ruled)),
    ...(heavy === null ? [] : fitsNone(
      policy.artifactsOnly === null ? "artifacts_only" : "purge.artifacts_only",
      heavy,
      "run",
      ruled,
      // Where they have been dropped before, there may be none left.
      ({ run }) => (run.extras?.heavy ?? []).length > 0 || run.tags.has(DROPPED_TAG),
    )),
  ];
}

function fitsNone<T>(
  key: string,
  wanted: string,
  among: Misfit["among"],
  list: readonly T[],
  fits: (one: T) => boolean,
): readonly Misfit[] {
  if (list.length === 0 || list.some(fits)) return [];
  return [{ key, wanted, among, without: list.length, of: list.length }];
}

/** One that keeps none asks for nothing; whether its history was read depends on the kind of store. */
function bestOf({ keepBest }: RetentionRule): readonly BestRule[] {
  return keepBest.filter(({ n }) => n > 0);
}

function unranked(metric: string, runs: readonly JudgedRun[]): readonly Misfit[] {
  const ofExperiments = [...Map.groupBy(runs, ({ run }) => run.experimentId).values()];
  const without =
    ofExperiments.filter((members) =>
      !members.some(({ run, ruling }) =>
        ruling !== null &&
        bestOf(ruling.rule).some((best) => best.metric === metric && scoreOf(run, best) !== null)
      )
    ).length;
  const of = ofExperiments.length;
  return without === 0
    ? []
    : [{ key: "keep_best", wanted: metric, among: "experiment", without, of }];
}
