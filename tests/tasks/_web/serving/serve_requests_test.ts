import { assert, assertEquals } from "@std/assert";
import { lineStream } from "../../../../tasks/_web/answers.ts";
import {
  type Answer,
  type Patience,
  serveRequests,
} from "../../../../tasks/_web/serving/serve_requests.ts";
import { askRaw } from "../../../_support/web_page.ts";

const HOST = { hostname: "127.0.0.1", port: 0 } as const;
const HALF = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n");

/** Whoever names the door has proven that it is theirs. */
const echo: Answer = (request, prove) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/door") prove();
  return Promise.resolve(new Response(pathname));
};

async function withServer(
  { answer = echo, patience, wrap = (it) => it }: {
    readonly answer?: Answer;
    readonly patience?: Patience;
    readonly wrap?: (listener: Deno.TcpListener) => Deno.TcpListener;
  },
  use: (port: number) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen(HOST);
  await using _serving = await serveRequests(wrap(listener), answer, patience);
  await use(listener.addr.port);
}

async function connect(port: number, sent = HALF): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(sent);
  return connection;
}

/** Settles with what comes, as text, until a part of it is there, or it is closed from the other side. */
async function hear(connection: Deno.TcpConn, part = ""): Promise<string> {
  const bytes = new Uint8Array(2000);
  try {
    let heard = "";
    for (let read; (read = await connection.read(bytes)) !== null;) {
      heard += new TextDecoder().decode(bytes.subarray(0, read));
      if (heard.includes(part)) break;
    }
    return heard;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionReset) return "";
    throw error;
  }
}

const get = async (port: number, path = "/") =>
  (await askRaw(port, `GET ${path} HTTP/1.1`, { host: "127.0.0.1" })).body.includes(path);

Deno.test("whoever connects and does not ask is closed after a while, and keeps nobody from asking", async () => {
  await withServer({ patience: { silence: 300 } }, async (port) => {
    const silent = await Promise.all(Array.from({ length: 20 }, () => connect(port)));
    assert(await get(port));
    assertEquals(await Promise.all(silent.map((one) => hear(one))), silent.map(() => ""));
    for (const one of silent) one.close();
  });
});

Deno.test("of those who have proven nothing the one that was silent longest gives way, never one who has", async () => {
  await withServer({ patience: { strangers: 8 } }, async (port) => {
    const ask = (path: string) =>
      new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    const ours = await connect(port, ask("/door"));
    assert((await hear(ours, "/door")).includes("/door"));
    const silent: Deno.TcpConn[] = [];
    for (let nth = 0; nth < 20; nth++) silent.push(await connect(port));
    for (const one of silent.slice(0, 12)) assertEquals(await hear(one), "");
    await ours.write(ask("/again"));
    assert((await hear(ours, "/again")).includes("/again"));
    // The last ones may still ask.
    await silent[19]!.write(new TextEncoder().encode("\r\n"));
    assert((await hear(silent[19]!)).startsWith("HTTP/1.1 200 "));
    for (const one of [ours, ...silent]) one.close();
  });
});

Deno.test("a connection that could not be taken ends nothing, and who has proven nothing makes place", async () => {
  let failures = 0;
  const wrap = (listener: Deno.TcpListener): Deno.TcpListener =>
    new Proxy(listener, {
      get(of, name) {
        if (name === "accept" && failures > 0) {
          return () => {
            failures--;
            return Promise.reject(new Error("Too many open files (os error 24)"));
          };
        }
        const value = Reflect.get(of, name);
        return typeof value === "function" ? value.bind(of) : value;
      },
    });
  await withServer({ wrap }, async (port) => {
    const silent = await connect(port);
    failures = 2;
    // It is taken by what waits for one already.
    const next = await connect(port);
    assertEquals(await Promise.all([hear(silent), hear(next)]), ["", ""]);
    assert(await get(port));
    assertEquals(failures, 0);
    for (const one of [silent, next]) one.close();
  });
});

Deno.test("whoever goes in the middle of an answer is told no more, and one who stays is told all", async () => {
  const { promise: left, resolve: leave } = Promise.withResolvers<void>();
  const answer: Answer = (request, prove) => {
    prove();
    return Promise.resolve(
      request.url.endsWith("/lines")
        ? new Response(lineStream<string>(({ tell }) => (tell("first"), leave)))
        : new Response("x".repeat(3_000_000)),
    );
  };
  await withServer({ answer }, async (port) => {
    const ask = new TextEncoder().encode("GET /lines HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    const one = await connect(port, ask);
    assert((await hear(one)).includes("HTTP/1.1 200"));
    one.close();
    await left;
    const { body } = await askRaw(port, "GET /all HTTP/1.1", { host: "127.0.0.1" });
    assert(body.length >= 3_000_000);
  });
});
