/**
 * Taking only as much as a budget needs, of what the policy lets go.
 *
 * @module
 */

import { judgeRepeatedly } from "../judge/judge_snapshot.ts";
import type { Held, JudgedSnapshot } from "../judge/judged.ts";
import { timeOf } from "../judge/run_facts.ts";
import type { BudgetOutcome, KeepReason } from "../plan/plan.ts";
import type { Budget, CleanupPolicy } from "../policy/policy.ts";
import type { StorePath } from "../store/path.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";
import { addUsage, type DiskUsage, NO_USAGE } from "../store/usage.ts";
import { laterFinder } from "./models_later.ts";
import { dropArtifacts } from "./drop_artifacts.ts";

/** What comes of a budget. */
export interface FittedBudget {
  /** The verdicts, what is not needed among what stays. */
  readonly judged: JudgedSnapshot;
  /** Paths of what may go and is not needed. */
  readonly held: Held;
  readonly outcome: BudgetOutcome;
}

/**
 * Finds the fewest of what may go, in the budget's order, that are enough, or as many as a plan may take. What
 * stays keeps what it needs: a parent stays under a child that is not taken, though the parent comes first in the
 * order.
 *
 * What leaves the store at once comes before what is soft-deleted, which counts as well: it leaves once
 * it is purged. For the same reason a limit on the store does not count what is soft-deleted already
 * and waits to be purged.
 *
 * @param snapshot The store, with sizes where the budget asks for them.
 * @param policy The rules.
 * @param budget How much is to go.
 * @param now Epoch ms.
 * @returns The verdicts, and how far it gets.
 */
export function fitBudget(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  budget: Budget,
  now: number,
): FittedBudget {
  const { kind } = budget;
  const judge = judgeRepeatedly(snapshot, policy, now, reasonToWait(budget));
  const all = judge(new Set());
  const order = candidatesOf(all, policy, now).toSorted((left, right) =>
    (kind === "at-most" ? 0 : Number(left.later) - Number(right.later)) ||
    rankOf(left, budget) - rankOf(right, budget) || (left.path < right.path ? -1 : 1)
  );
  const paths = order.map(({ path }) => path);
  const wanted = kind === "at-most" ? order.length : wantedOf(snapshot, all, budget);
  const take: Take = (taken) => {
    const held = new Set(paths).difference(taken);
    const judged = judge(held);
    const goes = candidatesOf(judged, policy, now, held);
    const reached = goes.reduce((sum, { usage }) => sum + amountOf(usage, budget), 0);
    return { judged, held, reached, goes };
  };
  const { judged, held, reached } = kind === "at-most"
    ? takeAtMost(paths, budget.count, take)
    : takeEnough(paths, wanted, take);
  const met = kind === "at-most" || reached >= wanted;
  return {
    judged,
    held,
    outcome: { kind, wanted, reached, met, heldBy: met ? [] : heldBy(judged, budget) },
  };
}

/** What comes of it where this alone of what may go is not held back. */
type Take = (taken: ReadonlySet<StorePath>) => {
  /** The verdicts, until the next are asked for. */
  readonly judged: JudgedSnapshot;
  readonly held: Held;
  readonly reached: number;
  readonly goes: readonly Candidate[];
};

function takeEnough(
  paths: readonly StorePath[],
  wanted: number,
  take: Take,
): ReturnType<Take> {
  const first = (count: number) => take(new Set(paths.slice(0, count)));
  // The more may go, the more does go.
  return first(leastNumber(paths.length, (count) => first(count).reached >= wanted));
}

/**
 * What needs a thing that is not taken waits: with what lets it go it might be more than may be taken. So it is
 * held back, and what comes behind it has its turn.
 */
function takeAtMost(paths: readonly StorePath[], most: number, take: Take): ReturnType<Take> {
  let [taken, rest]: [readonly StorePath[], readonly StorePath[]] = [[], paths];
  while (true) {
    const [before, behind] = [taken, rest];
    const more = (count: number) => take(new Set([...before, ...behind.slice(0, count)]));
    const count = leastNumber(behind.length, (count) => more(count + 1).reached > most);
    const found = more(count);
    if (found.reached === most || count === behind.length) return found;
    taken = found.goes.map(({ path }) => path);
    rest = behind.slice(count);
  }
}

/** The least number up to a limit that is enough, found by halving; else the limit. */
function leastNumber(limit: number, isEnough: (number: number) => boolean): number {
  let low = 0;
  let high = limit;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function reasonToWait(budget: Budget): KeepReason {
  return budget.kind === "at-most"
    ? { kind: "another-time", limit: budget.count }
    : { kind: "not-needed" };
}

/** The least goes first. */
function rankOf({ time, usage }: Candidate, { kind, first }: Budget): number {
  if (first === "oldest") return time;
  return kind === "max-files" ? -usage.files : -usage.bytes;
}

interface Candidate {
  readonly path: StorePath;
  readonly usage: DiskUsage;
  /** Epoch ms. */
  readonly time: number;
  /** It leaves the store only once it is purged. */
  readonly later: boolean;
}

function candidatesOf(
  judged: JudgedSnapshot,
  policy: CleanupPolicy,
  now: number,
  held?: Held,
): readonly Candidate[] {
  const laterOf = laterFinder(judged);
  return [
    ...judged.runs.filter(({ holder, verdict }) => holder === null && verdict.goes)
      .map(({ run }) => {
        const later = run.lifecycleStage === "active";
        const usage = later ? laterOf(run) : run.usage ?? NO_USAGE;
        return { path: run.path, usage, time: timeOf(run), later };
      }),
    ...judged.models.filter(({ holder, verdict }) => holder === null && verdict.goes)
      .map(({ model: { path, usage, lastChange } }) => ({
        path,
        usage: usage ?? NO_USAGE,
        time: lastChange ?? 0,
        later: false,
      })),
    ...dropArtifacts(judged, policy, now, held)
      .map(({ path, usage, reasons: [reason] }) => ({
        path,
        usage,
        time: "time" in reason ? reason.time : 0,
        later: false,
      })),
    ...judged.experiments.filter(({ verdict }) => verdict.goes)
      .map(({ experiment: { path, usage, lastUpdateTime } }) => ({
        path,
        usage: usage ?? NO_USAGE,
        time: lastUpdateTime ?? 0,
        later: false,
      })),
    ...judged.orphans.filter(({ verdict }) => verdict.goes)
      .map(({ orphan: { path, usage, newestChange } }) => ({
        path,
        usage: usage ?? NO_USAGE,
        time: newestChange ?? 0,
        later: false,
      })),
  ];
}

function amountOf({ bytes, files }: DiskUsage, { kind }: Budget): number {
  if (kind === "at-most") return 1;
  return kind === "max-files" ? files : bytes;
}

function wantedOf(
  snapshot: StoreSnapshot,
  all: JudgedSnapshot,
  budget: Exclude<Budget, { readonly kind: "at-most" }>,
): number {
  if (budget.kind === "free") return budget.bytes;
  const amount = (list: readonly { readonly usage: DiskUsage | null }[]) =>
    list.reduce((sum, { usage }) => sum + amountOf(usage ?? NO_USAGE, budget), 0);
  const { experiments, orphans, strays } = snapshot;
  const laterOf = laterFinder(all);
  const waits = [
    ...all.runs.filter(({ holder, verdict }) => holder === null && isWaiting(verdict))
      .map(({ run }) => ({ usage: laterOf(run) })),
    ...all.models.filter(({ holder, verdict }) => holder === null && isWaiting(verdict))
      .map(({ model }) => model),
    ...all.experiments.filter(({ verdict }) => isWaiting(verdict))
      .map(({ experiment }) => experiment),
  ];
  const limit = budget.kind === "max-size" ? budget.bytes : budget.files;
  const taken = amount(experiments) + amount(orphans) + amount(strays);
  return Math.max(0, taken - amount(waits) - limit);
}

/** Soft-deleted, and nothing but time keeps it in the store. */
function isWaiting(verdict: JudgedSnapshot["runs"][number]["verdict"]): boolean {
  return !verdict.goes && verdict.reasons.every(({ kind }) => kind === "deleted-recently");
}

function heldBy({ runs }: JudgedSnapshot, budget: Budget): BudgetOutcome["heldBy"] {
  const kept = runs.flatMap(({ run, holder, verdict }) =>
    verdict.goes || holder?.verdict.goes
      ? []
      : [{ reason: verdict.reasons[0], usage: run.usage ?? NO_USAGE }]
  );
  return [...Map.groupBy(kept, ({ reason }) => JSON.stringify(reason, RULE_KEYS)).values()]
    .map((group) => ({
      reason: group[0]!.reason,
      runs: group.length,
      usage: addUsage(group.map(({ usage }) => usage)),
    }))
    .toSorted((left, right) => amountOf(right.usage, budget) - amountOf(left.usage, budget));
}

/** What a reason has from its rule; the rest is the run's own. */
const RULE_KEYS = "kind n limit metric mode over per key period tag glob status".split(" ");
