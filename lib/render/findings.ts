import { foldLines } from "../text/fold.ts";
import { renderRows } from "../text/rows.ts";
import { type RenderOptions, type Style, styleOf } from "../text/style.ts";
import { visibleText } from "../text/terminal_text.ts";
import { formatCount, plural } from "../text/units.ts";
import { SEVERITIES, type Severity } from "../verify/rule.ts";
import type { Finding } from "../verify/verify_snapshot.ts";
import { type CommandOptions, remedyText } from "./commands.ts";
import { moreLines } from "./more.ts";

const INDENT = "  ";

/** How many findings of a rule are shown; fewer where many rules are broken. */
const SAMPLE = { few: 50, many: 10 };

/** From when on a table of what is broken comes first. */
const MANY = { rules: 4, findings: 25 };

/**
 * Renders findings for people: grouped by severity, rule and remedy, with a closing count. Where there
 * are many, of many rules, a table of the rules comes first.
 *
 * @param findings The findings.
 * @param options How to show them.
 * @returns Lines, each ended by a line feed. Up to 50 findings of a rule are shown, of many rules 10.
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
  options: RenderOptions & CommandOptions = {},
): string {
  const style = styleOf(options);
  const groups = SEVERITIES.flatMap((severity) => {
    const ofSeverity = findings.filter((one) => one.severity === severity);
    return [...Map.groupBy(ofSeverity, (one) => one.rule)]
      .map(([rule, ofRule]) => ({ severity, rule, findings: ofRule }));
  });
  const isMany = groups.length >= MANY.rules && findings.length >= MANY.findings;
  const sample = isMany ? SAMPLE.many : SAMPLE.few;
  const sections = groups.map(({ severity, rule, findings }) => [
    `${paint(severity, style)} ${style.bold(rule)}: ${formatCount(findings.length)}`,
    ...renderRule(findings, sample, options),
  ]);
  const total = style.bold(`${findingsText(countBySeverity(findings))}.`);
  return [...(isMany ? [[total, ...renderOverview(groups, style)]] : []), ...sections, [total]]
    .map((lines) => foldLines(lines, options)).join("\n");
}

interface Group {
  readonly severity: Severity;
  readonly rule: string;
  readonly findings: readonly Finding[];
}

/** One line for each rule that is broken, worst first. */
function renderOverview(groups: readonly Group[], style: Style): readonly string[] {
  const rows = groups.toSorted((left, right) =>
    SEVERITIES.indexOf(left.severity) - SEVERITIES.indexOf(right.severity) ||
    right.findings.length - left.findings.length
  );
  const lines = renderRows(
    [{ align: "left" }, { align: "right" }, { align: "left" }],
    rows.map(({ severity, rule, findings }) => [severity, formatCount(findings.length), rule]),
    Infinity,
  ).flat();
  return lines.map((line, index) => {
    const { severity } = rows[index]!;
    return `${INDENT}${paint(severity, style)}${line.slice(severity.length)}`;
  });
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

function renderRule(
  findings: readonly Finding[],
  sample: number,
  { width = Infinity, command }: RenderOptions & CommandOptions,
): string[] {
  const shown = findings.slice(0, sample);
  const more = findings.length - shown.length;
  const lines = [...Map.groupBy(shown, (one) => remedyText(one.remedy, command))].flatMap((
    [remedy, ones],
  ) => [
    ...renderRows(
      [{ align: "left" }, { align: "left", prose: true }],
      ones.map(({ path, message }) => [path, message]),
      width - INDENT.length,
    ).flat(),
    ...(remedy === null ? [] : [visibleText(`→ ${remedy}`)]),
  ]);
  return [...lines, ...moreLines(more, "--json")].map((line) => `${INDENT}${line}`);
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
