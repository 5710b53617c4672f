/**
 * What every answer of the server has: headers that keep it from being stored, framed, guessed at or told of.
 *
 * @module
 */

import { jsonText } from "../../lib/text/terminal_text.ts";
import type { Refused } from "./guard.ts";

/** What the policy for the content of the page depends on. */
export interface AnswerOptions {
  /** SHA-256 of the page's import map, base64. */
  readonly importMapHash: string;
}

/** Makes answers. */
export interface Answers {
  /** A text, or pieces of one as they come. */
  text(
    body: string | ReadableStream<Uint8Array<ArrayBuffer>>,
    type: string,
    headers?: HeadersInit,
  ): Response;
  /** A JSON value. */
  json(value: unknown, status?: number): Response;
  /** A request that is refused. */
  refusal(refused: Refused): Response;
}

/** The type of lines of JSON. */
export const LINES = "application/x-ndjson; charset=utf-8";

/**
 * Makes what makes answers.
 *
 * @param options What the policy depends on.
 * @returns The answers.
 */
export function answersWith({ importMapHash }: AnswerOptions): Answers {
  const policy = [
    "default-src 'none'",
    `script-src 'self' 'sha256-${importMapHash}'`,
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
  const always = {
    "cache-control": "no-store",
    "content-security-policy": policy,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
  };
  const headersOf = (type: string, more: HeadersInit = {}) => {
    const headers = new Headers(more);
    for (const [name, value] of Object.entries(always)) headers.set(name, value);
    headers.set("content-type", type);
    return headers;
  };
  const json = (value: unknown, status = 200) =>
    // Names in it are escaped where they could mislead whoever reads the answer in a terminal.
    new Response(jsonText(value), {
      status,
      headers: headersOf("application/json; charset=utf-8"),
    });
  return {
    text: (body, type, headers) => new Response(body, { headers: headersOf(type, headers) }),
    json,
    refusal: ({ status, refusal }) => json(refusal, status),
  };
}

/** Somebody who is told of lines. */
export interface LineListener<T> {
  /** Tells one more. */
  readonly tell: (line: T) => void;
  /** Says that there are no more. */
  readonly end: () => void;
}

/**
 * Makes a body of lines of JSON that are told one after the other.
 *
 * @param begin Begins to tell; gives what is to be done once nobody listens any more.
 * @returns The body.
 */
export function lineStream<T>(
  begin: (listener: LineListener<T>) => () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let leave = () => {};
  let isOpen = true;
  return new ReadableStream({
    start(controller) {
      leave = begin({
        tell: (line) => {
          if (isOpen) controller.enqueue(new TextEncoder().encode(`${jsonText(line)}\n`));
        },
        end: () => {
          if (isOpen) controller.close();
          isOpen = false;
        },
      });
    },
    cancel() {
      isOpen = false;
      leave();
    },
  });
}
