import { policyOf } from "../../../lib/policy/config.ts";
import type { Config } from "../../../lib/policy/config_rows.ts";
import {
  type Budget,
  type ChildrenPolicy,
  type CleanupPolicy,
  policyOfAges,
} from "../../../lib/policy/policy.ts";
import { days, formatDuration } from "../../../lib/text/units.ts";
import { UsageError } from "../table/usage_error.ts";

/** What flags say of a policy; `null` where a flag was not given. */
export interface PolicyFlags {
  /** Days. */
  readonly daysOld: number | null;
  readonly children: ChildrenPolicy | null;
  /** Ms. */
  readonly purgeAfter: number | null;
  readonly undated: "keep" | "last-sign-of-life" | null;
  /** Ms. */
  readonly settle: number | null;
  /** 0 to 1. */
  readonly maxShare: number | null;
  readonly maxRuns: number | null;
  /** Bytes. */
  readonly free: number | null;
  /** Bytes. */
  readonly maxSize: number | null;
  readonly maxFiles: number | null;
  readonly atMost: number | null;
  readonly first: "oldest" | "largest";
}

/** What flags say where none is given. */
export const NO_FLAGS: PolicyFlags = {
  daysOld: null,
  children: null,
  purgeAfter: null,
  undated: null,
  settle: null,
  maxShare: null,
  maxRuns: null,
  free: null,
  maxSize: null,
  maxFiles: null,
  atMost: null,
  first: "oldest",
};

/**
 * Puts a policy together: that of the configuration, else ages alone, and over it what flags say.
 * `--days-old` stands for `keep_within` where there are rules, and may only make it longer; `--children`
 * for the key of that name in each of them.
 *
 * @param flags What flags say.
 * @param config The configuration; `null` when there is none.
 * @returns The policy.
 * @throws {UsageError} When flags contradict each other, or need a configuration.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(choosePolicy({ ...NO_FLAGS, daysOld: 90 }, null).olderThan, 90 * 86_400_000);
 * ```
 */
export function choosePolicy(flags: PolicyFlags, config: Config | null): CleanupPolicy {
  const { purgeAfter, settle } = flags;
  const { undated = "keep", ...policy } = config === null ? byAge(flags) : byRules(flags, config);
  const counted = flags.undated ?? undated;
  const budget = budgetOf(flags);
  return {
    ...policy,
    ...(counted === "keep" ? {} : { undated: counted }),
    ...(purgeAfter === null ? {} : { purgeAfter }),
    ...(settle === null ? {} : { settle }),
    ...(budget === null ? {} : { budget }),
  };
}

function byAge({ daysOld, children, maxShare, maxRuns }: PolicyFlags): CleanupPolicy {
  if (maxShare !== null || maxRuns !== null) {
    throw new UsageError(
      `Cannot use ${
        maxShare === null ? "--max-runs" : "--max-share"
      }: there is no mltidy.yaml whose limits it would raise; type \`deno task config --init\` to write one`,
    );
  }
  return {
    ...policyOfAges(daysOld === null ? {} : { olderThan: days(daysOld) }),
    ...(children === null ? {} : { children }),
  };
}

function byRules(
  { daysOld, children, maxShare, maxRuns }: PolicyFlags,
  config: Config,
): CleanupPolicy {
  const policy = policyOf(config);
  const { retention } = policy;
  if (retention === undefined) return policy;
  const { rules, limits } = retention;
  const longer = daysOld === null
    ? undefined
    : rules.find(({ keepWithin }) => keepWithin > days(daysOld));
  if (longer !== undefined) {
    throw new UsageError(
      `Cannot use --days-old ${daysOld}: mltidy.yaml keeps what ended within ${
        formatDuration(longer.keepWithin)
      } (keep_within of ${longer.name}); change that there, or go by ages alone with --no-config`,
    );
  }
  return {
    ...policy,
    retention: {
      ...retention,
      rules: rules.map((rule) => ({
        ...rule,
        ...(daysOld === null ? {} : { keepWithin: days(daysOld) }),
        ...(children === null ? {} : { children }),
      })),
      limits: { maxShare: maxShare ?? limits.maxShare, maxRuns: maxRuns ?? limits.maxRuns },
    },
  };
}

/**
 * Says which rule decides where a flag and a configuration speak of the same.
 *
 * @param flags What flags say.
 * @param config The configuration; `null` when there is none.
 * @returns A line to be said; empty where nothing is to be told.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(daysOldText({ ...NO_FLAGS, daysOld: 90 }, null), "");
 * ```
 */
export function daysOldText({ daysOld }: PolicyFlags, config: Config | null): string {
  return daysOld === null || config === null
    ? ""
    : `By --days-old each rule of mltidy.yaml keeps what ended within ${
      formatDuration(days(daysOld))
    } (keep_within); of what is older its other rules decide\n`;
}

function budgetOf({ atMost, free, maxSize, maxFiles, first }: PolicyFlags): Budget | null {
  const budgets: Budget[] = [
    ...(atMost === null ? [] : [{ kind: "at-most" as const, count: atMost, first }]),
    ...(free === null ? [] : [{ kind: "free" as const, bytes: free, first }]),
    ...(maxSize === null ? [] : [{ kind: "max-size" as const, bytes: maxSize, first }]),
    ...(maxFiles === null ? [] : [{ kind: "max-files" as const, files: maxFiles, first }]),
  ];
  if (budgets.length > 1) {
    throw new UsageError(
      "Cannot use several targets: expected one of --at-most, --free, --max-size, --max-files",
    );
  }
  return budgets[0] ?? null;
}
