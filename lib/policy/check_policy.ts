/**
 * Checking a policy that a program put together: what `mltidy.yaml` refuses is refused here as well.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import { bestRows, limitsRows, protectRows, purgeRows, ruleRows } from "./config_rows.ts";
import type { ConfigFault, ConfigPath } from "./config_fault.ts";
import { choice, duration, listOf, section, text, whole } from "./config_value.ts";
import { CHILDREN_POLICIES, type CleanupPolicy, PROTECTIONS } from "./policy.ts";

/**
 * Refuses a policy of which a value makes no sense: most would let every run go.
 *
 * @param policy The policy.
 * @throws {InvalidArgumentError} When a value makes no sense; names it, with what was expected and found.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(
 *   () => checkPolicy({ olderThan: NaN, purgeAfter: null, quarantineOrphans: false, settle: 0 }),
 *   RangeError,
 *   "Cannot plan with olderThan NaN: expected milliseconds, 0 or more",
 * );
 * ```
 */
export function checkPolicy(policy: CleanupPolicy): void {
  const [fault] = faultsOf(policy);
  if (fault === undefined) return;
  const { path, message } = fault;
  const found = path.reduce<unknown>(
    (value, key) => (value as Record<string, unknown>)[key],
    policy,
  );
  const place = path.map((part) => typeof part === "number" ? `[${part}]` : `.${part}`).join("");
  throw new InvalidArgumentError(
    `Cannot plan with ${place.slice(1)} ${shown(found)}: expected ${message}`,
  );
}

function faultsOf(policy: CleanupPolicy): readonly ConfigFault[] {
  const { olderThan, purgeAfter, settle, retention, budget, only, undated, children } = policy;
  const ages = { olderThan, purgeAfter, settle };
  return [
    ...Object.entries(ages).flatMap(([key, value]) =>
      value === null && key !== "settle" ? [] : duration().check(value, [key])
    ),
    ...(retention === undefined ? [] : faultsOfRetention(retention)),
    ...(undated === undefined ? [] : UNDATED.check(undated, ["undated"])),
    ...(children === undefined ? [] : CHILDREN.check(children, ["children"])),
    ...(budget === undefined ? [] : faultsOfBudget(budget)),
    ...(only === undefined ? [] : SELECTED.flatMap((key) => TEXTS.check(only[key], ["only", key]))),
  ];
}

/** In a policy, unlike in a file, every rule says by what it ranks. */
const RULE = section({
  ...ruleRows,
  keepBest: {
    ...ruleRows.keepBest,
    kind: listOf(section({
      ...bestRows,
      metric: { ...bestRows.metric, default: "" },
      mode: { ...bestRows.mode, default: "max" },
    })),
  },
});

const TEXTS = listOf(text());

const SELECTED = ["experiments", "exclude", "runs"] as const;

const LIMITS = section(limitsRows);

const UNDATED = choice(["last-sign-of-life"]);

const CHILDREN = choice(CHILDREN_POLICIES);

function faultsOfRetention(
  { rules, protect, limits, artifactsOnly, thinMetrics }: NonNullable<CleanupPolicy["retention"]>,
): readonly ConfigFault[] {
  const at = (...path: ConfigPath) => ["retention", ...path];
  return [
    ...listOf(RULE).check(rules, at("rules")),
    ...protectRows.pinnedTags.kind.check(protect.pinnedTags, at("protect", "pinnedTags")),
    ...protectRows.experiments.kind.check(protect.experiments, at("protect", "experiments")),
    ...listOf(choice(PROTECTIONS)).check(protect.unsafe, at("protect", "unsafe")),
    ...LIMITS.check(limits, at("limits")),
    ...(artifactsOnly === null
      ? []
      : purgeRows.artifactsOnly.kind.check(artifactsOnly, at("artifactsOnly"))),
    ...(thinMetrics === undefined ? [] : whole(10).check(thinMetrics, at("thinMetrics"))),
  ];
}

function faultsOfBudget(
  budget: NonNullable<CleanupPolicy["budget"]>,
): readonly ConfigFault[] {
  return [
    ...choice(["at-most", "free", "max-size", "max-files"]).check(budget.kind, ["budget", "kind"]),
    ...choice(["oldest", "largest"]).check(budget.first, ["budget", "first"]),
    ...(budget.kind === "at-most"
      ? whole(1).check(budget.count, ["budget", "count"])
      : budget.kind === "max-files"
      ? whole(0).check(budget.files, ["budget", "files"])
      : whole(0).check(budget.bytes, ["budget", "bytes"])),
  ];
}

/** JSON has no word for what is no number. */
function shown(value: unknown): string {
  return typeof value === "string" || typeof value === "object" && value !== null
    ? JSON.stringify(value)
    : String(value);
}
