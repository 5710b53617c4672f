/**
 * What lies between a client and a tracking server, and fails: the n-th request meets a fault, be it of the network, of
 * the server or of what stands before it. It speaks HTTP by hand, since a library would not say half an answer.
 *
 * @module
 */

/** What happens to a request. */
export type Fault =
  /** The server hangs up before it has read it: nothing is done. */
  | "hang-up"
  /** It is done, and the server hangs up without an answer. */
  | "lost-answer"
  /** No answer comes for as long as the client waits: nothing is done. */
  | "freeze"
  /** It is done, and no answer comes for as long as the client waits. */
  | "lost-in-freeze"
  /** The server fails at it: nothing is done. */
  | "500"
  /** It is done, and the server fails at saying so. */
  | "lost-in-500"
  | "503"
  | "429"
  /** It is done, and the answer breaks off. */
  | "half"
  /** What stands before the server sends the client to another host. */
  | "redirect"
  /** A web page comes. */
  | "page"
  /** What comes is no HTTP. */
  | "garbage"
  /** This one and all that follow are not answered: the server is gone. */
  | "gone"
  /** It is done, and then the server is gone. */
  | "gone-after";

/** All of them. */
export const FAULTS: readonly Fault[] = [
  ...["hang-up", "lost-answer", "freeze", "lost-in-freeze", "500", "lost-in-500"] as const,
  ...["503", "429", "half", "redirect", "page", "garbage", "gone", "gone-after"] as const,
];

/** A proxy, which ends with the scope. */
export interface FaultProxy extends AsyncDisposable {
  /** Such as `http://127.0.0.1:41234`. */
  readonly uri: string;
  /** How many requests came since it was last told what to do. */
  count(): number;
  /** Whether the fault has come about. */
  hasFailed(): boolean;
  /**
   * From now on the n-th request, the first is 1, meets a fault; `null`: none does.
   *
   * @param at Which request.
   * @param fault What happens to it.
   */
  fail(at: number | null, fault?: Fault): void;
  /**
   * From now on the n-th request of a kind meets a fault.
   *
   * @param isOfKind Tells whether a request counts.
   * @param at Which of them.
   * @param fault What happens to it.
   */
  failAt(isOfKind: (request: Request) => boolean, at: number, fault: Fault): void;
  /**
   * Does something at the n-th request, such as ending the client; said after what fails.
   *
   * @param at Which request.
   * @param when Whether before it is carried out, or after that and before it is answered.
   * @param work What to do.
   */
  atRequest(at: number, when: "before" | "after", work: () => void | Promise<void>): void;
}

/** Answers a request. */
export type Forward = (request: Request) => Promise<Response>;

/**
 * Makes what hands requests on to a real server.
 *
 * @param uri The server's address.
 * @returns What answers them.
 */
export function forwardTo(uri: string): Forward {
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    return await fetch(uri + pathname + search, {
      method: request.method,
      headers: request.headers,
      ...(request.method === "GET" ? {} : { body: await request.text() }),
    });
  };
}

/**
 * Starts a proxy; it fails at nothing until it is told to.
 *
 * @param forward Answers what gets through.
 * @returns The proxy, to be bound by `await using`.
 */
export function startFaultProxy(forward: Forward): FaultProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const open = new Set<Deno.TcpConn>();
  let [count, isGone, hasFailed] = [0, false, false];
  let wanted: { readonly at: number; readonly fault: Fault } | null = null;
  let chosen: { isOfKind: (request: Request) => boolean; left: number; fault: Fault } | null = null;
  let hook: {
    readonly at: number;
    readonly when: "before" | "after";
    readonly work: () => void | Promise<void>;
  } | null = null;
  const interpose = async (number: number, when: "before" | "after") => {
    if (hook?.at === number && hook.when === when) await hook.work();
  };

  /** Whether the connection goes on. */
  async function exchange(
    connection: Deno.TcpConn,
    reader: Reader,
    request: Request,
  ): Promise<boolean> {
    const number = ++count;
    if (isGone) return false;
    if (chosen?.isOfKind(request) && --chosen.left === 0) {
      wanted = { at: number, fault: chosen.fault };
    }
    await interpose(number, "before");
    if (wanted?.at !== number) {
      const answer = await answerOf(await forward(request));
      await interpose(number, "after");
      await send(connection, answer);
      return true;
    }
    hasFailed = true;
    const { fault } = wanted;
    isGone = fault === "gone" || fault === "gone-after";
    if (DONE.has(fault)) await (await forward(request)).body?.cancel();
    await interpose(number, "after");
    const canned = CANNED[fault];
    if (canned !== undefined) {
      await send(connection, encode(canned));
      return fault !== "half" && fault !== "garbage";
    }
    // Until the client gives up.
    if (FROZEN.has(fault)) { while (!(await reader.read()).done); }
    return false;
  }

  async function serve(connection: Deno.TcpConn): Promise<void> {
    open.add(connection);
    const reader = connection.readable.getReader();
    try {
      let rest: Uint8Array = new Uint8Array();
      while (true) {
        const read = await readRequest(reader, rest);
        if (read === null) break;
        rest = read.rest;
        if (!await exchange(connection, reader, read.request)) break;
      }
    } catch (error) {
      if (!isOfConnection(error)) throw error;
    } finally {
      open.delete(connection);
      close(connection);
    }
  }

  const accepting = (async () => {
    for await (const connection of listener) {
      if (isGone) close(connection);
      else void serve(connection);
    }
  })();

  return {
    uri: `http://127.0.0.1:${port}`,
    count: () => count,
    hasFailed: () => hasFailed,
    fail(at, fault = "hang-up") {
      [count, isGone, hasFailed, hook, chosen] = [0, false, false, null, null];
      wanted = at === null ? null : { at, fault };
    },
    failAt: (isOfKind, at, fault) => void (chosen = { isOfKind, left: at, fault }),
    atRequest: (at, when, work) => void (hook = { at, when, work }),
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of open) close(connection);
      await accepting;
    },
  };
}

/** With these, the request was carried out. */
const DONE: ReadonlySet<Fault> = new Set(
  ["lost-answer", "lost-in-freeze", "lost-in-500", "half", "gone-after"] as const,
);

const FROZEN: ReadonlySet<Fault> = new Set(["freeze", "lost-in-freeze"] as const);

const broken = (status: string) =>
  `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
const WEB_PAGE = "<!doctype html><title>Sign in</title>";

const CANNED: Readonly<Partial<Record<Fault, string>>> = {
  "500": broken("500 Internal Server Error"),
  "lost-in-500": broken("500 Internal Server Error"),
  "503": broken("503 Service Unavailable"),
  "429": broken("429 Too Many Requests"),
  half: 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4096\r\n\r\n{"run',
  redirect: "HTTP/1.1 302 Found\r\nLocation: http://login.invalid/\r\nContent-Length: 0\r\n\r\n",
  page:
    `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${WEB_PAGE.length}\r\n\r\n${WEB_PAGE}`,
  garbage: "\x00\x01 this is no HTTP\r\n\r\n",
};

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

async function answerOf(response: Response): Promise<Uint8Array> {
  const body = new Uint8Array(await response.arrayBuffer());
  const head = `HTTP/1.1 ${response.status} ${response.statusText || "OK"}\r\nContent-Type: ${
    response.headers.get("Content-Type") ?? "application/json"
  }\r\nContent-Length: ${body.length}\r\n\r\n`;
  return joined(encode(head), body);
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}

async function send(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

const END_OF_HEAD = /\r\n\r\n/;

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** `null`: the client has hung up. */
async function readRequest(
  reader: Reader,
  begun: Uint8Array,
): Promise<{ readonly request: Request; readonly rest: Uint8Array } | null> {
  const latin = new TextDecoder("latin1");
  let bytes = begun;
  const more = async () => {
    const { done, value } = await reader.read();
    if (!done) bytes = joined(bytes, value);
    return !done;
  };
  let end: number;
  while ((end = latin.decode(bytes).search(END_OF_HEAD)) < 0) if (!await more()) return null;
  const [line = "", ...fields] = latin.decode(bytes.subarray(0, end)).split("\r\n");
  const [method = "GET", target = "/"] = line.split(" ");
  const headers = new Headers(
    fields.map((field): [string, string] => {
      const at = field.indexOf(":");
      return [field.slice(0, at), field.slice(at + 1).trim()];
    }).filter(([name]) => !/^(?:host|connection|content-length)$/i.test(name)),
  );
  const length = Number(/^content-length:\s*(\d+)/im.exec(fields.join("\n"))?.[1] ?? 0);
  const body = end + 4;
  while (bytes.length < body + length) if (!await more()) return null;
  const request = new Request(`http://proxy.invalid${target}`, {
    method,
    headers,
    ...(length === 0 ? {} : { body: bytes.slice(body, body + length) }),
  });
  return { request, rest: bytes.slice(body + length) };
}

function isOfConnection(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted ||
    error instanceof TypeError;
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
