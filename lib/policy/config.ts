/// <reference types="../std.d.ts" />
/**
 * `mltidy.yaml`: its text → a configuration, and the policy that it stands for.
 *
 * @module
 */

import { parse, YamlSyntaxError } from "@std/yaml";
import { ConfigError } from "../errors.ts";
import { locateYaml, type YamlPlace, type YamlPlaces } from "../yaml/load.ts";
import { TOO_DEEP } from "../yaml/scan.ts";
import type { ConfigFault, ConfigPath } from "./config_fault.ts";
import {
  backupsRows,
  type BestConfig,
  bestRule,
  type Config,
  configRows,
  type GivenConfig,
  limitsRows,
  primaryMetricRows,
  protectRows,
  purgeRows,
  retentionRows,
  type RuleConfig,
} from "./config_rows.ts";
import {
  fileKey,
  isNothing,
  type JsonSchema,
  type Row,
  section,
  withDefaults,
} from "./config_value.ts";
import { notifyConfig, notifyFaults, notifyRows } from "./notify_rows.ts";
import { type CleanupPolicy, ORPHAN_SETTLE, PROTECTIONS, type RetentionRule } from "./policy.ts";
import { reviewRows } from "./review_rows.ts";
import { scheduleRows } from "./schedule_rows.ts";

export { CONFIG_FILE } from "./config_file.ts";

/**
 * Reads a configuration.
 *
 * @param text YAML; an empty text is all defaults.
 * @param source Where it comes from, for messages.
 * @returns The configuration, with defaults for what is not given.
 * @throws {ConfigError} When a key is unknown or a value makes no sense: all faults, each with its line.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { ConfigError, readConfig } from "mltidy";
 *
 * const config = readConfig("retention:\n  keep_last: 20\n", "mltidy.yaml");
 * assertEquals(config.retention.keepLast, 20);
 * assertThrows(
 *   () => readConfig("retention:\n  kep_last: 20\n", "mltidy.yaml"),
 *   ConfigError,
 *   'mltidy.yaml:2: Unknown key "kep_last" in retention: did you mean keep_last?',
 * );
 * ```
 */
export function readConfig(text: string, source: string): Config {
  const refuse = (faults: readonly LineFault[]): never => {
    throw new ConfigError(
      faults.map(({ line, message }) => `${source}:${line}: ${message}`).join("\n"),
      source,
    );
  };
  const places = locateYaml(text.replace(/^[ \t]+(?=#|$)/gm, (gap) => gap.replaceAll("\t", " ")));
  const hidden = hiddenFault(places, text);
  if (hidden !== null) refuse([hidden]);
  let document: unknown;
  try {
    document = parse(text, { schema: "failsafe" });
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    return refuse([{ line: error.line, message: syntaxFault(error) }]);
  }
  const faults: ConfigFault[] = [];
  const given: Partial<GivenConfig> =
    section<GivenConfig>(configRows).read(isNothing(document) ? {} : document, [], faults) ?? {};
  const config: Config = {
    store: given.store ?? null,
    backups: withDefaults(backupsRows, given.backups),
    primaryMetric: withDefaults(primaryMetricRows, given.primaryMetric),
    retention: withDefaults(retentionRows, given.retention),
    rules: given.rules ?? [],
    protect: withDefaults(protectRows, given.protect),
    purge: withDefaults(purgeRows, given.purge),
    limits: withDefaults(limitsRows, given.limits),
    schedule: withDefaults(scheduleRows, given.schedule),
    notify: notifyConfig(given.notify),
    review: withDefaults(reviewRows, given.review),
  };
  faults.push(...contradictions(config, given.primaryMetric));
  // What is given and of no use is not missing, too.
  if (faults.length === 0) faults.push(...notifyFaults(given.notify));
  if (faults.length > 0) {
    refuse(faults.map(({ path, message }) => ({ line: lineOf(path, places.root), message })));
  }
  return config;
}

/**
 * Gives the policy that a configuration stands for.
 *
 * @param config The configuration.
 * @returns The policy of a clean-up.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { policyOf, readConfig } from "mltidy";
 *
 * const policy = policyOf(readConfig("purge: { after: 7d }", "mltidy.yaml"));
 * assertEquals(policy.purgeAfter, 7 * 86_400_000);
 * ```
 */
export function policyOf(config: Config): CleanupPolicy {
  const { retention, rules, protect, purge, limits, primaryMetric } = config;
  const toRule = (name: string, given: Partial<RuleConfig>): RetentionRule => {
    const rule = { name, experiments: [], tags: [], ...retention, ...given };
    return { ...rule, keepBest: rule.keepBest.map((best) => bestRule(best, primaryMetric)) };
  };
  return {
    olderThan: null,
    purgeAfter: purge.after,
    ...(purge.undated === "keep" ? {} : { undated: purge.undated }),
    quarantineOrphans: true,
    settle: ORPHAN_SETTLE,
    retention: {
      rules: [
        ...rules.map((rule, index) => toRule(`rule ${index + 1}`, rule)),
        toRule("retention", {}),
      ],
      protect: {
        pinnedTags: protect.pinnedTags,
        experiments: protect.experiments,
        unsafe: PROTECTIONS.filter((name) => protect[`unsafe_${name}`]),
      },
      limits,
      artifactsOnly: purge.artifactsOnly,
      ...(purge.thinMetrics === null ? {} : { thinMetrics: purge.thinMetrics }),
    },
  };
}

/** Something wrong in a line, from 1. */
interface LineFault {
  readonly line: number;
  readonly message: string;
}

/** Finds what the parser of configurations passes over, calls otherwise, or uses up all memory with. */
function hiddenFault({ error, repeated }: YamlPlaces, text: string): LineFault | null {
  if (error?.message.endsWith(TOO_DEEP)) {
    const message = "Cannot read what is nested so deeply: expected sections of keys";
    return { line: error.line, message };
  }
  // What is indented with a tab may belong to another key than it seems to.
  if (error !== null) {
    const before = text.split(/\r\n?|\n/)[error.line - 1]?.slice(0, error.column) ?? "";
    const message = "Cannot read an indentation by tabs: expected spaces";
    if (/^ *\t$/.test(before)) return { line: error.line, message };
  }
  if (repeated === null) return null;
  const message = `Duplicate key "${repeated.key}": expected each key of a section once`;
  return { line: repeated.line, message };
}

/** Finds the line of a value, or of the last key on the way to it that the text has. */
function lineOf([part, ...rest]: ConfigPath, place: YamlPlace): number {
  if (part === undefined) return place.line;
  // A single value needs no list.
  const inner = place.members.get(part) ?? (part === 0 ? place : undefined);
  return inner === undefined ? place.line : lineOf(rest, inner);
}

/** Says what is wrong in words of this file where the parser's own hide it. */
function syntaxFault({ message }: YamlSyntaxError): string {
  const [fault = ""] = message.split(/ at line \d/);
  return /^Cannot read alias/.test(fault)
    ? `${fault}: put a glob that begins with * in quotes, such as "*-test"`
    : fault;
}

/**
 * Describes the file for editors.
 *
 * @returns A JSON Schema, made from the same rows as the validator.
 */
export function configSchema(): JsonSchema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "mltidy.yaml",
    description: "What mltidy keeps, and what it lets go",
    ...section<GivenConfig>(configRows).schema,
  };
}

/**
 * Writes a configuration that says nothing yet: every key, commented out, with what it does.
 *
 * @returns YAML.
 */
export function configTemplate(): string {
  const sections = Object.entries<Row<unknown>>(configRows).map(([name, row]) => {
    const rows = SECTIONS[name];
    const lines = rows === undefined ? [`# ${fileKey(name)}: ${row.example}`] : [
      `# ${fileKey(name)}:`,
      ...Object.entries(rows).flatMap(([inner, each]) => [
        `#   # ${each.describe}`,
        `#   ${fileKey(inner)}: ${each.example}`,
      ]),
    ];
    return [`# ${row.describe}:`, ...lines, ""];
  });
  return [
    "# mltidy.yaml: which runs are worth keeping; planning a clean-up shows what it would do.",
    "# Take the first # and the space after it away from the lines that you want.",
    "",
    ...sections.flat(),
  ].join("\n");
}

const SECTIONS: Readonly<Record<string, Readonly<Record<string, Row<unknown>>>>> = {
  primaryMetric: { ...primaryMetricRows },
  retention: { ...retentionRows },
  protect: { ...protectRows },
  purge: { ...purgeRows },
  limits: { ...limitsRows },
  backups: { ...backupsRows },
  schedule: { ...scheduleRows },
  notify: { ...notifyRows },
  review: { ...reviewRows },
};

/** What each key allows and all together make no sense of. */
function contradictions(
  { retention, rules, primaryMetric }: Config,
  givenMetric: GivenConfig["primaryMetric"] = {},
): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const missMode = (metric: string, path: ConfigPath) =>
    faults.push({
      path,
      message: `Missing mode of ${metric} in ${
        path.findLast((part) => typeof part === "string")
      }: expected max or min`,
    });
  // Whoever is taken for the best of losses by mistake is the worst.
  if (primaryMetric.name !== primaryMetricRows.name.default && givenMetric.mode === undefined) {
    missMode(primaryMetric.name, ["primary_metric"]);
  }
  const checkBest = (list: readonly Partial<BestConfig>[] | undefined, path: ConfigPath) => {
    for (const [index, { metric, mode }] of (list ?? []).entries()) {
      if (metric && metric !== primaryMetric.name && !mode) {
        missMode(metric, [...path, "keep_best", index]);
      }
    }
  };
  checkBest(retention.keepBest, ["retention"]);
  for (const [index, rule] of rules.entries()) {
    checkBest(rule.keepBest, ["rules", index]);
    if ((rule.experiments ?? []).length > 0 || (rule.tags ?? []).length > 0) continue;
    const message = "Missing experiments or tags of a rule: " +
      "what is for all runs belongs into retention";
    faults.push({ path: ["rules", index], message });
  }
  return faults;
}
