/**
 * Results as text for a terminal, as Markdown, and as a page of HTML. Nothing that a terminal would obey is left in it.
 *
 * @example A summary
 * ```ts
 * import { openStore, summary } from "mltidy";
 * import { renderSummary } from "mltidy/render";
 *
 * await using store = await openStore("./mlruns");
 * console.log(renderSummary(await summary(store)));
 * ```
 *
 * @module
 */

export {
  renderBackupList,
  renderChecks,
  renderCopy,
  renderExpiry,
  renderHistory,
} from "./backups.ts";
export { type CommandOf, type CommandOptions } from "./commands.ts";
export { renderComparison, type RenderComparisonOptions } from "./comparison.ts";
export { renderExplanation, type RenderExplanationOptions } from "./explanation.ts";
export { findingsText, renderFindings } from "./findings.ts";
export { renderHtml, type RenderHtmlOptions } from "./html/report.ts";
export { renderMarkdown, type RenderMarkdownOptions } from "./markdown.ts";
export type { AgainOptions } from "./more.ts";
export { renderPlan, type RenderPlanOptions } from "./plan.ts";
export { renderPreflight } from "./preflight.ts";
export { renderReport, type RenderReportOptions } from "./report.ts";
export { renderRestore } from "./restore.ts";
export { renderRules } from "./rules.ts";
export { renderSummary, type RenderSummaryOptions } from "./summary.ts";
export type { RenderOptions } from "../text/style.ts";
