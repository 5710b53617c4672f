/**
 * What is sent, to whom, and in which shape: all of it, but for the secrets.
 *
 * @module
 */

import { utf8Length } from "../text/utf8.ts";
import type { EmailConfig, NotifyConfig, Secret } from "../policy/notify_rows.ts";
import { type EmailParts, emailParts } from "./email_parts.ts";
import { eventsOf, type Message } from "./message.ts";
import { cutText, plainText } from "./plain_text.ts";
import { slackBody } from "./slack_blocks.ts";
import type { Told } from "./told.ts";
import { webhookBody } from "./webhook_bodies.ts";

/** A mail that is to be sent. */
export interface OutgoingEmail {
  /** Tells the channels apart. */
  readonly channel: "email";
  /** To whom, from whom, by which server. */
  readonly email: EmailConfig;
  /** What it says. */
  readonly parts: EmailParts;
}

/** A request that is to be sent. */
export interface OutgoingPost {
  /** Tells the channels apart. */
  readonly channel: "slack" | "webhook" | "ping";
  /** Where to. */
  readonly url: Secret;
  /** What stands behind the path of the address; mostly nothing. */
  readonly suffix: string;
  /** All are ASCII. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body. */
  readonly text: string;
}

/** Something that is to be sent. */
export type Outgoing = OutgoingEmail | OutgoingPost;

/**
 * Puts together what is sent of how a task has ended. A ping is sent whatever came of it, since what waits for it
 * counts its absence.
 *
 * @param told What is known of the task.
 * @param message What is said of it.
 * @param config Who is told, and when.
 * @param options Whether everybody is told, whatever came of it.
 * @returns What is sent; empty where nobody wants to know.
 */
export function outgoingOf(
  told: Told,
  message: Message,
  config: NotifyConfig,
  { toAll = false }: { readonly toAll?: boolean } = {},
): readonly Outgoing[] {
  const { on, email, slack, webhook, ping } = config;
  const events: readonly string[] = eventsOf(told);
  const isWanted = toAll || on.some((event) => event === "always" || events.includes(event));
  const json = { "content-type": "application/json" };
  return [
    ...(email === null || !isWanted
      ? []
      : [{ channel: "email" as const, email, parts: emailParts(message) }]),
    ...(slack === null || !isWanted ? [] : [{
      channel: "slack" as const,
      url: slack.url,
      suffix: "",
      headers: json,
      text: JSON.stringify(slackBody(message)),
    }]),
    ...(webhook === null || !isWanted ? [] : [{
      channel: "webhook" as const,
      url: webhook.url,
      suffix: "",
      ...webhookBody(webhook.format, message, told),
    }]),
    ...(ping === null ? [] : [pingOf(
      ping.url,
      `/${told.exitCode === LOCKED ? 0 : told.exitCode ?? (message.mood === "bad" ? 1 : 0)}`,
      `${message.title}\n\n${plainText(message)}`,
    )]),
  ];
}

/**
 * Puts together the ping that tells that a task begins.
 *
 * @param config Who is told.
 * @returns What is sent; empty where nothing waits for it.
 */
export function outgoingStart({ ping }: NotifyConfig): readonly Outgoing[] {
  return ping === null ? [] : [pingOf(ping.url, "/start", "")];
}

/** The one that works meanwhile tells of itself. */
const LOCKED = 11;
/** What waits for pings keeps ten times as much. */
const MOST_PING = 10_000;

function pingOf(url: Secret, suffix: string, text: string): OutgoingPost {
  return {
    channel: "ping",
    url,
    suffix,
    headers: { "content-type": "text/plain; charset=utf-8" },
    text: cutText(text, MOST_PING, utf8Length),
  };
}
