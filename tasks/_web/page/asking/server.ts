/// <reference lib="dom" />
/**
 * Asking the server: every request carries the token, none goes anywhere else.
 *
 * @module
 */

import type { Refusal } from "../../messages.ts";

/** What a request gives in its query. */
type Query = Readonly<Record<string, string | number | undefined>>;

/** The server, as one who has the token sees it. */
export interface Server {
  /** Asks for what is there. */
  readonly get: <T>(path: string, query: Query, signal: AbortSignal) => Promise<T>;
  /** Asks for a file. */
  readonly file: (path: string, query: Query) => Promise<Blob>;
  /** Asks for what comes of a body, or lets something be done. */
  readonly post: <T>(path: string, body: unknown, signal?: AbortSignal) => Promise<T>;
  /** The same, answered line by line; without a body it asks for what is there. */
  readonly lines: <T>(path: string, body: unknown, signal: AbortSignal) => AsyncGenerator<T>;
}

/** The server has refused, or cannot be reached. */
export class RefusedError extends Error {
  /** Its word for why; `unreachable` is the page's own. */
  readonly why: Refusal["error"] | "unreachable";

  /**
   * Makes the error.
   *
   * @param why Its word for why.
   * @param message The same for people.
   */
  constructor(why: RefusedError["why"], message: string) {
    super(message);
    this.why = why;
  }
}

/** What is said when nobody answers. */
export const UNREACHABLE =
  "mltidy does not answer: it is no longer running. Start it again, and open the address that it prints.";

/**
 * Makes a server of its token.
 *
 * @param token The token.
 * @returns The server.
 */
export function serverOf(token: string): Server {
  const request = async (path: string, init: RequestInit): Promise<Response> => {
    const answer = await fetch(`api/${path}`, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${token}` },
    }).catch((error) => {
      throw init.signal?.aborted ? error : new RefusedError("unreachable", UNREACHABLE);
    });
    if (answer.ok) return answer;
    const refusal: Partial<Refusal> = await answer.json().catch(() => ({}));
    throw new RefusedError(
      refusal.error ?? "failed",
      refusal.message ?? `mltidy answers ${answer.status} ${answer.statusText}`,
    );
  };
  const posting = (body: unknown, signal: AbortSignal | undefined): RequestInit => ({
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: signal ?? null,
  });
  return {
    get: async (path, query, signal) =>
      (await request(`${path}${queryOf(query)}`, { signal })).json(),
    file: async (path, query) => (await request(`${path}${queryOf(query)}`, {})).blob(),
    post: async (path, body, signal) => (await request(path, posting(body, signal))).json(),
    lines: async function* (path, body, signal) {
      const init = body === undefined ? { signal } : posting(body, signal);
      yield* linesOf(await request(path, init));
    },
  };
}

function queryOf(query: Query): string {
  const given = Object.entries(query).flatMap(([key, value]) =>
    value === undefined || value === "" ? [] : [[key, `${value}`]]
  );
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}

async function* linesOf<T>(answer: Response): AsyncGenerator<T> {
  if (answer.body === null) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) break;
      const lines = `${rest}${value}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.trim() !== "") yield JSON.parse(line);
    }
  } finally {
    await reader.cancel();
  }
}

/**
 * Gives the server's word for what went wrong.
 *
 * @param error What was thrown.
 * @returns The word; `failed` where the server has said nothing.
 */
export function whyOf(error: unknown): RefusedError["why"] {
  return error instanceof RefusedError ? error.why : "failed";
}
