/**
 * Reading what a server answers: data from outside, of bounded size.
 *
 * @module
 */

import { isRecord, isText } from "../../../lib/text/json.ts";
import { formatSize } from "../../../lib/text/units.ts";
import { RequestError } from "./request_error.ts";

/** What a server answered: nothing is known yet of what its fields hold. */
export type Answer = Readonly<Record<string, unknown>>;

/** How many bytes an answer may have: more is no text that this program can hold. */
export const LONGEST_ANSWER = 256 << 20;

/**
 * Reads the body of an answer, and no more than may be.
 *
 * @param response The answer.
 * @param options How long it may be, and who is told when something of it has come.
 * @returns Its text.
 * @throws {RequestError} When it is too long, or no UTF-8.
 */
export async function readBody(
  response: Response,
  { longest = LONGEST_ANSWER, onBytes }: {
    readonly longest?: number;
    readonly onBytes?: () => void;
  } = {},
): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const parts: string[] = [];
  let size = 0;
  try {
    for await (const bytes of response.body ?? []) {
      onBytes?.();
      size += bytes.length;
      if (size > longest) {
        throw new RequestError(
          "unanswered",
          `the server's answer has more than ${formatSize(longest)}, which is more than is read`,
          { status: response.status },
        );
      }
      parts.push(decoder.decode(bytes, { stream: true }));
    }
    parts.push(decoder.decode());
  } catch (error) {
    if (!(error instanceof TypeError) || !/encod/.test(error.message)) throw error;
    throw new RequestError("foreign", "what answers there says what is no text", {
      status: response.status,
      cause: error,
    });
  }
  return parts.join("");
}

/**
 * Reads an answer of MLflow's as JSON.
 *
 * @param text The body of an answer.
 * @returns The record; `null` when it is none.
 */
export function parseAnswer(text: string): Answer | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * Tells which error of MLflow's an answer is.
 *
 * @param text The body of an answer.
 * @returns Its code and its message; `null` when it is none.
 */
export function parseFailure(
  text: string,
): { readonly code: string; readonly message: string } | null {
  const answer = parseAnswer(text);
  const { error_code: code, message } = answer ?? {};
  if (!isText(code)) return null;
  return { code, message: isText(message) ? message : "" };
}
