/**
 * Text that becomes HTML: whatever is put into a template is escaped, unless it was made by one.
 *
 * @module
 */

import { shortenText, visibleText } from "../../text/terminal_text.ts";

/** HTML that was made by {@linkcode markup}. */
export interface Html {
  /** What a browser reads. */
  readonly html: string;
}

/** What may stand in a template: text and numbers, which are escaped, and HTML. */
export type Content = string | number | Html | readonly Content[];

/**
 * Makes HTML of a template; attributes stand in double quotes.
 *
 * @param literals What is taken as it is.
 * @param contents What is escaped, but for HTML; a list is joined.
 * @returns The HTML.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(markup`<b title="${'a"b'}">${"<i>"}</b>`.html, '<b title="a&quot;b">&lt;i&gt;</b>');
 * ```
 */
export function markup(literals: TemplateStringsArray, ...contents: readonly Content[]): Html {
  const made = literals.reduce((before, literal, index) =>
    before + markupOf(contents[index - 1] ?? "") + literal
  );
  return { html: made };
}

/** In place of nothing. */
export const NOTHING: Html = { html: "" };

function markupOf(content: Content): string {
  if (typeof content === "string" || typeof content === "number") return escape(String(content));
  return "html" in content ? content.html : content.map(markupOf).join("");
}

/** A name may hold a page of text, which nobody reads, or what shows it in another order than it has. */
function escape(text: string): string {
  return shortenText(visibleText(text), MOST_COLUMNS).replace(
    /[&<>"']/g,
    (letter) => ENTITIES[letter]!,
  );
}

const MOST_COLUMNS = 400;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
