/**
 * The catalogue of rules, for people: on a terminal, and as a table of Markdown.
 *
 * @module
 */

import { foldLines } from "../text/fold.ts";
import { renderRows } from "../text/rows.ts";
import { type RenderOptions, styleOf } from "../text/style.ts";
import { MLFLOW_VERSIONS, type Rule, RULES, SEVERITIES } from "../verify/rules.ts";
import { remedyText } from "./commands.ts";

/**
 * Renders every rule: how bad it is to each version of MLflow, what MLflow and a migration make of
 * it, and what to do about it.
 *
 * @param options How to show them.
 * @returns Lines, each ended by a line feed.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * assert(renderRules().includes("metric-empty"));
 * ```
 */
export function renderRules(options: RenderOptions = {}): string {
  const style = styleOf(options);
  const { width = Infinity } = options;
  return bySeverity().map((rule) => {
    const facts = [
      ["stores", STORES[rule.stores ?? "directory"]],
      ...MLFLOW_VERSIONS.map((version) => [`MLflow ${version}`, rule.in[version] ?? "-"]),
      ["migration", rule.migration ?? "-"],
      ["then", rule.describes],
      ...(remedyOf(rule) === null ? [] : [["remedy", remedyOf(rule) ?? ""]]),
    ] as const;
    const rows = facts.map(([name = "", text = ""]) => [name, text] as const);
    const lines = renderRows(
      [{ align: "left" }, { align: "left", prose: true }],
      rows,
      width - INDENT.length,
    ).flat();
    return foldLines([style.bold(rule.id), ...lines.map((line) => `${INDENT}${line}`)], options);
  }).join("\n");
}

/**
 * Renders every rule as a row of a Markdown table.
 *
 * @returns The table, without a line feed at its end.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const [head] = rulesTable().split("\n");
 * assertEquals(head, "| Rule | Stores | MLflow 2.22 | MLflow 3.17 | Migration | What MLflow does | Remedy |");
 * ```
 */
export function rulesTable(): string {
  const head = [
    "Rule",
    "Stores",
    ...MLFLOW_VERSIONS.map((version) => `MLflow ${version}`),
    "Migration",
    "What MLflow does",
    "Remedy",
  ];
  const rows = bySeverity().map((rule) => [
    `\`${rule.id}\``,
    STORES[rule.stores ?? "directory"],
    ...MLFLOW_VERSIONS.map((version) => rule.in[version] ?? ""),
    rule.migration ?? "",
    rule.describes,
    remedyOf(rule) ?? "",
  ]);
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}

const INDENT = "  ";

/** What a rule is about, in a word. */
const STORES = {
  directory: "files",
  database: "database",
  served: "database, server",
  any: "all",
} as const;

/** What `repair` mends first of all by `repair`. */
function remedyOf({ repairable, remedy }: Rule): string | null {
  return repairable ? "`deno task repair`" : remedyText(remedy);
}

/** Errors first; what only a migration minds comes last. */
function bySeverity(): readonly Rule[] {
  const rank = ({ severity }: Rule) =>
    severity === null ? SEVERITIES.length : SEVERITIES.indexOf(severity);
  return RULES.toSorted((left, right) => rank(left) - rank(right));
}
