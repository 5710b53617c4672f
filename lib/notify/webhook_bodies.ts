/**
 * A message in the shapes that webhooks take: JSON of our own, Discord, Teams, ntfy.
 *
 * @module
 */

import { utf8Length } from "../text/utf8.ts";
import type { WebhookFormat } from "../policy/notify_rows.ts";
import { eventsOf, type Message, type Mood } from "./message.ts";
import { cutText, plainText } from "./plain_text.ts";
import type { Told } from "./told.ts";

/** What is sent to a webhook. */
export interface WebhookBody {
  /** Besides the type of its content; all are ASCII. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body of the request. */
  readonly text: string;
}

/** What each takes at most. */
export const WEBHOOK_LIMITS = {
  /** Characters of a message of Discord. */
  discord: 2_000,
  /** Bytes of a card of Teams. */
  teams: 28_000,
  /** Bytes of a message of ntfy. */
  ntfy: 4_096,
} as const;

/**
 * Writes a message for a webhook.
 *
 * @param format The shape.
 * @param message The message.
 * @param told What it was made of, for JSON of our own.
 * @returns What is sent.
 */
export function webhookBody(format: WebhookFormat, message: Message, told: Told): WebhookBody {
  switch (format) {
    case "report":
      return json(reportDocument(message, told));
    case "discord":
      return json(discordBody(message));
    case "teams":
      return json(teamsBody(message));
    case "ntfy":
      return ntfyBody(message);
  }
}

function json(document: object): WebhookBody {
  return { headers: { "content-type": "application/json" }, text: JSON.stringify(document) };
}

/** For programs: what people read, too, and the numbers. */
function reportDocument(message: Message, told: Told): object {
  const { task, store, startedAt, finishedAt, exitCode, runs, bytes, later, backup } = told;
  const { pending } = told;
  const count = (wanted: string) =>
    told.outcomes.filter(({ outcome }) => outcome === wanted).length;
  const { title, mood, facts, lines, undo, link } = message;
  return {
    schema: "mltidy/notification/v1",
    ...{ task, store, startedAt, finishedAt, exitCode, events: eventsOf(told), mood, title },
    facts: Object.fromEntries(facts),
    ...{ lines, undo, link, runs, bytes, later, pending },
    totals: {
      applied: count("applied"),
      skipped: count("skipped"),
      failed: count("failed"),
      notRun: count("not-run"),
    },
    backup: backup?.id ?? null,
  };
}

const MARKS: Readonly<Record<Mood, string>> = { good: "✅", attention: "⚠️", bad: "❌" };

/** In a block of code nothing is formatted; nobody is mentioned, whatever it says. */
function discordBody(message: Message): object {
  const title = `${MARKS[message.mood]} **${
    cutText(message.title, 200).replace(/[\\*_~`|>#[\]()]/g, "\\$&")
  }**`;
  const [open, close] = ["\n```\n", "```"];
  const room = WEBHOOK_LIMITS.discord - title.length - open.length - close.length - 1;
  const text = cutText(plainText(message).replaceAll("`", "ˋ").trimEnd(), room);
  return { content: `${title}${open}${text}\n${close}`, allowed_mentions: { parse: [] } };
}

/** A card, as the workflows of Teams post it. */
function teamsBody({ title, mood, facts, lines, undo, link }: Message): object {
  const block = (text: string, more: object = {}) => ({
    type: "TextBlock",
    text: cutText(text, 2_000).replace(/[\\*_~`[\]()]/g, "\\$&"),
    wrap: true,
    ...more,
  });
  const color = { good: "Good", attention: "Warning", bad: "Attention" }[mood];
  const card = (shown: readonly string[]) => ({
    type: "message",
    attachments: [{
      contentType: "application/vnd.microsoft.card.adaptive",
      content: {
        $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
        type: "AdaptiveCard",
        version: "1.4",
        body: [
          block(title, { size: "Medium", weight: "Bolder", color }),
          {
            type: "FactSet",
            facts: facts.map(([name, value]) => ({ title: name, value: block(value).text })),
          },
          ...shown.map((line) => block(line, { spacing: "Small" })),
          ...(undo === null ? [] : [block(`To undo: ${undo}`)]),
        ],
        actions: link === null ? [] : [{ type: "Action.OpenUrl", title: "Report", url: link }],
      },
    }],
  });
  let shown = lines;
  while (shown.length > 0 && utf8Length(JSON.stringify(card(shown))) > WEBHOOK_LIMITS.teams) {
    shown = shown.slice(0, -1);
  }
  return card(shown);
}

/** A header of HTTP is ASCII, so the title stands in the text. */
function ntfyBody(message: Message): WebhookBody {
  const { title, mood, link } = message;
  return {
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "tags": { good: "white_check_mark", attention: "warning", bad: "x" }[mood],
      ...(mood === "bad" ? { priority: "high" } : {}),
      ...(link !== null && /^https?:\/\/[!-~]+$/.test(link) ? { click: link } : {}),
    },
    text: cutText(`${title}\n\n${plainText(message)}`.trimEnd(), WEBHOOK_LIMITS.ntfy, utf8Length),
  };
}
