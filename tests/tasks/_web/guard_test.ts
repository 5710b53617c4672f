import { assert, assertEquals } from "@std/assert";
import { review } from "../../../tasks/review.ts";
import { openStore } from "../../../tasks/open_store.ts";
import { NOW } from "../../_support/builders.ts";
import { tempStore } from "../../_support/disk_store.ts";
import { ROTTEN } from "../../_support/rotten_store.ts";
import { askRaw, tokenOf } from "../../_support/web_page.ts";

/** Raw TCP, since `fetch` sets the host by itself. */
Deno.test("who may ask the page's server, row by row", async (test) => {
  await using disk = await tempStore(ROTTEN);
  await using store = await openStore(disk.root, { now: () => NOW });
  await using page = await review(store, { port: 0, allowHosts: ["mltidy.example.org"] });
  await page.ready;
  const { port } = page;
  const token = tokenOf(page);
  const own = `127.0.0.1:${port}`;
  const bearer = `Bearer ${token}`;
  const json = "application/json";

  interface Row {
    readonly what: string;
    readonly line?: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly status: number;
  }
  const store_ = "GET /api/store HTTP/1.1";
  const good = { host: own, authorization: bearer };
  const post = { ...good, "content-type": json };
  const plan = "POST /api/plan HTTP/1.1";
  const rows: readonly Row[] = [
    ...["127.0.0.1", own, "localhost", `localhost:${port}`, "[::1]", "[::1]:1234", "LOCALHOST:80"]
      .map((host) => ({ what: `host ${host}`, headers: { ...good, host }, status: 200 })),
    ...["mltidy.example.org", "MLTIDY.example.org:443"]
      .map((host) => ({ what: `allowed host ${host}`, headers: { ...good, host }, status: 200 })),
    ...[
      "evil.example",
      "localhost.evil.example",
      "127.0.0.1.nip.example",
      "0.0.0.0",
      "127.1",
      "2130706433",
      "127.0.0.1:1@evil",
      "localhost.",
      "[::1",
      "[::ffff:127.0.0.1]",
      "xmltidy.example.org",
      "127.0.0.1:",
      "",
    ].flatMap((host) => [
      { what: `host "${host}"`, headers: { ...good, host }, status: 421 },
      { what: `host "${host}", shell`, line: "GET / HTTP/1.1", headers: { host }, status: 421 },
    ]),
    {
      what: "an absolute address with a foreign host, and a foreign host",
      line: `GET http://${own}/api/store HTTP/1.1`,
      headers: { ...good, host: "evil.example" },
      status: 421,
    },
    {
      what: "an absolute address with a foreign host, and the right one",
      line: "GET http://evil.example/api/store HTTP/1.1",
      headers: good,
      status: 200,
    },
    ...["GET http://[::/api/store HTTP/1.1", "GET https://127.0.0.1:99999/ HTTP/1.1"]
      .map((line) => ({
        what: `an address that is none, ${line}`,
        line,
        headers: good,
        status: 400,
      })),
    {
      what: "a host whose port is none",
      headers: { ...good, host: "127.0.0.1:99999" },
      status: 400,
    },
    { what: "no token", line: store_, headers: { host: own }, status: 401 },
    {
      what: "a wrong token",
      headers: { ...good, authorization: `Bearer ${token.slice(0, -1)}!` },
      status: 401,
    },
    {
      what: "half a token",
      headers: { ...good, authorization: `Bearer ${token.slice(0, 20)}` },
      status: 401,
    },
    { what: "more than a token", headers: { ...good, authorization: `${bearer}x` }, status: 401 },
    { what: "an empty token", headers: { ...good, authorization: "Bearer " }, status: 401 },
    { what: "another scheme", headers: { ...good, authorization: `Basic ${token}` }, status: 401 },
    {
      what: "the token in the query",
      line: `GET /api/store?token=${token} HTTP/1.1`,
      headers: { host: own },
      status: 401,
    },
    {
      what: "the token as a cookie",
      headers: { host: own, cookie: `token=${token}` },
      status: 401,
    },
    { what: "its own origin", headers: { ...good, origin: `http://${own}` }, status: 200 },
    {
      what: "the origin of a tunnel",
      headers: { ...good, host: "localhost:9", origin: "http://localhost:9" },
      status: 200,
    },
    {
      what: "the origin of an allowed proxy",
      headers: { ...good, host: "mltidy.example.org", origin: "https://mltidy.example.org" },
      status: 200,
    },
    ...[
      "null",
      "http://evil.example",
      `https://${own}`,
      `http://127.0.0.1:${port + 1}`,
      `http://localhost:${port}`,
      "",
    ]
      .map((origin) => ({ what: `origin "${origin}"`, headers: { ...good, origin }, status: 403 })),
    { what: "from the page", headers: { ...good, "sec-fetch-site": "same-origin" }, status: 200 },
    ...["same-site", "cross-site", "none", "anything"].map((site) => ({
      what: `sec-fetch-site ${site}`,
      headers: { ...good, "sec-fetch-site": site },
      status: 403,
    })),
    {
      what: "a link to the page",
      line: "GET / HTTP/1.1",
      headers: { host: own, "sec-fetch-site": "cross-site", "sec-fetch-dest": "document" },
      status: 200,
    },
    {
      what: "the page in a frame",
      line: "GET / HTTP/1.1",
      headers: { host: own, "sec-fetch-site": "cross-site", "sec-fetch-dest": "iframe" },
      status: 403,
    },
    {
      what: "a script of the page for another one",
      line: "GET /packages/preact.js HTTP/1.1",
      headers: { host: own, "sec-fetch-site": "same-site", "sec-fetch-dest": "script" },
      status: 403,
    },
    {
      what: "a script of the page",
      line: "GET /packages/preact.js HTTP/1.1",
      headers: { host: own, "sec-fetch-site": "same-origin" },
      status: 200,
    },
    { what: "JSON", line: plan, headers: post, body: "{}", status: 200 },
    {
      what: "JSON by its charset",
      line: plan,
      headers: { ...post, "content-type": `${json}; charset=utf-8` },
      body: "{}",
      status: 200,
    },
    ...[
      "text/plain",
      "application/x-www-form-urlencoded",
      "text/json",
      "application/jsonx",
      "multipart/form-data",
    ]
      .map((type) => ({
        what: type,
        line: plan,
        headers: { ...post, "content-type": type },
        body: "{}",
        status: 415,
      })),
    { what: "no type", line: plan, headers: good, body: "{}", status: 415 },
    { what: "no JSON", line: plan, headers: post, body: "{", status: 400 },
    {
      what: "64 KiB",
      line: plan,
      headers: post,
      body: `{}${" ".repeat(64 * 1024 - 2)}`,
      status: 200,
    },
    {
      what: "more than that",
      line: plan,
      headers: post,
      body: `{}${" ".repeat(64 * 1024 - 1)}`,
      status: 413,
    },
    {
      what: "more than that, whatever is said",
      line: plan,
      headers: { ...post, "transfer-encoding": "chunked" },
      body: chunked(`{}${" ".repeat(70 * 1024)}`),
      status: 413,
    },
    ...["apply", "repair", "restore", "pin", "cancel"].map((name) => ({
      what: `${name}, where the page may only read`,
      line: `POST /api/${name} HTTP/1.1`,
      headers: post,
      body: "{}",
      status: 403,
    })),
    {
      what: "reading the store again without the token",
      line: "POST /api/read HTTP/1.1",
      headers: { host: own, "content-type": "application/json" },
      body: "{}",
      status: 401,
    },
    { what: "what is not there", line: "GET /api/nothing HTTP/1.1", headers: good, status: 404 },
    {
      what: "what every object has",
      line: "GET /api/constructor HTTP/1.1",
      headers: good,
      status: 404,
    },
    { what: "another method", line: "DELETE /api/store HTTP/1.1", headers: good, status: 404 },
    {
      what: "another method for the shell",
      line: "POST / HTTP/1.1",
      headers: { host: own },
      status: 405,
    },
    ...[
      "/../deno.json",
      "/%2e%2e/deno.json",
      "/deno.json",
      "/tasks/_web/guard.ts",
      "//etc/passwd",
      "/tasks/../deno.json",
    ]
      .map((path) => ({
        what: path,
        line: `GET ${path} HTTP/1.1`,
        headers: { host: own },
        status: 404,
      })),
  ];
  for (const { what, line = store_, headers, body, status } of rows) {
    await test.step(`${what}: ${status}`, async () => {
      const answer = await askRaw(port, line, headers, body);
      assertEquals(answer.status, status, answer.body);
      assertEquals(secured(answer.headers), SECURED);
      assert(!answer.text.includes(token));
    });
  }
  await test.step("no host at all: 421 or 400", async () => {
    const { status } = await askRaw(port, store_, { authorization: bearer });
    assert(status === 421 || status === 400);
  });
  await test.step("two hosts: refused", async () => {
    const answer = await askRaw(port, `${store_}\r\nhost: evil.example`, good);
    assert(answer.status >= 400);
  });
});

function chunked(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
}

/** Of every answer, refusals included. */
const SECURED = {
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  policy: [
    "default-src 'none'",
    "script-src 'self' 'sha256-…'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ],
  others: [],
};

function secured(headers: ReadonlyMap<string, string>): typeof SECURED {
  const of = (name: string) => headers.get(name) ?? "";
  return {
    "cache-control": of("cache-control"),
    "cross-origin-opener-policy": of("cross-origin-opener-policy"),
    "cross-origin-resource-policy": of("cross-origin-resource-policy"),
    "referrer-policy": of("referrer-policy"),
    "x-content-type-options": of("x-content-type-options"),
    "x-frame-options": of("x-frame-options"),
    policy: of("content-security-policy").replace(/'sha256-[\w+/]{43}='/, "'sha256-…'").split("; "),
    others: [...headers.keys()].filter((name) =>
      /^(set-cookie|access-control-|server$)/.test(name)
    ) as never[],
  };
}

Deno.test("the page ends, whoever neither sends nor reads to the end", async () => {
  await using disk = await tempStore(ROTTEN);
  await using store = await openStore(disk.root, { now: () => NOW });
  const page = await review(store, { port: 0 });
  await page.ready;
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: page.port });
  const head = `POST /api/plan HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{`;
  await connection.write(new TextEncoder().encode(head));
  await connection.read(new Uint8Array(1));
  const tooLate = Promise.withResolvers<string>();
  const timer = setTimeout(() => tooLate.resolve("it still serves"), 10_000);
  const ended = page[Symbol.asyncDispose]().then(() => "it has ended");
  assertEquals(await Promise.race([ended, tooLate.promise]), "it has ended");
  clearTimeout(timer);
});
