/**
 * A server in this process that answers as a test wants, and keeps what it was asked.
 *
 * @module
 */

/** What was asked of a server. */
export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A server. */
export interface ServerDouble extends AsyncDisposable {
  /** Its address. */
  readonly uri: string;
  readonly asked: Asked[];
}

/**
 * Starts a server on this machine.
 *
 * @param answer What it answers.
 * @param tls By which certificate; otherwise in the open.
 * @returns The server, to be bound by `await using`.
 */
export function serverDouble(
  answer: (request: Asked) => Response | Promise<Response>,
  tls: Partial<Deno.TlsCertifiedKeyPem> = {},
): ServerDouble {
  const asked: Asked[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, ...tls } as Deno.ServeTcpOptions,
    async (request) => {
      const { pathname, search } = new URL(request.url);
      const one = {
        method: request.method,
        path: pathname + search,
        headers: request.headers,
        body: await request.text(),
      };
      asked.push(one);
      return await answer(one);
    },
  );
  const { port } = server.addr;
  return {
    uri: `${"cert" in tls ? "https" : "http"}://127.0.0.1:${port}`,
    asked,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/**
 * Starts what takes connections, reads a little and says anything, such as half an answer.
 *
 * @param say What it says, as it stands; `null` to say nothing and to hang up.
 * @returns Its address and its end.
 */
export function rawDouble(say: string | Uint8Array | null): AsyncDisposable & { uri: string } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ended = (async () => {
    for await (const connection of listener) {
      try {
        await connection.read(new Uint8Array(4096));
        if (say !== null) {
          await connection.write(typeof say === "string" ? new TextEncoder().encode(say) : say);
        }
      } catch {
        // Whoever asked has gone.
      }
      connection.close();
    }
  })();
  return {
    uri: `http://127.0.0.1:${listener.addr.port}`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await ended;
    },
  };
}

/**
 * Makes an answer of JSON.
 *
 * @param value What it says.
 * @param status Its status.
 * @returns The answer.
 */
export function json(value: unknown, status: number = 200): Response {
  return Response.json(value, { status });
}
