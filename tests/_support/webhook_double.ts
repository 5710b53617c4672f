/**
 * A host that takes webhooks: it answers as it is told, and keeps the bytes that it was sent.
 *
 * @module
 */

/** How it answers; `never`: not at all, `cut`: half a head, `half`: half a body, `garbage`: no HTTP. */
export type Answer =
  | {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    /** @default {"said"} */
    readonly body?: string;
  }
  | "never"
  | "cut"
  | "half"
  | "garbage";

/** What it was sent. */
export interface Received {
  /** The first line: the method and the path with its query. */
  readonly line: string;
  /** By names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A host that runs. */
export interface WebhookDouble extends Disposable {
  /** Such as `127.0.0.1:49152`. */
  readonly host: string;
  readonly received: readonly Received[];
}

/**
 * Starts the host.
 *
 * @param answers How it answers, one after the other; the last one from then on.
 * @returns It; ends when it is disposed of.
 */
export function startWebhookDouble(...answers: readonly Answer[]): WebhookDouble {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const received: Received[] = [];
  const open = new Set<Deno.TcpConn>();
  const serve = async (connection: Deno.TcpConn) => {
    open.add(connection);
    try {
      received.push(await readRequest(connection));
      const answer = answers[Math.min(received.length, answers.length) - 1] ?? { status: 200 };
      if (answer === "never") return;
      await connection.write(new TextEncoder().encode(textOf(answer)));
      if (answer !== "half") end(connection);
    } catch {
      // Whoever asked has gone.
    }
  };
  const end = (connection: Deno.TcpConn) => {
    if (open.delete(connection)) connection.close();
  };
  (async () => {
    for await (const connection of listener) serve(connection);
  })();
  return {
    host: `127.0.0.1:${listener.addr.port}`,
    received,
    [Symbol.dispose]() {
      listener.close();
      for (const connection of open) end(connection);
    },
  };
}

function textOf(answer: Exclude<Answer, "never">): string {
  if (answer === "garbage") return "\x00\x01 this is no HTTP\r\n\r\n";
  if (answer === "cut") return "HTTP/1.1 20";
  if (answer === "half") return "HTTP/1.1 400 Bad\r\ncontent-length: 1000\r\n\r\ninvalid_blo";
  const { status, headers = {}, body = "said" } = answer;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `HTTP/1.1 ${status} X\r\n${lines}content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;
}

async function readRequest(connection: Deno.TcpConn): Promise<Received> {
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (;;) {
    const [head = "", body] = text.split(/\r\n\r\n(.*)/s);
    const [line = "", ...lines] = head.split("\r\n");
    const headers = Object.fromEntries(
      lines.map((one) => {
        const at = one.indexOf(":");
        return [one.slice(0, at).toLowerCase(), one.slice(at + 1).trim()];
      }),
    );
    if (body !== undefined && body.length >= Number(headers["content-length"] ?? 0)) {
      const bytes = Uint8Array.from(body, (one) => one.charCodeAt(0));
      return { line, headers, body: new TextDecoder().decode(bytes) };
    }
    const size = await connection.read(buffer);
    if (size === null) throw new Error("the request is cut off");
    // A character for each byte: a text may be cut within one of its own.
    for (const byte of buffer.subarray(0, size)) text += String.fromCharCode(byte);
  }
}
