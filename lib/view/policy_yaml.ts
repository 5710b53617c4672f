/**
 * A policy as YAML that people would write: in blocks, and without what is said by saying nothing.
 *
 * @module
 */

import { readConfig } from "../policy/config.ts";
import type { Config } from "../policy/config_rows.ts";
import { writeConfig } from "../policy/write_config.ts";

type Value = null | boolean | number | string | readonly Value[] | Section;
interface Section {
  readonly [key: string]: Value;
}

/**
 * Writes a configuration as YAML.
 *
 * @param config The configuration.
 * @returns YAML, for `readConfig` to read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readConfig } from "mltidy";
 *
 * assertEquals(policyYaml(readConfig("{ purge: { after: 7d } }", "")), "purge:\n  after: 7d\n");
 * ```
 */
export function policyYaml(config: Config): string {
  const [whole, blank] = [config, readConfig("", "")].map((one) =>
    JSON.parse(writeConfig(one))
  ) as [
    Section,
    Section,
  ];
  const said = without(whole, blank);
  const retention = whole["retention"] as Section;
  const rules = (whole["rules"] ?? []) as readonly Section[];
  // What a rule does not say it has from retention.
  const own = rules.map((rule) => without(rule, { experiments: [], tags: [], ...retention }));
  const text = blockOf(rules.length === 0 ? said : { ...said, rules: own }, "");
  return text === "" ? "{}\n" : `${text}\n`;
}

/** What of a section is not the same in another one. */
function without(section: Section, other: Section): Section {
  return Object.fromEntries(
    Object.entries(section).flatMap(([key, value]): readonly (readonly [string, Value])[] => {
      const same = other[key];
      if (isSame(value, same)) return [];
      if (!isSection(value) || !isSection(same)) return [[key, value]];
      return [[key, without(value, same)]];
    }),
  );
}

function isSame(one: Value, other: Value | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function isSection(value: Value | undefined): value is Section {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function blockOf(section: Section, indent: string): string {
  return Object.entries(section).map(([key, value]) => {
    const inner = `${indent}  `;
    if (isSection(value) && Object.keys(value).length > 0) {
      return `${indent}${key}:\n${blockOf(value, inner)}`;
    }
    if (Array.isArray(value) && value.some(isSection)) {
      const items = (value as readonly Section[]).map((item) => itemOf(item, inner));
      return `${indent}${key}:\n${items.join("\n")}`;
    }
    return `${indent}${key}: ${flowOf(value)}`;
  }).join("\n");
}

function itemOf(item: Section, indent: string): string {
  if (Object.keys(item).length === 0) return `${indent}- {}`;
  return `${indent}- ${blockOf(item, `${indent}  `).trimStart()}`;
}

/** A value on its line. JSON is YAML, so only what reads well without quotes has none. */
function flowOf(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(flowOf).join(", ")}]`;
  const isPlain = typeof value === "string" &&
    (/^(\d+[dhms])+$/.test(value) || /^[a-z][a-z0-9_]+$/i.test(value)) && !WORDS.test(value);
  return isPlain ? `${value}` : JSON.stringify(value);
}

/** What YAML takes for something else than a text. */
const WORDS = /^(?:true|false|yes|no|on|off|null)$/i;
