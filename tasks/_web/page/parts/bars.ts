/// <reference lib="dom" />
/**
 * Charts: tables whose numbers have a bar beside them, and a histogram with its numbers in words.
 *
 * @module
 */

import type { CSSProperties, VNode } from "preact";
import { formatCount } from "../../../../lib/text/units.ts";
import {
  caption,
  type Content,
  dd,
  div,
  dt,
  span,
  table,
  tbody,
  td,
  th,
  thead,
  tr,
} from "./element.ts";
import { barLength } from "../pure/formats.ts";

/** One line of a table of bars. */
export interface BarLine {
  readonly key: string;
  /** What it is. */
  readonly label: Content;
  /** How long its bar is, in the unit of all lines. */
  readonly value: number;
  /** The number in words; at most as long as a few words. */
  readonly text: Content;
  /** What else is said of it, one for each further column. */
  readonly more?: readonly Content[];
}

/** A style by a property of its own, which the page's policy allows, where style in markup is not. */
function styleOf(properties: Readonly<Record<string, string>>): CSSProperties {
  return properties as CSSProperties;
}

/**
 * Makes a bar. It says nothing that the number beside it does not, so it is hidden from screen readers.
 *
 * @param part Its length.
 * @param whole The longest.
 * @param kind A class of its colour.
 * @returns The bar.
 */
export function bar(part: number, whole: number, kind = ""): VNode {
  return span(
    { class: `bar ${kind}`, "aria-hidden": true },
    span({ class: "bar-part", style: styleOf({ "--length": barLength(part, whole) }) }),
  );
}

/**
 * Makes a table of bars.
 *
 * @param title What the table is of.
 * @param heads The headings of its columns: what, how much, and more.
 * @param lines Its lines.
 * @returns The table.
 */
export function barTable(
  title: string,
  heads: readonly string[],
  lines: readonly BarLine[],
): VNode {
  const longest = lines.reduce((most, { value }) => Math.max(most, value), 0);
  return table(
    { class: "bars" },
    caption({ class: "visually-hidden" }, title),
    thead(
      {},
      tr({}, ...heads.map((head, index) => th({ scope: "col", class: columnClass(index) }, head))),
    ),
    tbody(
      {},
      ...lines.map(({ key, label, value, text, more = [] }) =>
        tr(
          { key },
          th({ scope: "row" }, label),
          td({ class: "bars-value" }, bar(value, longest), span({ class: "number" }, text)),
          ...more.map((content) => td({ class: "bars-more" }, content)),
        )
      ),
    ),
  );
}

function columnClass(index: number): string {
  return ["", "bars-value"][index] ?? "bars-more";
}

/** One bar of a histogram. */
export interface Column {
  readonly label: string;
  /** How high its solid part is. */
  readonly value: number;
  /** How high the pale part above it is. */
  readonly pale: number;
  /** Its numbers in words. */
  readonly text: string;
}

/**
 * Makes a histogram.
 *
 * @param title What it is of.
 * @param columns Its bars.
 * @returns The histogram; its label has all its numbers.
 */
export function histogram(title: string, columns: readonly Column[]): VNode {
  const most = columns.reduce((most, { value, pale }) => Math.max(most, value + pale), 0);
  const label = `${title}: ${columns.map((one) => `${one.label}: ${one.text}`).join("; ")}`;
  return div(
    { class: "histogram", role: "img", "aria-label": label },
    ...columns.map((column) =>
      div(
        { class: "column", key: column.label },
        span({ class: "column-number" }, formatCount(column.value + column.pale)),
        span(
          { class: "column-bar" },
          span({
            class: "column-pale",
            style: styleOf({ "--length": barLength(column.pale, most) }),
          }),
          span({
            class: "column-part",
            style: styleOf({ "--length": barLength(column.value, most) }),
          }),
        ),
        // A number and its unit stay together.
        span({ class: "column-label" }, column.label.replaceAll(" ", "\u00a0")),
      )
    ),
  );
}

/**
 * Makes a figure: a number with what it counts, for a list of such.
 *
 * @param title What it counts.
 * @param value The number in words.
 * @param hint What else is to be known; empty: nothing.
 * @param kind Whether it is of what goes, or of what stays.
 * @returns The figure.
 */
export function figure(
  title: string,
  value: string,
  hint: string,
  kind: "" | "goes" | "stays" = "",
): VNode {
  return div(
    { class: `figure figure-${kind}`, key: title },
    dt({}, title),
    dd({ class: "figure-value" }, value),
    hint === "" ? null : dd({ class: "hint" }, hint),
  );
}
