/**
 * The server beneath the page: connections of this machine, and the requests that come by them.
 *
 * Anybody on this machine may connect, and say nothing. So connections are taken one by one and counted, which
 * `Deno.serve` does for nobody: of those by which nobody has proven yet that the page is theirs there are few, the one
 * that was silent longest gives way to a new one, and none waits long for a request. Requests are read by Node.
 *
 * @module
 */

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

/** A request: what is needed of one, as it was sent. */
export type WebRequest = Pick<Request, "method" | "url" | "headers" | "body">;

/**
 * Answers a request.
 *
 * @param request The request; nothing of it is checked.
 * @param prove Says that it has proven that the page is its sender's.
 */
export type Answer = (request: WebRequest, prove: () => void) => Promise<Response>;

/** How many connections there may be, and for how long. */
export interface Patience {
  /** The most by which nobody has proven anything. @default {32} */
  readonly strangers?: number;
  /** Ms such a connection may be silent, or take to ask. @default {10 seconds} */
  readonly silence?: number;
}

/** What is served; disposing of it ends that, and all connections at once. */
export interface Serving extends AsyncDisposable {
  /** Settles when that has ended. */
  readonly finished: Promise<void>;
}

/** Browsers have six at a time. */
const STRANGERS = 32;
const SILENCE = 10_000;
/** Ms until another connection is taken where the last could not be. */
const RESPITE = 100;

/**
 * Answers the requests that come to a listener.
 *
 * @param listener Where they come.
 * @param answer What answers them; a rejection is answered with 500.
 * @param patience How many connections there may be, and for how long.
 * @returns What ends that.
 */
export async function serveRequests(
  listener: Deno.TcpListener,
  answer: Answer,
  { strangers: most = STRANGERS, silence = SILENCE }: Patience = {},
): Promise<Serving> {
  const [{ createServer }, { Duplex, Readable }, { pipeline }] = await Promise.all([
    import("node:http"),
    import("node:stream"),
    import("node:stream/promises"),
  ]);
  const fromWeb = (body: ReadableStream) =>
    Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
  const open = new Set<Duplex>();
  /** What ends each by which nobody has proven anything; the one that was silent longest stands first. */
  const strangers = new Map<Duplex, ReturnType<typeof setTimeout> | undefined>();
  let isOver = false;

  function forget(connection: Duplex): void {
    clearTimeout(strangers.get(connection));
    strangers.delete(connection);
  }
  function listenTo(connection: Duplex, limit: number | null): void {
    forget(connection);
    if (connection.destroyed) return;
    const end = () => connection.destroy();
    strangers.set(connection, limit === null ? undefined : setTimeout(end, limit));
  }
  function take(taken: Deno.TcpConn): void {
    const { readable, writable } = taken;
    const connection = Duplex.fromWeb(
      { readable, writable } as Parameters<typeof Duplex.fromWeb>[0],
    );
    open.add(connection);
    // Whoever has gone is told nothing.
    connection.on("error", () => {});
    connection.on("close", () => {
      forget(connection);
      open.delete(connection);
      close(taken);
    });
    listenTo(connection, silence);
    const [first] = strangers.keys();
    if (strangers.size > most) first!.destroy();
    server.emit("connection", connection);
  }

  const proven = new WeakSet<Duplex>();
  const server = createServer(
    { requireHostHeader: false, keepAliveTimeout: 0 },
    async (asked, told) => {
      const connection = asked.socket as Duplex;
      // It has asked, so that an answer may take its time.
      if (!proven.has(connection)) listenTo(connection, null);
      const prove = () => {
        proven.add(connection);
        forget(connection);
      };
      const response = await answer(requestOf(asked, Readable), prove)
        .catch(() => new Response(null, { status: 500 }));
      told.writeHead(response.status, Object.fromEntries(response.headers));
      told.once("close", () => proven.has(connection) || listenTo(connection, silence));
      if (response.body === null) told.end();
      // Whoever has gone before the end is told no more.
      else await pipeline(fromWeb(response.body), told).catch(() => {});
    },
  );

  // Node ends a connection behind the first answer of what does not listen itself.
  Object.defineProperty(server, "listening", { value: true });

  async function takeAll(): Promise<void> {
    while (!isOver) {
      try {
        take(await listener.accept());
      } catch {
        if (isOver) return;
        // No more files may be open, say: whoever has proven nothing makes place.
        for (const stranger of [...strangers.keys()]) stranger.destroy();
        await new Promise((resolve) => setTimeout(resolve, RESPITE));
      }
    }
  }

  const finished = takeAll();
  return {
    finished,
    async [Symbol.asyncDispose]() {
      isOver = true;
      listener.close();
      await Promise.all([...open].map((connection) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        connection.once("close", resolve);
        connection.destroy();
        return promise;
      }));
      await finished;
    },
  };
}

/** Its address as it was sent, with the host that it names: whoever reads it judges both. */
function requestOf(
  asked: IncomingMessage,
  { toWeb }: typeof import("node:stream").Readable,
): WebRequest {
  const headers = new Headers();
  for (let at = 0; at < asked.rawHeaders.length; at += 2) {
    headers.append(asked.rawHeaders[at]!, asked.rawHeaders[at + 1]!);
  }
  const { method = "GET", url = "" } = asked;
  return {
    method,
    url: url.startsWith("/") ? `http://${headers.get("host") ?? ""}${url}` : url,
    headers,
    get body() {
      return toWeb(asked) as ReadableStream<Uint8Array<ArrayBuffer>>;
    },
  };
}

/** What its streams have closed already is closed. */
function close(taken: Deno.TcpConn): void {
  try {
    taken.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
