/**
 * Sending a request of HTTP: with time limits, again where that may help, and never to where another host sends it.
 *
 * @module
 */

import { type AttemptLimits, isPassingStatus, retryAfter } from "../../lib/notify/next_attempt.ts";
import { percentDecoded } from "../../lib/store/artifact_uri.ts";
import {
  causesText,
  type Delivered,
  notGrantedText,
  silenceText,
  type Tried,
  tryToDeliver,
} from "./attempt.ts";

/** What is sent. */
export interface Posted {
  /** The whole address; may hold a user and a password. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** How to send it. */
export interface PostOptions {
  readonly limits: AttemptLimits;
  /** Epoch ms. */
  readonly now: () => number;
}

/**
 * Sends a request. Needs net permission for its host.
 *
 * @param posted What is sent.
 * @param options How.
 * @returns What came of it.
 */
export async function post(posted: Posted, { limits, now }: PostOptions): Promise<Delivered> {
  const request = requestOf(posted);
  if (request === null) {
    return { attempts: 0, problem: "the address is none of http:// or https://" };
  }
  return await tryToDeliver((ms) => postOnce(request, ms, now), limits);
}

interface Request {
  readonly address: URL;
  readonly headers: Headers;
  readonly text: string;
}

/** Who asks stands in a header, as nothing that is said of an address may tell it. */
function requestOf({ url, headers, text }: Posted): Request | null {
  const address = URL.parse(url);
  if (address === null || !/^https?:$/.test(address.protocol)) return null;
  const sent = new Headers(headers);
  const { username, password } = address;
  if (username !== "" || password !== "") {
    const user = `${percentDecoded(username)}:${percentDecoded(password)}`;
    sent.set("authorization", `Basic ${new TextEncoder().encode(user).toBase64()}`);
    address.username = address.password = "";
  }
  return { address, headers: sent, text };
}

async function postOnce(
  { address, headers, text }: Request,
  ms: number,
  now: () => number,
): Promise<Tried> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), ms);
  try {
    const response = await fetch(address, {
      method: "POST",
      headers,
      body: text,
      // Another host must not get what is meant for this one.
      redirect: "manual",
      signal: stop.signal,
    });
    const { status } = response;
    if (status >= 200 && status < 300) {
      await response.body?.cancel();
      return { problem: null };
    }
    const said = await beginningOf(response);
    return {
      problem: status >= 300 && status < 400
        ? `it answered ${status}, and redirects are not followed`
        : `it answered ${status}${said === "" ? "" : `: ${said}`}`,
      isPassing: isPassingStatus(status),
      wait: retryAfter(response.headers.get("retry-after"), now()),
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return { problem: notGrantedText(address.host) };
    const problem = stop.signal.aborted ? silenceText(ms) : causesText(error);
    return { problem, isPassing: true };
  } finally {
    clearTimeout(timer);
  }
}

/** More than is shown, since only what is cut once it has no secrets any more holds no part of one. */
const MOST_READ = 10_000;

/** What a host says of its refusal may be cut off, or never end. */
async function beginningOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const decoder = new TextDecoder();
  let text = "";
  try {
    while (text.length < MOST_READ) {
      const { value, done } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // That it was refused is known.
  }
  await reader.cancel().catch(() => {});
  return text.slice(0, MOST_READ).replace(/\s+/g, " ").trim();
}
