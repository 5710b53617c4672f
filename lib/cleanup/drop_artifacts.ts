/**
 * Letting heavy files go of runs that are worth keeping.
 *
 * @module
 */

import type { Held, JudgedRun, JudgedSnapshot } from "../judge/judged.ts";
import { isStanding } from "../judge/keep_rules.ts";
import { timeOf } from "../judge/run_facts.ts";
import type { DropArtifact, KeepReason } from "../plan/plan.ts";
import { type CleanupPolicy, YOUNG } from "../policy/policy.ts";
import { DROPPED_TAG } from "../store/tags.ts";

/**
 * Plans which heavy files go: those of runs that a rule alone keeps and that ended longer ago than
 * `purgeAfter`, never within 24 hours. A run that is protected keeps its files, whatever is switched off.
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
  const glob = retention?.artifactsOnly ?? null;
  if (glob === null || purgeAfter === null) return [];
  const limit = Math.max(purgeAfter, YOUNG);
  return runs.filter(isKeptByRulesAlone).flatMap(({ run }) => {
    const time = timeOf(run);
    const age = now - time;
    if (age <= limit) return [];
    const { experimentId, name } = run;
    return (run.extras?.heavy ?? [])
      .filter(({ path }) => !held.has(path))
      .toSorted((left, right) => left.path < right.path ? -1 : 1)
      .map(({ path, usage, stamp }) => ({
        kind: "drop-artifact",
        path,
        name,
        runId: run.id,
        experimentId,
        reasons: [{ kind: "heavy-files", glob, time, age, limit }],
        usage,
        stamp,
        tagged: run.tags.has(DROPPED_TAG),
      }));
  });
}

function isKeptByRulesAlone({ ruling, verdict, isProtected }: JudgedRun): boolean {
  return ruling !== null && !verdict.goes && !isProtected &&
    verdict.reasons.every((reason) => isStanding(reason) || KIN.has(reason.kind));
}

const KIN: ReadonlySet<KeepReason["kind"]> = new Set(["parent-of-kept", "child-of-kept"]);
