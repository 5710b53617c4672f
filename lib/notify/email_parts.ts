/**
 * A message as mail: its subject, its text, and the same as HTML.
 *
 * @module
 */

import type { Message, Mood } from "./message.ts";
import { cutText, plainText } from "./plain_text.ts";

/** What a mail consists of. */
export interface EmailParts {
  /** One line. */
  readonly subject: string;
  /** Plain text. */
  readonly text: string;
  /** The same for those who show HTML; it loads nothing. */
  readonly html: string;
}

/**
 * Writes a message as mail.
 *
 * @param message The message.
 * @returns Its parts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { subject, text } = emailParts({
 *   title: "mltidy cleanup: 2 purged",
 *   mood: "good",
 *   facts: [["Store", "/data/mlruns"]],
 *   lines: [],
 *   undo: null,
 *   link: null,
 * });
 * assertEquals(subject, "mltidy cleanup: 2 purged");
 * assertEquals(text, "mltidy cleanup: 2 purged\n\nStore: /data/mlruns\n");
 * ```
 */
export function emailParts(message: Message): EmailParts {
  const { title, mood, facts, lines, undo, link } = message;
  const rows = facts.map(([name, value]) =>
    `<tr><td style="padding:2px 12px 2px 0;color:#666">${escaped(name)}</td><td>${
      escaped(value)
    }</td></tr>`
  );
  return {
    subject: cutText(title, 200),
    text: `${title}\n\n${plainText(message)}`,
    html: [
      "<!doctype html>",
      '<html><body style="font-family:sans-serif;font-size:14px">',
      `<h1 style="font-size:18px;color:${COLORS[mood]}">${escaped(title)}</h1>`,
      `<table style="border-collapse:collapse">${rows.join("")}</table>`,
      ...(lines.length === 0
        ? []
        : [`<ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join("")}</ul>`]),
      ...(undo === null ? [] : [`<p>To undo: <code>${escaped(undo)}</code></p>`]),
      ...(link === null ? [] : [`<p>Report: ${linkText(link)}</p>`]),
      "</body></html>",
      "",
    ].join("\n"),
  };
}

const COLORS: Readonly<Record<Mood, string>> = {
  good: "#1a7f37",
  attention: "#9a6700",
  bad: "#cf222e",
};

/** What is no address of the web is nothing to click at. */
function linkText(link: string): string {
  const shown = escaped(link);
  return /^https?:\/\//.test(link) ? `<a href="${shown}">${shown}</a>` : shown;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}
