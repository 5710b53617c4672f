/**
 * The client of a tracking server: plain HTTP, and only the requests of the table that it was given.
 *
 * What reads is asked again where no answer came; what changes something never is: what became of it must be read.
 * Credentials go to the server's own host alone, and into no message.
 *
 * @example
 * ```ts
 * import { parseStoreName } from "../../../lib/store/store_uri.ts";
 * import { READING } from "./endpoints.ts";
 * import { openClient } from "./open_client.ts";
 *
 * async function nameOf(uri: string, id: string): Promise<unknown> {
 *   const server = parseStoreName(uri);
 *   if (server.kind !== "server") return null;
 *   using client = openClient(server, { endpoints: READING, environment: Deno.env.get });
 *   // A path's parameters, a query's and a body's are all given the same way.
 *   const { experiment } = await client.ask("experiments/get", { experiment_id: id });
 *   return experiment;
 * }
 * ```
 *
 * Who changes something gives `{ ...READING, ...CHANGING }` instead. Each request that comes to nothing throws a
 * `RequestError`, of which `failure`, `status` and `code` tell why, and `isUncertain` whether a change may have been
 * made all the same.
 *
 * @module
 */

import type { ServerName } from "../../../lib/store/store_uri.ts";
import { visibleText } from "../../../lib/text/terminal_text.ts";
import { connect } from "./connection.ts";
import type { Endpoint, Endpoints } from "./endpoints.ts";
import type { Environment } from "../../_io/process.ts";
import { findCredentials } from "./find_credentials.ts";
import { type Answer, parseAnswer, parseFailure, readBody } from "./read_answer.ts";
import { RequestError } from "./request_error.ts";

/** What goes with a request: texts and numbers of a path or query, anything of a body. */
export type Parameters = Readonly<Record<string, unknown>>;

/** How to ask. */
export interface AskOptions {
  /** Breaks the request off; of a change it is not known then whether it was made. */
  readonly signal?: AbortSignal | undefined;
}

/** Asks a server what its table names, and nothing else. */
export interface Client<T extends Endpoints> extends Disposable {
  /** The server. */
  readonly server: ServerName;
  /**
   * Makes a request.
   *
   * @param name Which one of the table.
   * @param parameters What goes into its path, into the query of a `GET`, or else into the body.
   * @param options How to ask.
   * @returns The answer: data from outside, to be checked; one that is text as `{ text }`.
   * @throws {RequestError} When it came to nothing.
   * @throws {DOMException} When it was broken off.
   */
  ask(name: keyof T & string, parameters?: Parameters, options?: AskOptions): Promise<Answer>;
}

/** What reaches a server. */
export interface Reach {
  readonly server: ServerName;
  /** Tells how to be let in. */
  readonly environment: Environment;
  /** Waits, ms, before something is asked again. @default {real time} */
  readonly pause?: ((ms: number) => Promise<void>) | undefined;
}

/** What a client is made of. */
export interface ClientOptions<T extends Endpoints> {
  /** The requests that it may make. */
  readonly endpoints: T;
  /** Says what variables are set to. */
  readonly environment: Environment;
  /** Waits, ms, before a request is made again. @default {real time} */
  readonly pause?: ((ms: number, signal?: AbortSignal) => Promise<void>) | undefined;
  /** How many bytes an answer may have. */
  readonly longest?: number;
}

/** How many requests a server gets at once: more only wait for each other. */
export const REQUESTS_AT_ONCE = 4;

/** How often what reads is asked, at most. */
const MOST_TRIES = 5;
/** Before it is asked again, ms; each time twice as long. */
const FIRST_PAUSE = 500;
/** Nobody is kept waiting longer, ms, whatever a server says. */
const LONGEST_PAUSE = 60_000;

/**
 * Makes a client; nothing has been asked yet. Needs net permission for the host, and read permission for the files of
 * certificates and credentials that are to count.
 *
 * @param server The server.
 * @param options What it may ask, and what tells how.
 * @returns The client, to be bound by `using`.
 * @throws {RequestError} When this process may not reach the host, or certificates or settings make no sense.
 */
export function openClient<T extends Endpoints>(
  server: ServerName,
  options: ClientOptions<T>,
): Client<T> {
  const { endpoints, environment, pause = sleep } = options;
  const authorization = findCredentials(server, environment);
  const connection = connect(server, environment);
  const headers = {
    Accept: "application/json",
    "User-Agent": "mltidy",
    ...(authorization === null ? {} : { Authorization: authorization }),
    ...(server.workspace === null
      ? {}
      : { "X-MLFLOW-WORKSPACE": encodeURIComponent(server.workspace) }),
  };
  let hasAnswered = false;

  async function askOnce(
    endpoint: Endpoint,
    parameters: Parameters,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    const request = requestFor(endpoint, parameters);
    return await connection.exchange({ ...request, headers }, {
      follows: endpoint.kind === "reading",
      signal,
      read: async (response, onBytes) => {
        hasAnswered = true;
        const text = await readBody(response, {
          onBytes,
          ...(options.longest === undefined ? {} : { longest: options.longest }),
        });
        return readAnswer(endpoint, response, text, authorization !== null);
      },
    });
  }

  return {
    server,
    async ask(name, parameters = {}, { signal } = {}) {
      const endpoint = endpoints[name];
      if (endpoint === undefined) throw new TypeError(`No request ${name} may be made here`);
      for (let tries = 1;; tries++) {
        signal?.throwIfAborted();
        try {
          return await askOnce(endpoint, parameters, signal);
        } catch (error) {
          const wait = pauseAfter(error, tries);
          const mayRepeat = endpoint.kind === "reading" && wait !== null &&
            // What has never answered is more likely to be named wrongly than to start just now.
            (hasAnswered || (error as RequestError).failure !== "unreachable");
          if (!mayRepeat) throw error;
          await pause(wait, signal);
        }
      }
    },
    [Symbol.dispose]: () => connection[Symbol.dispose](),
  };
}

/** These say that the same may be answered a little later. */
const PASSING: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

function pauseAfter(error: unknown, tries: number): number | null {
  if (!(error instanceof RequestError) || tries >= MOST_TRIES) return null;
  const { failure, status, retryAfter } = error;
  const isPassing = status === null
    ? failure === "unreachable" || failure === "unanswered" && !error.isLate
    : PASSING.has(status);
  if (!isPassing) return null;
  const usual = FIRST_PAUSE * 2 ** (tries - 1) * (1 + Math.random() / 4);
  return Math.min(LONGEST_PAUSE, Math.max(usual, retryAfter ?? 0));
}

/** Whoever has broken it off waits no longer. */
async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const timer = setTimeout(wake, ms);
  signal?.addEventListener("abort", wake);
  await promise;
  clearTimeout(timer);
  signal?.removeEventListener("abort", wake);
}

/** What is sent for a request, without headers that all have. */
function requestFor(
  { method, path, answer, sends }: Endpoint,
  parameters: Parameters,
): {
  readonly method: string;
  readonly path: string;
  readonly body: string | Uint8Array<ArrayBuffer> | null;
} {
  const rest = new Map(Object.entries(parameters));
  const filled = path.replaceAll(/\{(\w+)(\/?)\}/g, (_, name: string, slash: string) => {
    const value = String(rest.get(name));
    rest.delete(name);
    return (slash === "" ? [value] : value.split("/")).map((part) => {
      // Of a path these would name another request.
      if (/^\.{0,2}$/.test(part)) throw new TypeError(`No ${name} can be ${value}`);
      return encodeURIComponent(part);
    }).join("/");
  });
  const bytes = rest.get("bytes");
  if (sends === "bytes" && bytes instanceof Uint8Array) {
    return { method, path: filled, body: bytes as Uint8Array<ArrayBuffer> };
  }
  if (method !== "GET") {
    return { method, path: filled, body: JSON.stringify(Object.fromEntries(rest)) };
  }
  const query = [...rest].flatMap(([name, value]) =>
    [value].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(String(one))}`)
  );
  const asked = query.length === 0 || answer === "text" ? filled : `${filled}?${query.join("&")}`;
  return { method, path: asked, body: null };
}

const SAMPLE = 300;

/** What the server said, for people: it may hold anything. */
function said(text: string): string {
  const line = visibleText(text.replaceAll(/\s+/g, " ").trim());
  return line.length > SAMPLE ? `${line.slice(0, SAMPLE)}…` : line;
}

function readAnswer(
  endpoint: Endpoint,
  response: Response,
  text: string,
  isNamed: boolean,
): Answer {
  const { status, headers } = response;
  if (status >= 200 && status < 300) {
    if (endpoint.answer === "text") {
      // Flask takes any text for a page.
      if (!/^\s*</.test(text)) return { text };
      throw new RequestError("foreign", PAGE, { status });
    }
    const answer = parseAnswer(text);
    if (answer !== null) return answer;
    throw new RequestError("foreign", isPage(text, headers) ? PAGE : NO_JSON, { status });
  }
  const failure = parseFailure(text);
  const code = failure?.code ?? null;
  const words = failure === null ? "" : `: ${said(failure.message)}`;
  const retryAfter = Number(headers.get("Retry-After") ?? NaN) * 1000;
  const details = { status, code, ...(retryAfter >= 0 ? { retryAfter } : {}) };
  if (status === 401) {
    throw new RequestError("denied", isNamed ? WRONG_LOGIN : NO_LOGIN, details);
  }
  if (status === 403) {
    throw new RequestError("denied", `the server does not allow it (403)${words}`, details);
  }
  if (PASSING.has(status)) {
    const message = `the server, or what stands before it, is out of order (${status})${words}`;
    throw new RequestError("unanswered", message, details);
  }
  if (failure === null) {
    // 501 is no failure: what says so never had such a request.
    const hasFailed = status >= 500 && status !== 501;
    const message = hasFailed
      ? `the server, or what stands before it, has failed (${status})`
      : `what answers there (${status}) is no tracking server of MLflow's`;
    throw new RequestError(hasFailed ? "unanswered" : "foreign", message, details);
  }
  // It has failed at something that it had begun, unless its database takes no such text, however often it is asked.
  const isBroken = status >= 500 && code === "INTERNAL_ERROR" &&
    !NO_NUL.test(failure.message);
  throw new RequestError(
    isBroken ? "unanswered" : "refused",
    `the server says ${code} (${status})${words}`,
    details,
  );
}

/** What the driver of PostgreSQL says of a text with a NUL in it; SQLite and files take that. */
const NO_NUL = /\bcannot contain NUL\b/;

function isPage(text: string, headers: Headers): boolean {
  return /^text\/html/i.test(headers.get("Content-Type") ?? "") ||
    /^\s*<(!doctype|html)/i.test(text);
}

const PAGE =
  "what answers there is a web page, and no tracking server of MLflow's; a proxy that asks for a login answers like this, too";
const NO_JSON = "what answers there is no tracking server of MLflow's: its answer is no JSON";
const NO_LOGIN =
  "the server wants to know who asks (401); set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN";
const WRONG_LOGIN =
  "the server does not take that user with that password, or that token (401); see MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD, MLFLOW_TRACKING_TOKEN and ~/.mlflow/credentials";
