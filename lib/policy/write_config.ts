/**
 * A configuration as a file again, with all that counts and is not said.
 *
 * @module
 */

import { bestRule, type Config, configRows, type RetentionConfig } from "./config_rows.ts";
import { section } from "./config_value.ts";

/**
 * Writes a configuration with all defaults; each of the `rules` says what it has from `retention`.
 *
 * @param config The configuration.
 * @returns JSON, which is YAML, for `readConfig` to read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readConfig } from "mltidy";
 *
 * const config = readConfig("purge: { after: 7d }", "mltidy.yaml");
 * assertEquals(JSON.parse(writeConfig(config)).purge, { after: "7d", undated: "keep" });
 * ```
 */
export function writeConfig(config: Config): string {
  const { retention, primaryMetric } = config;
  const complete = <T extends RetentionConfig>(given: T): T => ({
    ...given,
    keepBest: given.keepBest.map((best) => bestRule(best, primaryMetric)),
  });
  const { rules, ...sections } = section(configRows).write({
    ...config,
    retention: complete(retention),
    rules: config.rules.map((rule) =>
      complete({ experiments: [], tags: [], ...retention, ...rule })
    ),
  }) as Readonly<Record<string, unknown>> & { readonly rules: readonly object[] };
  // What a rule does not say it has from retention, so here nothing has to be said.
  const unset = retention.groupBy === null ? {} : { group_by: null };
  const whole = { ...sections, rules: rules.map((rule) => ({ ...unset, ...rule })) };
  return `${JSON.stringify(whole, null, 2)}\n`;
}
