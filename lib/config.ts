/**
 * `mltidy.yaml`: its text → a configuration, and the policy that it stands for.
 *
 * @module
 */

import { parse, YamlSyntaxError } from "@std/yaml";
import {
  backupsRows,
  type BestConfig,
  bestRows,
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
  type ConfigFault,
  type ConfigPath,
  fileKey,
  type JsonSchema,
  type Row,
  section,
  withDefaults,
} from "./config_value.ts";
import { ConfigError } from "./errors.ts";
import type { CleanupPolicy } from "./plan.ts";
import { type BestRule, ORPHAN_SETTLE, PROTECTIONS, type RetentionRule } from "./policy.ts";
import type { PrimaryMetric } from "./primary_metric.ts";

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
  const refuse = (
    faults: readonly { readonly line: number; readonly message: string }[],
  ): never => {
    throw new ConfigError(
      faults.map(({ line, message }) => `${source}:${line}: ${message}`).join("\n"),
      source,
    );
  };
  let document: unknown;
  try {
    document = parse(text, { schema: "failsafe" }) ?? {};
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    const [message = ""] = error.message.split(/ at line \d/);
    return refuse([{ line: error.line, message }]);
  }
  const faults: ConfigFault[] = [];
  const given: Partial<GivenConfig> = section<GivenConfig>(configRows).read(document, [], faults) ??
    {};
  const config: Config = {
    store: given.store ?? null,
    backups: withDefaults(backupsRows, given.backups),
    primaryMetric: withDefaults(primaryMetricRows, given.primaryMetric),
    retention: withDefaults(retentionRows, given.retention),
    rules: given.rules ?? [],
    protect: withDefaults(protectRows, given.protect),
    purge: withDefaults(purgeRows, given.purge),
    limits: withDefaults(limitsRows, given.limits),
  };
  faults.push(...contradictions(config));
  if (faults.length > 0) {
    refuse(faults.map(({ path, message }) => ({ line: lineOf(text, path), message })));
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
    },
  };
}

function bestRule(given: Partial<BestConfig>, primary: PrimaryMetric): BestRule {
  const { metric, mode, n, over, per } = withDefaults(bestRows, given);
  return { metric: metric ?? primary.name, mode: mode ?? primary.mode, n, over, per };
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
    "# mltidy.yaml: which runs are worth keeping. deno task cleanup shows what it would do.",
    "# Take the first # and the space after it away from the lines that you want.",
    "",
    ...sections.flat(),
  ].join("\n");
}

const SECTIONS: Readonly<Record<string, Readonly<Record<string, Row<unknown>>>>> = {
  backups: { ...backupsRows },
  primaryMetric: { ...primaryMetricRows },
  retention: { ...retentionRows },
  protect: { ...protectRows },
  purge: { ...purgeRows },
  limits: { ...limitsRows },
};

/** What each key allows and all together make no sense of. */
function contradictions({ retention, rules, primaryMetric }: Config): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const checkBest = (list: readonly Partial<BestConfig>[] | undefined, path: ConfigPath) => {
    for (const { metric, mode } of list ?? []) {
      if (metric === undefined || metric === primaryMetric.name || mode !== undefined) continue;
      const message = `Missing mode of ${metric} in keep_best: expected max or min`;
      faults.push({ path: [...path, "keep_best"], message });
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

/** The line, from 1, of a value, or of the last key on the way to it that the text has. */
function lineOf(text: string, path: ConfigPath): number {
  const lines = text.split("\n");
  let line = 0;
  let column = 0;
  for (const part of path) {
    // What stands on the line of its key, in brackets or braces, is found there.
    if (typeof part === "number" && /^\s*[^\s#]/.test(lines[line]?.slice(column) ?? "")) continue;
    const pattern = typeof part === "number" ? /^\s*-(?=\s|$)/ : keyPattern(part);
    const found = typeof part === "number"
      ? nthItem(lines, line, part)
      : lines.findIndex((each, index) =>
        index >= line && pattern.test(index === line ? each.slice(column) : each)
      );
    if (found === -1) break;
    column = found === line ? column : 0;
    const match = pattern.exec(lines[found]!.slice(column));
    column += match === null ? 0 : match.index + match[0].length;
    line = found;
  }
  return line + 1;
}

function keyPattern(key: string): RegExp {
  const name = key.replace(/[\\^$.|?*+(){}[\]]/g, "\\$&");
  return new RegExp(`(?:^|[\\s{,])(["']?)${name}\\1\\s*:`);
}

/** The line of an item of a block list that begins after a line; -1 where items share one line. */
function nthItem(lines: readonly string[], after: number, number: number): number {
  const items = lines.flatMap((each, index) => {
    const indent = /^(\s*)-(?=\s|$)/.exec(each)?.[1];
    return index > after && indent !== undefined ? [{ index, indent: indent.length }] : [];
  });
  const siblings = items.filter(({ indent }) => indent === items[0]?.indent);
  return siblings[number]?.index ?? -1;
}
