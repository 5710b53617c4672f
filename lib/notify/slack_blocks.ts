/**
 * A message as blocks of Slack, within the limits that Slack has for them: what is longer is refused as a whole.
 *
 * @module
 */

import type { Message, Mood } from "./message.ts";
import { cutText } from "./plain_text.ts";

/** What Slack takes at most, in characters once they are escaped; of all together the last is written nowhere. */
export const SLACK_LIMITS = {
  /** Of a header. */
  header: 150,
  /** Of the text of a section. */
  section: 3_000,
  /** How many fields a section has. */
  fields: 10,
  /** Of one field. */
  field: 2_000,
  /** How many blocks there are. */
  blocks: 50,
  /** Of all blocks together. */
  together: 13_000,
} as const;

/** A text object of Slack's. */
export interface SlackText {
  /** In plain text nothing is formatted, and nobody is mentioned. */
  readonly type: "plain_text" | "mrkdwn";
  /** Escaped. */
  readonly text: string;
}

/** A block of Slack's. */
export type SlackBlock =
  | { readonly type: "header"; readonly text: SlackText }
  | { readonly type: "section"; readonly text: SlackText }
  | { readonly type: "section"; readonly fields: readonly SlackText[] };

/** What an incoming webhook of Slack takes. */
export interface SlackBody {
  /** What a notification on a screen shows. */
  readonly text: string;
  /** What the channel shows. */
  readonly blocks: readonly SlackBlock[];
}

/**
 * Writes a message for Slack.
 *
 * @param message The message.
 * @returns The body of the request, to be sent as JSON.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { text, blocks } = slackBody({
 *   title: "mltidy cleanup: <2> purged",
 *   mood: "good",
 *   facts: [["Store", "/data/mlruns"]],
 *   lines: [],
 *   undo: null,
 *   link: null,
 * });
 * assertEquals(text, "✅ mltidy cleanup: &lt;2&gt; purged");
 * assertEquals(blocks.length, 2);
 * ```
 */
export function slackBody({ title, mood, facts, lines, undo, link }: Message): SlackBody {
  const { header, section, fields, field, blocks } = SLACK_LIMITS;
  const heading = cutEscaped(`${MARKS[mood]} ${title}`, header);
  const groups = chunks(facts, fields).map((group): SlackBlock => ({
    type: "section",
    fields: group.map(([name, value]) => plain(`${name}\n${value}`, Math.min(field, FACT))),
  }));
  const texts = [
    ...(lines.length === 0 ? [] : [plain(lines.join("\n"), section)]),
    ...(undo === null ? [] : [plain(`To undo: ${undo}`, COMMAND)]),
    ...(link === null || link.length > COMMAND ? [] : [linkText(link)]),
  ];
  return {
    text: heading,
    blocks: [
      { type: "header", text: { type: "plain_text", text: heading } },
      ...groups,
      ...texts.map((text): SlackBlock => ({ type: "section", text })),
    ].slice(0, blocks) as readonly SlackBlock[],
  };
}

/** So that all of it stays below what Slack takes of all blocks. */
const [FACT, COMMAND] = [500, 1_000];

const MARKS: Readonly<Record<Mood, string>> = { good: "✅", attention: "⚠️", bad: "❌" };

function plain(text: string, most: number): SlackText {
  return { type: "plain_text", text: cutEscaped(text, most) };
}

function linkText(link: string): SlackText {
  const address = link.replace(/[<>|\s]/g, (one) => encodeURIComponent(one));
  return { type: "mrkdwn", text: `<${escaped(address)}|Report>` };
}

/** Cut before it is escaped, so that no escape is cut in two. */
function cutEscaped(text: string, most: number): string {
  return escaped(cutText(text, most, (part) => escaped(part).length));
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function chunks<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from(
    { length: Math.ceil(list.length / size) },
    (_, index) => list.slice(index * size, (index + 1) * size),
  );
}
