/**
 * The task `notify`: tells who wants to know how a task has ended.
 *
 * @module
 */

import { errorMessage } from "../lib/errors.ts";
import { hideSecrets, type KnownSecret } from "../lib/notify/hide_secrets.ts";
import { ATTEMPT_LIMITS, type AttemptLimits } from "../lib/notify/next_attempt.ts";
import { cutText } from "../lib/notify/plain_text.ts";
import type { Outgoing } from "../lib/notify/outgoing.ts";
import type { Secret } from "../lib/policy/notify_rows.ts";
import type { Delivered } from "./_notify/attempt.ts";
import { pingAddress } from "./_notify/ping.ts";
import { post } from "./_notify/post.ts";
import { readNamed, readSecret, secretName, type SecretPlaces } from "./_notify/secret.ts";

/** How much is said of a problem, which may be a page that a host has answered. */
const MOST_SAID = 300;

/** How to tell. */
export interface NotifyOptions extends SecretPlaces {
  /** The clock, epoch ms. */
  readonly now: () => number;
  /** How long and how often to try. @default {ATTEMPT_LIMITS} */
  readonly limits?: AttemptLimits;
}

/** What came of one channel. */
export interface Notified {
  /** The channel. */
  readonly channel: Outgoing["channel"];
  /** How often it was tried; 0 where it could not even be. */
  readonly attempts: number;
  /** Why it was not delivered, without any secret; `null` where it was. */
  readonly problem: string | null;
}

/**
 * Sends what is to be sent, by all channels at once. Needs net permission for their hosts, and the right to read the
 * secrets.
 *
 * @param outgoing What is sent.
 * @param options How.
 * @returns What came of each, in the same order. Never throws for what happens to one.
 */
export async function notify(
  outgoing: readonly Outgoing[],
  options: NotifyOptions,
): Promise<readonly Notified[]> {
  return await Promise.all(outgoing.map(async (one) => {
    const { channel } = one;
    const known: KnownSecret[] = [];
    const secretOf = (secret: Secret): string => {
      const read = readSecret(secret, options);
      known.push(read);
      return read.value;
    };
    try {
      const { attempts, problem } = await send(one, secretOf, options);
      const hidden = problem === null ? null : cutText(hideSecrets(problem, known), MOST_SAID);
      return { channel, attempts, problem: hidden };
    } catch (error) {
      const message = errorMessage(error);
      return { channel, attempts: 0, problem: hideSecrets(message, known) };
    }
  }));
}

async function send(
  one: Outgoing,
  secretOf: (secret: Secret) => string,
  { now, directory, limits = ATTEMPT_LIMITS }: NotifyOptions,
): Promise<Delivered> {
  if (one.channel === "email") {
    const { password, ca } = one.email;
    // Loaded when mail is sent alone: it brings modules of Node's.
    const { sendEmail } = await import("./_notify/email.ts");
    return await sendEmail(one.email, one.parts, {
      limits,
      trusted: ca === null ? null : readNamed(ca, directory),
      password: password === null ? null : secretOf(password),
    });
  }
  const { url, suffix, headers, text } = one;
  return await post({ url: pingAddress(secretOf(url), suffix), headers, text }, { limits, now });
}

/**
 * Tells why something could not be sent from here, as far as that shows before anybody is reached. Needs the right
 * to read its secret.
 *
 * @param one What would be sent.
 * @param places Where its secret is looked for.
 * @returns Why; `null` where nothing is missing.
 */
export function missingFor(one: Outgoing, places: SecretPlaces): string | null {
  const secret = one.channel === "email" ? one.email.password : one.url;
  try {
    if (secret !== null) readSecret(secret, places);
    return null;
  } catch (error) {
    return errorMessage(error);
  }
}

/**
 * Shows what would be sent, without reading any secret.
 *
 * @param one What would be sent.
 * @returns Lines, each ended by a line feed.
 */
export function showOutgoing(one: Outgoing): string {
  if (one.channel === "email") {
    const { email: { to, from, server, port, user }, parts } = one;
    const login = user === null ? "" : `, as ${user}`;
    return `email by ${server}:${port}${login}\nFrom: ${from}\nTo: ${
      to.join(", ")
    }\nSubject: ${parts.subject}\n\n${parts.text}`;
  }
  const { channel, url, suffix, headers, text } = one;
  const body = headers["content-type"] === "application/json"
    ? JSON.stringify(JSON.parse(text), null, 2)
    : text;
  const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`).join("");
  return `${channel}: POST ${secretName(url)}${suffix}\n${more}\n${body.trimEnd()}\n`;
}
