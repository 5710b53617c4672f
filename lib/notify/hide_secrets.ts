/**
 * Texts without the secrets that this process knows: each by the name of what holds it.
 *
 * @module
 */

import { utf8Bytes } from "../text/utf8.ts";

/** A secret, and what is shown in its place. */
export interface KnownSecret {
  /** The secret. */
  readonly value: string;
  /** Such as `$MLTIDY_SLACK_URL`. */
  readonly shown: string;
}

/** Shorter parts are words that stand everywhere. */
const LEAST = 5;

/**
 * Takes known secrets out of a text, whole ones and their parts: of an address its path, its query, its user and
 * each value in them, as they stand and decoded, and of the user what a header says of it.
 *
 * @param text Any text, such as what a library says of its failure.
 * @param secrets The secrets.
 * @returns The text with the name of what holds a secret in place of it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const secrets = [{ value: "https://hooks.example.org/T0/hunter2", shown: "$MLTIDY_SLACK_URL" }];
 * assertEquals(
 *   hideSecrets("POST https://hooks.example.org/T0/hunter2 failed", secrets),
 *   "POST $MLTIDY_SLACK_URL failed",
 * );
 * assertEquals(hideSecrets("no route /T0/hunter2", secrets), "no route $MLTIDY_SLACK_URL");
 * ```
 */
export function hideSecrets(text: string, secrets: readonly KnownSecret[]): string {
  const parts = secrets.flatMap(({ value, shown }) =>
    partsOf(value).map((part) => ({ part, shown }))
  ).toSorted((left, right) => right.part.length - left.part.length);
  return parts.reduce((hidden, { part, shown }) => hidden.replaceAll(part, shown), text);
}

function partsOf(secret: string): readonly string[] {
  const [, user = "", rest = ""] = /^\w+:\/\/(?:([^/?#]*)@)?[^/?#]*(.*)$/s.exec(secret) ?? [];
  const pieces = `${user} ${rest}`.split(/[\s/?#&=:;,]+/);
  const basic = utf8Bytes(decoded(user)).toBase64();
  const all = [secret, secret.trim(), user, basic, rest, rest.replace(/[/?#]+$/, ""), ...pieces];
  return [
    ...new Set(all.flatMap((part) => [part, decoded(part), JSON.stringify(part).slice(1, -1)])),
  ]
    // A password is hidden however short it is.
    .filter((part) => part.length >= LEAST || part !== "" && part === secret);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
