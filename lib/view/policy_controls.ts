/**
 * The numbers of a policy as controls: what a reader may turn, and the policy that comes of it.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import { policyOf } from "../policy/config.ts";
import {
  type BestConfig,
  bestRule,
  type Config,
  limitsRows,
  purgeRows,
  type RetentionConfig,
  retentionRows,
  type RuleConfig,
} from "../policy/config_rows.ts";
import { type CleanupPolicy, policyOfAges } from "../policy/policy.ts";
import { days } from "../text/units.ts";
import { shownText } from "./shown_text.ts";
import type { Control } from "./view.ts";

/** Values of controls by their keys; what is left out is as in the file. */
export type ControlValues = Readonly<Record<string, number | null>>;

/** What a policy is made of: a configuration, or the ages that count without one. */
export type PolicyBasis =
  | { readonly kind: "config"; readonly config: Config }
  | { readonly kind: "ages"; readonly olderThan: number; readonly purgeAfter: number };

/**
 * Gives what counts where nothing else is said.
 *
 * @param config The configuration; `null` when there is none.
 * @returns What the policy is made of.
 */
export function basisOfPolicy(config: Config | null): PolicyBasis {
  if (config !== null) return { kind: "config", config };
  const { olderThan, purgeAfter } = policyOfAges();
  return { kind: "ages", olderThan: olderThan!, purgeAfter: purgeAfter! };
}

/**
 * Gives the policy.
 *
 * @param basis What it is made of.
 * @returns The policy of a clean-up.
 */
export function policyOfBasis(basis: PolicyBasis): CleanupPolicy {
  if (basis.kind === "config") return policyOf(basis.config);
  const { olderThan, purgeAfter } = basis;
  return policyOfAges({ olderThan, purgeAfter });
}

/** One number: how it is told, and how it is set. */
interface Dial extends Omit<Control, "value" | "fileValue" | "max"> {
  /** The most that a slider offers at least. */
  readonly most: number;
  readonly get: (basis: PolicyBasis) => number | null;
  readonly set: (basis: PolicyBasis, value: number | null) => PolicyBasis;
}

/**
 * Lists the numbers of a policy.
 *
 * @param basis What the policy is made of, as turned.
 * @param file The same as the file has it.
 * @returns One control for each.
 */
export function policyControls(basis: PolicyBasis, file: PolicyBasis): readonly Control[] {
  return dialsOf(file).map(({ get, set: _, most, ...control }) => {
    const [value, fileValue] = [get(basis), get(file)];
    const max = Math.max(most, Math.ceil(2 * (fileValue ?? 0)));
    return { ...control, value, fileValue, max: control.unit === "percent" ? 100 : max };
  });
}

/**
 * Turns numbers of a policy.
 *
 * @param file What the policy of the file is made of.
 * @param values Values by the keys of controls.
 * @returns The same with these values.
 * @throws {InvalidArgumentError} When there is no such control, or a value makes no sense.
 */
export function withValues(file: PolicyBasis, values: ControlValues): PolicyBasis {
  const dials = new Map(dialsOf(file).map((dial) => [dial.key, dial]));
  let basis = file;
  for (const [key, value] of Object.entries(values)) {
    const dial = dials.get(key);
    if (dial === undefined) {
      throw new InvalidArgumentError(`Unknown number of the policy "${shownText(key)}"`);
    }
    if (!isSensible(value, dial)) {
      const { min, unit, mayBeNone } = dial;
      const most = unit === "percent" ? 100 : MOST;
      const what = unit === "days" ? "a number" : "a whole number";
      throw new InvalidArgumentError(
        `Cannot set ${key} to ${value}: expected ${what} of ${unit}, ${min} to ${most}${
          mayBeNone ? ", or null" : ""
        }`,
      );
    }
    basis = dial.set(basis, value);
  }
  return basis;
}

/** The most of anything: more is as good as all. */
const MOST = 1_000_000;

function isSensible(value: unknown, { min, unit, mayBeNone }: Dial): value is number | null {
  if (value === null) return mayBeNone;
  return typeof value === "number" && value >= min && value <= (unit === "percent" ? 100 : MOST) &&
    (unit !== "runs" || Number.isInteger(value));
}

/**
 * Gives a policy that needs all to be read that any of its controls may ask for.
 *
 * @param file What the policy of the file is made of.
 * @returns The policy with nothing at 0.
 */
export function neediestPolicy(file: PolicyBasis): CleanupPolicy {
  const values = dialsOf(file).flatMap(({ key, get, unit }) =>
    get(file) === 0 && unit !== "percent" ? [[key, 1] as const] : []
  );
  return policyOfBasis(withValues(file, Object.fromEntries(values)));
}

function dialsOf(file: PolicyBasis): readonly Dial[] {
  if (file.kind === "ages") return AGES;
  const { retention, rules } = file.config;
  return [
    ...rules.flatMap((rule, index) => ruleDials(rule, index)),
    ...numberDials(Object.keys(NUMBERS) as readonly NumberKey[], null),
    ...bestDials(retention.keepBest, null, file.config),
    dial("purge.after", "after of purge", "days", purgeRows.after.describe, {
      get: ({ purge }) => inDays(purge.after),
      set: (config, value) => ({ ...config, purge: { ...config.purge, after: days(value!) } }),
    }),
    dial("limits.max_share", "max_share", "percent", limitsRows.maxShare.describe, {
      get: ({ limits }) => Math.round(limits.maxShare * 10_000) / 100,
      set: (config, value) => ({ ...config, limits: { ...config.limits, maxShare: value! / 100 } }),
    }),
    {
      ...dial("limits.max_runs", "max_runs", "runs", limitsRows.maxRuns.describe, {
        get: ({ limits }) => limits.maxRuns,
        set: (config, value) => ({ ...config, limits: { ...config.limits, maxRuns: value } }),
      }),
      min: 1,
      most: 10_000,
      mayBeNone: true,
    },
  ];

  /** What a rule does not say it has from `retention`, and follows that. */
  function ruleDials(rule: Partial<RuleConfig>, index: number): readonly Dial[] {
    const own = (Object.keys(NUMBERS) as NumberKey[]).filter((key) => rule[key] !== undefined);
    const dials = [
      ...numberDials(own, index),
      ...bestDials(rule.keepBest ?? [], index, configOf(file)),
    ];
    const whose = [...rule.experiments ?? [], ...rule.tags ?? []].join(", ");
    return dials.map((one) => ({ ...one, rule: `rule ${index + 1}: ${shownText(whose, 60)}` }));
  }
}

type NumberKey = "keepLast" | "keepWithin" | "keepDaily" | "keepWeekly" | "keepMonthly";

const NUMBERS: Readonly<Record<NumberKey, readonly [key: string, unit: "days" | "runs"]>> = {
  keepLast: ["keep_last", "runs"],
  keepWithin: ["keep_within", "days"],
  keepDaily: ["keep_daily", "runs"],
  keepWeekly: ["keep_weekly", "runs"],
  keepMonthly: ["keep_monthly", "runs"],
};

function numberDials(names: readonly NumberKey[], index: number | null): readonly Dial[] {
  return names.map((name) => {
    const [key, unit] = NUMBERS[name];
    return ruleDial(key, key, unit, retentionRows[name].describe, index, {
      get: (rule) => unit === "days" ? inDays(rule[name] ?? 0) : rule[name] ?? 0,
      set: (rule, value) => ({ ...rule, [name]: unit === "days" ? days(value!) : value! }),
    });
  });
}

function bestDials(
  list: readonly Partial<BestConfig>[],
  index: number | null,
  { primaryMetric }: Config,
): readonly Dial[] {
  return list.map((best, place) => {
    const { metric, per } = bestRule(best, primaryMetric);
    const label = `keep_best n of ${shownText(metric, 60)}${
      per === null ? "" : ` per ${shownText(per, 60)}`
    }`;
    const { describe } = retentionRows.keepBest;
    return ruleDial(`keep_best.${place}`, label, "runs", describe, index, {
      get: ({ keepBest = [] }) => bestRule(keepBest[place] ?? {}, primaryMetric).n,
      set: (rule, value) => ({
        ...rule,
        keepBest: (rule.keepBest ?? []).map((one, at) =>
          at === place ? { ...one, n: value! } : one
        ),
      }),
    });
  });
}

/** A number of one of the rules, or of `retention`. */
function ruleDial(
  key: string,
  label: string,
  unit: Control["unit"],
  describes: string,
  index: number | null,
  { get, set }: {
    readonly get: (rule: Partial<RetentionConfig>) => number;
    readonly set: (
      rule: Partial<RetentionConfig>,
      value: number | null,
    ) => Partial<RetentionConfig>;
  },
): Dial {
  return dial(
    `${index === null ? "retention" : `rules.${index}`}.${key}`,
    label,
    unit,
    describes,
    index === null
      ? {
        get: ({ retention }) => get(retention),
        set: (config, value) => ({
          ...config,
          retention: { ...config.retention, ...set(config.retention, value) },
        }),
      }
      : {
        get: ({ rules }) => get(rules[index]!),
        set: (config, value) => ({
          ...config,
          rules: config.rules.map((rule, at) =>
            at === index ? { ...rule, ...set(rule, value) } : rule
          ),
        }),
      },
  );
}

function dial(
  key: string,
  label: string,
  unit: Control["unit"],
  describes: string,
  { get, set }: {
    readonly get: (config: Config) => number | null;
    readonly set: (config: Config, value: number | null) => Config;
  },
): Dial {
  return {
    key,
    label,
    describes,
    rule: null,
    unit,
    min: 0,
    most: unit === "days" ? 365 : 100,
    mayBeNone: false,
    get: (basis) => get(configOf(basis)),
    set: (basis, value) => ({ kind: "config", config: set(configOf(basis), value) }),
  };
}

function configOf(basis: PolicyBasis): Config {
  if (basis.kind === "config") return basis.config;
  throw new TypeError("Ages are no configuration");
}

type AgesBasis = Extract<PolicyBasis, { readonly kind: "ages" }>;

const AGES: readonly Dial[] = [
  age("days_old", "olderThan", "Runs that ended longer ago are soft-deleted"),
  age("purge_after", "purgeAfter", purgeRows.after.describe),
];

function age(key: string, name: "olderThan" | "purgeAfter", describes: string): Dial {
  return {
    key,
    label: key,
    describes,
    rule: null,
    unit: "days",
    min: 0,
    most: 365,
    mayBeNone: false,
    get: (basis) => inDays((basis as AgesBasis)[name]),
    set: (basis, value) => ({ ...basis as AgesBasis, [name]: days(value!) }),
  };
}

/** Hundredths, of which nobody wants more. */
function inDays(ms: number): number {
  return Math.round(ms / days(0.01)) / 100;
}

/**
 * Gives a policy as a configuration to copy.
 *
 * @param basis What it is made of.
 * @param blank A configuration that says nothing: all defaults.
 * @returns The configuration; of ages, one that lets the same runs go by their age.
 */
export function configToCopy(basis: PolicyBasis, blank: Config): Config {
  if (basis.kind === "config") return basis.config;
  const { retention, purge, limits } = blank;
  return {
    ...blank,
    retention: { ...retention, keepWithin: basis.olderThan, children: "own" },
    purge: { ...purge, after: basis.purgeAfter },
    limits: { ...limits, maxShare: 1 },
  };
}
