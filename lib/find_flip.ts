/**
 * The smallest change of a policy that turns the verdict on a run.
 *
 * @module
 */

import type { JudgedRun } from "./judged.ts";
import { keeps } from "./keep_rules.ts";
import { isNonEmpty, type NonEmpty, type StorePath, type StoreSnapshot } from "./model.ts";
import type { CleanupPolicy, KeepReason, Standing } from "./plan.ts";
import { planCleanup } from "./plan_cleanup.ts";
import type { BestRule, Protection, RetentionPolicy, RetentionRule } from "./policy.ts";
import { tagFinder, timeOf } from "./run_facts.ts";
import { nameGlob } from "./glob.ts";
import { typedDuration } from "./units.ts";

/** One key of a policy that changes. */
export interface PolicyChange {
  /** The rule, or the section of the file; `null` where it is a flag. */
  readonly rule: string | null;
  /** As it is called in `mltidy.yaml`, or the flag. */
  readonly key: string;
  /** What it is, as one would type it. */
  readonly from: string;
  /** What it would be. */
  readonly to: string;
}

/** A change of a policy that turns the verdict on a run. */
export interface Flip {
  /** What changes. */
  readonly changes: NonEmpty<PolicyChange>;
  /** The policy after it. */
  readonly policy: CleanupPolicy;
  /** How many other runs change sides with it. */
  readonly others: number;
}

/**
 * Finds the change of a policy that turns the verdict on a run and moves the fewest others. Each change
 * is tried out by planning with it, so what is found does turn the verdict.
 *
 * @param snapshot The store, read as the policy needs it.
 * @param policy The policy.
 * @param judged The run, in an active experiment.
 * @param now Epoch ms.
 * @returns The change; `null` when no change of a number, a list or a switch that is known does it.
 */
export function findFlip(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  judged: JudgedRun,
  now: number,
): Flip | null {
  const before = removedBy(snapshot, policy, now);
  const goes = before.has(judged.run.path);
  const flips = candidatesFor(policy, judged, goes, now).flatMap((candidate): Flip[] => {
    const after = removedBy(snapshot, candidate.policy, now);
    if (after.has(judged.run.path) === goes) return [];
    return [{ ...candidate, others: before.symmetricDifference(after).size - 1 }];
  });
  return flips.reduce<Flip | null>(
    (least, flip) => least === null || flip.others < least.others ? flip : least,
    null,
  );
}

type Candidate = Pick<Flip, "changes" | "policy">;

const MINUTE = 60_000;
const REMOVES: ReadonlySet<string> = new Set(["soft-delete-run", "purge-run"]);

function removedBy(
  snapshot: StoreSnapshot<"tags">,
  policy: CleanupPolicy,
  now: number,
): Set<StorePath> {
  return new Set(
    planCleanup(snapshot, policy, { now }).actions
      .filter(({ kind }) => REMOVES.has(kind)).map(({ path }) => path),
  );
}

function candidatesFor(
  policy: CleanupPolicy,
  judged: JudgedRun,
  goes: boolean,
  now: number,
): readonly Candidate[] {
  const { run, ruling } = judged;
  if (ruling === null) return limitCandidates(policy, run, goes, now);
  if (!goes) return lettingGo(policy, judged);
  const age = Math.ceil((now - timeOf(run)) / MINUTE) * MINUTE;
  const edits = judged.standings.flatMap((standing) =>
    keeps(standing) ? [] : raise(standing, ruling.rule)
  );
  const all = ruling.rule.keepWithin > 0
    ? edits
    : [...edits, edit("keep_within", "0d", typedDuration(age), { keepWithin: age })];
  return all.flatMap((one) => withRule(policy, ruling.rule, [one]));
}

/** A change of one key of a rule. */
interface Edit {
  readonly change: Omit<PolicyChange, "rule">;
  readonly fields: Partial<RetentionRule>;
}

function edit(
  key: string,
  from: string | number,
  to: string | number,
  fields: Partial<RetentionRule>,
): Edit {
  return { change: { key, from: `${from}`, to: `${to}` }, fields };
}

/** What would make a standing keep its run. */
function raise(standing: Standing, rule: RetentionRule): readonly Edit[] {
  switch (standing.kind) {
    case "keep-last":
      return [edit("keep_last", standing.n, standing.rank, { keepLast: standing.rank })];
    case "keep-within": {
      const limit = Math.ceil(standing.age / MINUTE) * MINUTE;
      const from = typedDuration(standing.limit);
      return [edit("keep_within", from, typedDuration(limit), { keepWithin: limit })];
    }
    case "keep-best":
      return standing.rank === null ? [] : [editBest(standing, rule, standing.rank)];
    case "keep-period":
      return standing.newest ? [editPeriod(standing, standing.rank)] : [];
    case "keep-tag":
    case "keep-status":
    case "keep-named":
      return [];
  }
}

/** What would make a standing let its run go. */
function lower(standing: Standing, rule: RetentionRule, judged: JudgedRun): Edit | null {
  switch (standing.kind) {
    case "keep-last": {
      const n = standing.rank - 1;
      return edit("keep_last", standing.n, n, { keepLast: n });
    }
    case "keep-within": {
      const limit = Math.floor((standing.age - 1) / MINUTE) * MINUTE;
      if (limit < 0) return null;
      const from = typedDuration(standing.limit);
      return edit("keep_within", from, typedDuration(limit), { keepWithin: limit });
    }
    case "keep-best":
      return editBest(standing, rule, standing.rank! - 1);
    case "keep-period":
      return editPeriod(standing, standing.rank - 1);
    case "keep-tag": {
      const keepTags = rule.keepTags.filter((tag) => tagFinder([tag])(judged.run) === null);
      return edit("keep_tags", listed(rule.keepTags), listed(keepTags), { keepTags });
    }
    case "keep-status": {
      const keepStatus = rule.keepStatus.filter((status) => status !== standing.status);
      return edit("keep_status", listed(rule.keepStatus), listed(keepStatus), { keepStatus });
    }
    case "keep-named": {
      const keepNamed = rule.keepNamed.filter((glob) => !nameGlob(glob)(judged.run.name));
      return edit("keep_named", listed(rule.keepNamed), listed(keepNamed), { keepNamed });
    }
  }
}

function listed(items: readonly string[]): string {
  return `[${items.join(", ")}]`;
}

type BestStanding = Extract<Standing, { kind: "keep-best" }>;

function editBest(standing: BestStanding, rule: RetentionRule, n: number): Edit {
  const isMeant = (best: BestRule) =>
    best.metric === standing.metric && best.mode === standing.mode &&
    best.over === standing.over && best.n === standing.n &&
    best.per === (standing.per?.key ?? null);
  const keepBest = rule.keepBest.map((best) => isMeant(best) ? { ...best, n } : best);
  return edit(`keep_best of ${standing.metric}, n`, standing.n, n, { keepBest });
}

function editPeriod(
  { period, n: from }: Extract<Standing, { kind: "keep-period" }>,
  n: number,
): Edit {
  switch (period) {
    case "day":
      return edit("keep_daily", from, n, { keepDaily: n });
    case "week":
      return edit("keep_weekly", from, n, { keepWeekly: n });
    case "month":
      return edit("keep_monthly", from, n, { keepMonthly: n });
  }
}

/** Every reason to stay must fall at once, since any one is enough. */
function lettingGo(policy: CleanupPolicy, judged: JudgedRun): readonly Candidate[] {
  const { ruling, verdict } = judged;
  if (ruling === null || verdict.goes) return [];
  const { rule } = ruling;
  const edits: Edit[] = [];
  const switches = new Set<Protection>();
  for (const standing of judged.standings.filter(keeps)) {
    // Each edit starts from what the ones before it left, so that two on one key add up.
    const soFar = Object.assign({}, rule, ...edits.map(({ fields }) => fields));
    const lowered = lower(standing, soFar, judged);
    if (lowered === null) return [];
    edits.push(lowered);
  }
  for (const reason of verdict.reasons) {
    const protection = SWITCHES[reason.kind];
    if (protection !== undefined) switches.add(protection);
  }
  if (verdict.reasons.some(({ kind }) => kind === "child-of-kept")) {
    edits.push(edit("children", rule.children, "own", { children: "own" }));
  }
  return withRule(policy, rule, edits, [...switches]);
}

const SWITCHES: Readonly<Partial<Record<KeepReason["kind"], Protection>>> = {
  "not-finished": "running",
  "ended-recently": "young",
  "registered": "registered",
  "logged-model-in-use": "logged_models",
  "input-of-kept": "inputs",
  "trace-source": "traces",
  "assessment-source": "traces",
  "pinned": "pinned",
  "unreadable": "unreadable",
};

/** No candidate where nothing changes. */
function withRule(
  policy: CleanupPolicy,
  rule: RetentionRule,
  edits: readonly Edit[],
  switches: readonly Protection[] = [],
): readonly Candidate[] {
  const changed: RetentionRule = Object.assign({}, rule, ...edits.map(({ fields }) => fields));
  // Only a policy's own rule has been judged by, so there is one.
  const before: RetentionPolicy = policy.retention!;
  const retention: RetentionPolicy = {
    ...before,
    rules: before.rules.map((one) => one === rule ? changed : one),
    protect: {
      ...before.protect,
      unsafe: [...new Set([...before.protect.unsafe, ...switches])],
    },
  };
  const changes: PolicyChange[] = [
    ...edits.map(({ change }) => ({ rule: rule.name, ...change })),
    ...switches.map((name) => ({
      rule: "protect",
      key: `unsafe_${name}`,
      from: "false",
      to: "true",
    })),
  ];
  return isNonEmpty(changes) ? [{ changes, policy: { ...policy, retention } }] : [];
}

/** The age alone decides: of an active run by `--days-old`, of a soft-deleted one since its deletion. */
function limitCandidates(
  policy: CleanupPolicy,
  run: JudgedRun["run"],
  goes: boolean,
  now: number,
): readonly Candidate[] {
  const isActive = run.lifecycleStage === "active";
  const time = isActive ? timeOf(run) : run.deletedTime;
  const from = isActive ? policy.olderThan : policy.purgeAfter;
  if (time === null || from === null) return [];
  const age = now - time;
  const step = isActive ? HUNDREDTH : MINUTE;
  const to = goes ? Math.ceil(age / step) * step : Math.floor((age - 1) / step) * step;
  if (to < 0) return [];
  const [rule, key] = isActive
    ? [null, "--days-old"]
    : policy.retention
    ? ["purge", "after"]
    : [null, "--purge-after"];
  const typed = isActive ? typedDays : typedDuration;
  return [{
    changes: [{ rule, key, from: typed(from), to: typed(to) }],
    policy: { ...policy, ...(isActive ? { olderThan: to } : { purgeAfter: to }) },
  }];
}

/** Of a day, ms: `--days-old` takes a number of days, of which nobody types more digits. */
const HUNDREDTH = 864_000;

function typedDays(ms: number): string {
  return `${Math.round(ms / HUNDREDTH) / 100}`;
}
