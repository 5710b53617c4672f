import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { parseStoreName, type ServerName } from "../../../../lib/store/store_uri.ts";
import { CHANGING } from "../../../../tasks/_server/client/changing_endpoints.ts";
import { READING } from "../../../../tasks/_server/client/endpoints.ts";
import { openClient } from "../../../../tasks/_server/client/open_client.ts";
import { RequestError } from "../../../../tasks/_server/client/request_error.ts";
import { json, rawDouble, serverDouble } from "../../../_support/server_double.ts";

function named(uri: string): ServerName {
  const name = parseStoreName(uri);
  if (name.kind !== "server") throw new TypeError(`${uri} names no server`);
  return name;
}

function reading(
  uri: string,
  { environment = {}, waits = [], longest }: {
    readonly environment?: Record<string, string>;
    readonly waits?: number[];
    readonly longest?: number;
  } = {},
) {
  return openClient(named(uri), {
    endpoints: READING,
    environment: (name) => environment[name],
    pause: (ms) => Promise.resolve(void waits.push(ms)),
    ...(longest === undefined ? {} : { longest }),
  });
}

async function failureOf(work: Promise<unknown>): Promise<RequestError> {
  return await assertRejects(() => work, RequestError);
}

Deno.test("what a client for plans can ask only reads, by any name that it is given", async () => {
  await using server = serverDouble(() => json({}));
  using client = reading(server.uri);
  const known = { ...READING, ...CHANGING };
  assertEquals(Object.values(READING).filter(({ kind }) => kind !== "reading"), []);
  assertEquals(Object.values(CHANGING).filter(({ kind }) => kind !== "changing"), []);
  for (const name of [...Object.keys(known), "constructor", "runs/../delete", "__proto__"]) {
    await client.ask(name as keyof typeof READING, { model_id: "m-1" }).catch(() => {});
  }
  const paths = Object.values(READING).map(({ method, path }) =>
    `${method} ${path.replace("{model_id}", "m-1")}`
  );
  assertEquals(
    server.asked.map(({ method, path }) => `${method} ${path.replace(/\?.*/, "")}`),
    paths,
  );
});

Deno.test("parameters go into the path, the query or the body, and nowhere else", async () => {
  await using server = serverDouble(() => json({ ok: true }));
  using client = reading(`${server.uri}/behind/a/proxy/`);
  await client.ask("runs/get", { run_id: "a/b&c=d" });
  await client.ask("runs/search", { experiment_ids: ["1"], max_results: 5 });
  await client.ask("logged-models/get", { model_id: "../experiments/delete?x#" });
  await client.ask("traces/list", { experiment_ids: ["1", "2"] });
  await assertRejects(() => client.ask("logged-models/get", { model_id: ".." }), TypeError);
  assertEquals(server.asked.map(({ path, body }) => [path, body]), [
    ["/behind/a/proxy/api/2.0/mlflow/runs/get?run_id=a%2Fb%26c%3Dd", ""],
    ["/behind/a/proxy/api/2.0/mlflow/runs/search", '{"experiment_ids":["1"],"max_results":5}'],
    ["/behind/a/proxy/api/2.0/mlflow/logged-models/..%2Fexperiments%2Fdelete%3Fx%23", ""],
    ["/behind/a/proxy/api/2.0/mlflow/traces?experiment_ids=1&experiment_ids=2", ""],
  ]);
});

Deno.test("what reads is asked again after a pause where the server is busy, and no more than five times", async () => {
  let answers = [503, 429, 502];
  await using server = serverDouble(() => {
    const status = answers.shift();
    return status === undefined
      ? json({ runs: [] })
      : new Response("busy", { status, headers: status === 429 ? { "Retry-After": "7" } : {} });
  });
  const waits: number[] = [];
  using client = reading(server.uri, { waits });
  assertEquals(await client.ask("runs/search"), { runs: [] });
  assertEquals(waits.map((ms) => Math.floor(ms / 500)), [1, 14, 4]);
  answers = Array(9).fill(504);
  const error = await failureOf(client.ask("runs/search"));
  assertEquals([error.failure, error.status, server.asked.length], ["unanswered", 504, 4 + 5]);
});

Deno.test("what changes something is asked once, whatever comes of it", async () => {
  await using server = serverDouble(() => new Response("", { status: 503 }));
  using client = openClient(named(server.uri), {
    endpoints: { ...READING, ...CHANGING },
    environment: () => undefined,
    pause: () => Promise.reject(new Error("It waits")),
  });
  const error = await failureOf(client.ask("runs/delete", { run_id: "a" }));
  assertEquals([error.isUncertain, server.asked.length], [true, 1]);
  await using gone = rawDouble(null);
  using other = openClient(named(gone.uri), { endpoints: CHANGING, environment: () => undefined });
  assert((await failureOf(other.ask("runs/delete", { run_id: "a" }))).isUncertain);
});

Deno.test("an error of MLflow's tells its code, and that nothing was changed", async () => {
  await using server = serverDouble(() =>
    json({ error_code: "RESOURCE_DOES_NOT_EXIST", message: "Run \u001b[31m'a'\n not found" }, 404)
  );
  using client = reading(server.uri);
  const { failure, status, code, message, isUncertain } = await failureOf(
    client.ask("runs/get", { run_id: "a" }),
  );
  assertEquals({ failure, status, code, message, isUncertain }, {
    failure: "refused",
    status: 404,
    code: "RESOURCE_DOES_NOT_EXIST",
    message: "the server says RESOURCE_DOES_NOT_EXIST (404): Run \\x1b[31m'a' not found",
    isUncertain: false,
  });
});

Deno.test("what is no tracking server is told from one", async () => {
  const page = new Response("<!DOCTYPE html><title>Log in</title>", {
    headers: { "Content-Type": "text/html; charset=utf-8" },
  });
  const foreign: readonly [Response, RegExp][] = [
    [page, /is a web page/],
    [new Response("[1]"), /no JSON/],
    [new Response('{"runs": ['), /no JSON/],
    [new Response(new Uint8Array([0x7b, 0xff, 0xfe])), /no text/],
    [new Response("Not here", { status: 404 }), /\(404\) is no tracking server/],
  ];
  for (const [answer, expected] of foreign) {
    await using server = serverDouble(() => answer);
    using client = reading(server.uri);
    const { failure, message } = await failureOf(client.ask("runs/search"));
    assertEquals([failure, expected.test(message) || message], ["foreign", true]);
  }
});

Deno.test("a redirect is followed on the same server, and to no other one, nor for a change", async () => {
  await using other = serverDouble(() => json({}));
  await using server = serverDouble(({ path }) => {
    if (path.includes("experiments")) return Response.redirect(`${other.uri}/login?secret=1`, 302);
    return path.includes("moved")
      ? json({ runs: [] })
      : new Response(null, { status: 308, headers: { Location: "/moved" } });
  });
  const environment = { MLFLOW_TRACKING_TOKEN: "sesame" };
  using client = reading(server.uri, { environment });
  assertEquals(await client.ask("runs/search", { max_results: 1 }), { runs: [] });
  assertEquals(
    server.asked.map(({ method, path, body }) => [method, path.slice(-6), body]),
    [["POST", "search", '{"max_results":1}'], ["POST", "/moved", '{"max_results":1}']],
  );
  const { failure, message } = await failureOf(client.ask("experiments/search"));
  assertEquals(failure, "foreign");
  assert(message.includes(`sends on to ${other.uri}/login (302)`), message);
  assertEquals(other.asked, []);
  using changing = openClient(named(server.uri), {
    endpoints: CHANGING,
    environment: () => undefined,
  });
  const refused = await failureOf(changing.ask("runs/delete", { run_id: "a" }));
  assertEquals([refused.failure, refused.isUncertain], ["foreign", false]);
});

Deno.test("what answers by halves, in no HTTP, or not at all is told apart", async () => {
  const cases: readonly [string | Uint8Array | null, string, RegExp][] = [
    [
      "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",
      "unanswered",
      /hung up before its answer was whole$/,
    ],
    [null, "unanswered", /hung up before its answer was whole; where .* write https:\/\/$/],
    [new Uint8Array([21, 3, 3, 0, 2, 2, 70]), "foreign", /write https/],
  ];
  for (const [said, failure, words] of cases) {
    await using server = rawDouble(said);
    using client = reading(server.uri);
    const error = await failureOf(client.ask("runs/search"));
    assertEquals([error.failure, words.test(error.message) || error.message], [failure, true]);
  }
  await using open = rawDouble("HTTP/1.1 400 Bad Request\r\n\r\n");
  using secure = reading(open.uri.replace("http:", "https:"));
  const { failure, message } = await failureOf(secure.ask("runs/search"));
  assertEquals([failure, /does not speak TLS/.test(message) || message], ["untrusted", true]);
});

Deno.test("no such host and nobody listening end at once", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  for (
    const [uri, words] of [
      [`http://127.0.0.1:${port}`, /no server listens/],
      ["http://no-such-host.invalid", /no such host/],
    ] as const
  ) {
    const waits: number[] = [];
    using client = reading(uri, { waits });
    const { failure, message } = await failureOf(client.ask("version"));
    assertEquals([failure, words.test(message) || message, waits], ["unreachable", true, []]);
  }
});

Deno.test("a server that says nothing, or stops in the middle, is not waited for without end", async () => {
  const open = Promise.withResolvers<Response>();
  await using server = serverDouble(() => open.promise);
  using client = reading(server.uri, { environment: { MLFLOW_HTTP_REQUEST_TIMEOUT: "1" } });
  const { failure, message, isLate } = await failureOf(client.ask("runs/search"));
  assertEquals([failure, isLate], ["unanswered", true]);
  assert(/not answered for 1 s; MLFLOW_HTTP_REQUEST_TIMEOUT/.test(message), message);
  assertEquals(server.asked.length, 1);
  const aborted = AbortSignal.abort();
  await assertRejects(() => client.ask("version", {}, { signal: aborted }), DOMException);
  open.resolve(new Response(""));
});

Deno.test("an answer of which something comes now and then, and never its end, is not waited for without end", async () => {
  await using server = serverDouble(() => {
    let timer: ReturnType<typeof setInterval> | undefined;
    const drip = new ReadableStream({
      start(controller) {
        timer = setInterval(() => controller.enqueue(new Uint8Array([32])), 5);
      },
      cancel: () => clearInterval(timer),
    });
    return new Response(drip);
  });
  using client = reading(server.uri, { environment: { MLFLOW_HTTP_REQUEST_TIMEOUT: "0.5" } });
  const { failure, message, isLate } = await failureOf(client.ask("runs/search"));
  assertEquals([failure, isLate], ["unanswered", true]);
  assert(/not come to its end in 5 s, .*MLFLOW_HTTP_REQUEST_TIMEOUT/.test(message), message);
  assertEquals(server.asked.length, 1);
});

Deno.test("an answer that is too long is not read to its end", async () => {
  await using server = serverDouble(() => json({ runs: "x".repeat(5000) }));
  using client = reading(server.uri, { longest: 1000 });
  const { message } = await failureOf(client.ask("runs/search"));
  assert(/more than 1000 bytes|more than 1000 B|more than/.test(message), message);
});

Deno.test("what no header or certificate can hold is refused before anything is sent", () => {
  const uri = "http://localhost:1";
  const wrong: readonly [Record<string, string>, RegExp][] = [
    [{ MLFLOW_HTTP_REQUEST_TIMEOUT: "soon" }, /MLFLOW_HTTP_REQUEST_TIMEOUT is no time/],
    [{ MLFLOW_TRACKING_AWS_SIGV4: "true" }, /MLFLOW_TRACKING_AWS_SIGV4 is set/],
    [{ MLFLOW_TRACKING_TOKEN: "sEcReT\nx" }, /^MLFLOW_TRACKING_TOKEN has a line break in it/],
    [{ MLFLOW_TRACKING_TOKEN: "sEcReT\r\n" }, /^MLFLOW_TRACKING_TOKEN has a line break in it/],
    [{ MLFLOW_TRACKING_TOKEN: "sEcReT\0" }, /^MLFLOW_TRACKING_TOKEN has a control character/],
    [{ MLFLOW_TRACKING_TOKEN: "sEcReT토큰" }, /^MLFLOW_TRACKING_TOKEN has a character beyond/],
    [{ MLFLOW_TRACKING_SERVER_CERT_PATH: "/no/such/file" }, /SERVER_CERT_PATH cannot be read/],
  ];
  for (const [environment, words] of wrong) {
    const { message } = assertThrows(() => reading(uri, { environment }), RequestError);
    assert(words.test(message) && !message.includes("sEcReT"), message);
  }
});

Deno.test("what credentials can hold goes to the server, whatever it is", async () => {
  await using server = serverDouble(() => json({ runs: [] }));
  const login = { MLFLOW_TRACKING_USERNAME: "k\nm", MLFLOW_TRACKING_PASSWORD: "비\0밀" };
  for (const environment of [login, { MLFLOW_TRACKING_TOKEN: "two\twords é " }]) {
    using client = reading(server.uri, { environment });
    await client.ask("runs/search", {});
  }
  const [first = "", second] = server.asked.map(({ headers }) => headers.get("Authorization"));
  const bytes = Uint8Array.fromBase64(first!.slice("Basic ".length));
  assertEquals(new TextDecoder().decode(bytes), "k\nm:비\0밀");
  assertEquals(second, "Bearer two\twords é");
});

Deno.test("what no host can be called is said to be none", () => {
  for (const host of ["999.999.999.999:5000", "[:::]:5000", "exa%mple:1", "a|b:1", "exa<mple"]) {
    assertThrows(() => reading(`http://${host}`), RequestError, "no host is called so; expected");
  }
});

Deno.test("a certificate counts that is valid, of this host, and vouched for by who is named", async () => {
  const place = (name: string) =>
    fromFileUrl(new URL(`../../../testdata/tls/${name}`, import.meta.url));
  const tell = (name: string) => Deno.readTextFileSync(place(name));
  const trust = { MLFLOW_TRACKING_SERVER_CERT_PATH: place("authority.pem") };
  const cases: readonly (readonly [string, Record<string, string>, RegExp | null])[] = [
    ["server", trust, null],
    ["server", {}, /nobody that is trusted here vouches .* MLFLOW_TRACKING_SERVER_CERT_PATH/],
    [
      "server",
      { MLFLOW_TRACKING_INSECURE_TLS: "true" },
      /INSECURE_TLS cannot .* type `export MLTIDY_GRANT=--unsafely-ignore-certificate-errors=127.0.0.1`$/,
    ],
    ["other", trust, /that of another host/],
    ["expired", trust, /has expired/],
    ["self_signed", trust, /vouches for itself/],
  ];
  for (const [name, environment, says] of cases) {
    const key = tell(`${name === "self_signed" ? "server" : name}.key`);
    await using server = serverDouble(() => json({ runs: [] }), { cert: tell(`${name}.pem`), key });
    using client = reading(server.uri, { environment });
    if (says === null) {
      assertEquals(await client.ask("runs/search"), { runs: [] });
      continue;
    }
    const { failure, message } = await failureOf(client.ask("runs/search"));
    assertEquals([failure, says.test(message) || message], ["untrusted", true]);
    assertEquals(server.asked, []);
  }
});
