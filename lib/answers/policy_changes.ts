/**
 * What differs between two policies, as one would type it.
 *
 * @module
 */

import {
  type BestRule,
  type CleanupPolicy,
  PROTECTIONS,
  type RetentionRule,
} from "../policy/policy.ts";
import { days, typedDuration } from "../text/units.ts";

/** One key of a policy that changes. */
export interface PolicyChange {
  /** The rule, or the section of the file; `null` where it stands in no file. */
  readonly rule: string | null;
  /** As it is called in `mltidy.yaml`, or among the options of a clean-up. */
  readonly key: string;
  /** What it is, as one would type it. */
  readonly from: string;
  /** What it would be. */
  readonly to: string;
}

/**
 * Lists what differs between two policies.
 *
 * @param before A policy.
 * @param after The same one with other numbers, lists or switches, and as many rules.
 * @returns One change for each key that differs, in the order in which reasons are told.
 */
export function policyChanges(
  before: CleanupPolicy,
  after: CleanupPolicy,
): readonly PolicyChange[] {
  const then = keysOf(after);
  return keysOf(before).flatMap(({ rule, key, value: from }, index) => {
    const to = then[index]!.value;
    return from === to ? [] : [{ rule, key, from, to }];
  });
}

interface PolicyKey extends Pick<PolicyChange, "rule" | "key"> {
  readonly value: string;
}

function keysOf(
  { retention, olderThan, purgeAfter, undated, children = "own", settle }: CleanupPolicy,
): readonly PolicyKey[] {
  const { rules = [], protect } = retention ?? {};
  return [
    ...rules.flatMap((rule) =>
      ruleKeys(rule).map(([key, value]) => ({ rule: rule.name, key, value }))
    ),
    ...PROTECTIONS.map((name) => ({
      rule: "protect",
      key: `unsafe_${name}`,
      value: `${protect?.unsafe.includes(name) ?? false}`,
    })),
    {
      rule: retention ? "purge" : null,
      key: retention ? "after" : "purgeAfter",
      value: purgeAfter === null ? "" : typedDuration(purgeAfter),
    },
    {
      rule: retention ? "purge" : null,
      key: "undated",
      value: undated ?? "keep",
    },
    // Hundredths, of which nobody types more.
    {
      rule: null,
      key: "olderThan",
      value: `${Math.round((olderThan ?? 0) / days(0.01)) / 100}d`,
    },
    { rule: null, key: "children", value: children },
    { rule: null, key: "settle", value: typedDuration(settle) },
  ];
}

function ruleKeys(rule: RetentionRule): readonly (readonly [key: string, value: string])[] {
  return [
    ["keep_tags", listed(rule.keepTags)],
    ["keep_named", listed(rule.keepNamed)],
    ["keep_status", listed(rule.keepStatus)],
    ["keep_where", listed(rule.keepWhere ?? [])],
    ...rule.keepBest.map((best) => [bestKey(best, rule.keepBest), `${best.n}`] as const),
    ["keep_last", `${rule.keepLast}`],
    ["keep_within", typedDuration(rule.keepWithin)],
    ["keep_daily", `${rule.keepDaily}`],
    ["keep_weekly", `${rule.keepWeekly}`],
    ["keep_monthly", `${rule.keepMonthly}`],
    ["children", rule.children],
    ["artifacts_only", `${rule.artifactsOnly ?? false}`],
  ];
}

/** Where several go by one metric, the rest tells them apart. */
function bestKey({ metric, mode, over, per }: BestRule, all: readonly BestRule[]): string {
  const isOnly = all.filter((best) => best.metric === metric).length === 1;
  const rest = isOnly ? "" : ` (${mode}, over ${over}${per === null ? "" : `, per ${per}`})`;
  return `keep_best of ${metric}${rest}, n`;
}

function listed(items: readonly string[]): string {
  return `[${items.join(", ")}]`;
}
