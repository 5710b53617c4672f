import { renderRows } from "./render_rows.ts";
import { type RenderOptions, type Style, styleOf } from "./render_style.ts";
import { visibleText } from "./terminal_text.ts";
import { formatCount, plural } from "./units.ts";
import type { Severity } from "./verify_rules.ts";
import type { Finding } from "./verify_snapshot.ts";

const SEVERITIES: readonly Severity[] = ["error", "warning", "info"];
const SAMPLE = 50;
const INDENT = "  ";

/**
 * Renders findings for people: grouped by severity, rule and remedy, with a closing count.
 *
 * @param findings The findings.
 * @param options How to show them.
 * @returns Lines, each ended by a line feed. Up to 50 findings of a rule are shown.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(renderFindings([]), "No findings.\n");
 * ```
 */
export function renderFindings(
  findings: readonly Finding[],
  options: RenderOptions = {},
): string {
  const style = styleOf(options);
  const sections = SEVERITIES.flatMap((severity) => {
    const ofSeverity = findings.filter((one) => one.severity === severity);
    return [...Map.groupBy(ofSeverity, (one) => one.rule)].map(([rule, ofRule]) => [
      `${paint(severity, style)} ${style.bold(rule)}: ${formatCount(ofRule.length)}`,
      ...renderRule(ofRule, options),
    ]);
  });
  return [...sections, [style.bold(`${findingsText(countBySeverity(findings))}.`)]]
    .map((lines) => `${lines.join("\n")}\n`).join("\n");
}

/**
 * Counts findings in words.
 *
 * @param counts How many of each severity.
 * @returns Such as `2 errors, 1 warning`, or `No findings`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(findingsText({ error: 2, warning: 0, info: 1 }), "2 errors, 1 info");
 * ```
 */
export function findingsText(counts: Readonly<Record<Severity, number>>): string {
  const words = [
    ...(counts.error === 0 ? [] : [plural(counts.error, "error")]),
    ...(counts.warning === 0 ? [] : [plural(counts.warning, "warning")]),
    ...(counts.info === 0 ? [] : [`${formatCount(counts.info)} info`]),
  ];
  return words.length === 0 ? "No findings" : words.join(", ");
}

function countBySeverity(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
  const counts = { error: 0, warning: 0, info: 0 };
  for (const { severity } of findings) counts[severity] += 1;
  return counts;
}

function renderRule(findings: readonly Finding[], options: RenderOptions): string[] {
  const { width = Infinity } = options;
  const shown = findings.slice(0, SAMPLE);
  const more = findings.length - shown.length;
  const lines = [...Map.groupBy(shown, (one) => one.remedy)].flatMap(([remedy, ones]) => [
    ...renderRows(
      [{ align: "left", least: 12 }, { align: "left" }],
      ones.map(({ path, message }) => [path, message]),
      width - INDENT.length,
    ),
    ...(remedy === null ? [] : [visibleText(`→ ${remedy}`)]),
  ]);
  return [...lines, ...(more === 0 ? [] : [`… and ${formatCount(more)} more (--json lists them)`])]
    .map((line) => `${INDENT}${line}`);
}

function paint(severity: Severity, style: Style): string {
  switch (severity) {
    case "error":
      return style.red(severity);
    case "warning":
      return style.yellow(severity);
    case "info":
      return style.dim(severity);
  }
}
