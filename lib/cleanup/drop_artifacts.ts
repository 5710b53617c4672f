/**
 * Letting heavy files go of runs that are worth keeping.
 *
 * @module
 */

import type { Held, JudgedRun, JudgedSnapshot } from "../judge/judged.ts";
import { isStanding } from "../judge/keep_rules.ts";
import { timeOf } from "../judge/run_facts.ts";
import type { DropArtifact, KeepReason } from "../plan/plan.ts";
import { type CleanupPolicy, heavyGlobOf, YOUNG } from "../policy/policy.ts";
import { DROPPED_TAG } from "../store/tags.ts";

/**
 * Plans which heavy files go: those of runs that a rule alone keeps, or, where that rule lets only artifacts go,
 * of runs that it does not keep; always of runs that ended longer ago than `purgeAfter`, never within 24 hours. A
 * run that is protected keeps its files, whatever is switched off.
 *
 * @param judged The verdicts.
 * @param policy The rules.
 * @param now Epoch ms.
 * @param held Paths of what is to stay though it may go.
 * @returns The actions, ordered by path.
 */
export function dropArtifacts(
  { runs }: JudgedSnapshot,
  policy: CleanupPolicy,
  now: number,
  held: Held = new Set(),
): readonly DropArtifact[] {
  const { retention, purgeAfter } = policy;
  const glob = retention === undefined ? null : heavyGlobOf(retention);
  if (glob === null || purgeAfter === null) return [];
  const limit = Math.max(purgeAfter, YOUNG);
  const losesFiles = (one: JudgedRun) =>
    one.ruling?.rule.artifactsOnly
      ? isOfArtifactsOnly(one)
      : retention!.artifactsOnly !== null && isKeptByRulesAlone(one);
  return runs.filter(losesFiles).flatMap(({ run, ruling, standings }) => {
    const time = timeOf(run);
    const age = now - time;
    if (age <= limit) return [];
    const { experimentId, name } = run;
    const { artifactsOnly = false } = ruling!.rule;
    const reason = {
      ...{ kind: "heavy-files", glob, time, age, limit } as const,
      ...(artifactsOnly ? { standings } : {}),
    };
    return (run.extras?.heavy ?? [])
      .filter(({ path }) => !held.has(path))
      .toSorted((left, right) => left.path < right.path ? -1 : 1)
      .map(({ path, usage, stamp }) => ({
        kind: "drop-artifact",
        path,
        name,
        runId: run.id,
        experimentId,
        reasons: [reason],
        usage,
        stamp,
        tagged: run.tags.has(DROPPED_TAG),
      }));
  });
}

/**
 * Tells whether nothing but rules keeps a run, be it for all but its artifacts: then it may lose a part.
 *
 * @param one The run.
 * @returns Whether that is so.
 */
export function staysByRulesAlone(one: JudgedRun): boolean {
  return isKeptByRulesAlone(one) || one.ruling !== null && isOfArtifactsOnly(one);
}

/** Whatever it is to others, be it a parent, it stays in any case. */
function isOfArtifactsOnly({ verdict, isProtected }: JudgedRun): boolean {
  return !verdict.goes && !isProtected &&
    verdict.reasons[0]?.kind === "artifacts-only" &&
    verdict.reasons.every(({ kind }) => kind === "artifacts-only" || KIN.has(kind));
}

function isKeptByRulesAlone({ ruling, verdict, isProtected }: JudgedRun): boolean {
  return ruling !== null && !verdict.goes && !isProtected &&
    verdict.reasons.every((reason) => isStanding(reason) || KIN.has(reason.kind));
}

const KIN: ReadonlySet<KeepReason["kind"]> = new Set(["parent-of-kept", "child-of-kept"]);
