/**
 * Asking the server of the review page, as a browser does and as no browser would.
 *
 * @module
 */

import type { ReviewServer } from "../../tasks/review.ts";

/** An answer, byte by byte. */
export interface RawAnswer {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** All of it. */
  readonly text: string;
}

/**
 * Sends a request over TCP just as it is given.
 *
 * @param port The port at 127.0.0.1.
 * @param line The first line.
 * @param headers The headers.
 * @param body The body; its length is told unless a header says how it is sent.
 * @returns The answer.
 */
export async function askRaw(
  port: number,
  line: string,
  headers: Readonly<Record<string, string>>,
  body = "",
): Promise<RawAnswer> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const length = body === "" || "transfer-encoding" in headers
    ? []
    : [`content-length: ${new TextEncoder().encode(body).length}`];
  const head = [
    line,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...length,
    "connection: close",
  ];
  const reading = new Response(connection.readable, { headers: {} }).text();
  const bytes = new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n${body}`);
  try {
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
  } catch (error) {
    // Whoever refuses a body need not read it to its end.
    if (
      !(error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe)
    ) {
      throw error;
    }
  }
  const text = await reading;
  const [before = "", ...rest] = text.split("\r\n\r\n");
  const [first = "", ...lines] = before.split("\r\n");
  return {
    status: Number(first.split(" ")[1]),
    headers: new Map(lines.map((each) => {
      const at = each.indexOf(":");
      return [each.slice(0, at).toLowerCase(), each.slice(at + 1).trim()];
    })),
    body: rest.join("\r\n\r\n"),
    text,
  };
}

/**
 * Takes the token out of the page's address.
 *
 * @param page The page.
 * @returns The token.
 */
export function tokenOf({ url }: Pick<ReviewServer, "url">): string {
  return new URLSearchParams(new URL(url).hash.slice(1)).get("token") ?? "";
}

/** Asks as the page does. */
export interface PageClient {
  /** Asks for what is there; throws where that is refused. */
  get<T>(path: string): Promise<T>;
  /** Asks for what comes of a body. */
  post<T>(path: string, body: unknown): Promise<T>;
  /** The same, with all that is answered. */
  ask(path: string, body?: unknown): Promise<Response>;
  /** What is answered line by line, once all lines are there. */
  lines<T>(path: string, body: unknown): Promise<readonly T[]>;
}

/**
 * Makes what asks as the page does.
 *
 * @param page The page.
 * @returns The client.
 */
export function clientOf(page: Pick<ReviewServer, "url">): PageClient {
  const authorization = `Bearer ${tokenOf(page)}`;
  const ask = (path: string, body?: unknown) =>
    fetch(`${new URL(page.url).origin}/api/${path}`, {
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      headers: {
        authorization,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
    });
  const valueOf = async (answer: Response) => {
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status} ${text}`);
    return text;
  };
  return {
    ask,
    get: async (path) => JSON.parse(await valueOf(await ask(path))),
    post: async (path, body) => JSON.parse(await valueOf(await ask(path, body))),
    lines: async (path, body) =>
      (await valueOf(await ask(path, body))).trimEnd().split("\n").map((line) => JSON.parse(line)),
  };
}
