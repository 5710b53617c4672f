import { assertEquals } from "@std/assert";
import { ATTEMPT_LIMITS } from "../../../lib/notify/next_attempt.ts";
import { post } from "../../../tasks/_notify/post.ts";
import { type Answer, startWebhookDouble } from "../../_support/webhook_double.ts";

const LIMITS = { attempt: 20_000, attempts: 3, whole: 60_000, longestWait: 50, pause: 1 };

/** Whoever is answered must not be given up on a busy machine, and whoever is not is not to be waited for. */
function limitsFor(answers: readonly Answer[]): typeof LIMITS {
  if (answers.every((answer) => answer === "never")) return { ...LIMITS, attempt: 100 };
  const waits = answers.some((answer) => answer === "never" || answer === "half");
  return waits ? { ...LIMITS, attempt: 1_500 } : LIMITS;
}

async function postTo(...answers: readonly Answer[]) {
  const limits = limitsFor(answers);
  using host = startWebhookDouble(...answers);
  const delivered = await post({
    url: `http://${host.host}/hook?x=1`,
    headers: { "content-type": "application/json" },
    text: '{"title":"정리"}',
  }, { limits, now: () => 0 });
  return { ...delivered, received: host.received };
}

Deno.test("post() sends the bytes as they are, once, to a host that takes them", async () => {
  const { received, ...delivered } = await postTo({ status: 204 });
  assertEquals(delivered, { attempts: 1, problem: null });
  assertEquals(received.map(({ line, body, headers }) => [line, body, headers["content-type"]]), [
    ["POST /hook?x=1 HTTP/1.1", '{"title":"정리"}', "application/json"],
  ]);
});

Deno.test("post() takes user and password of an address as they stand there, encoded as a URI is or not", async () => {
  using host = startWebhookDouble({ status: 204 });
  const url = `http://k%20m:100%zz@${host.host}/hook`;
  await post({ url, headers: {}, text: "" }, { limits: LIMITS, now: () => 0 });
  const [{ headers }] = host.received as unknown as [{ headers: Record<string, string> }];
  assertEquals(headers["authorization"], `Basic ${btoa("k m:100%zz")}`);
});

Deno.test("post() tries again what passes, as often as it may, and nothing else", async () => {
  const table: readonly (readonly [answers: Answer[], attempts: number, problem: string | null])[] =
    [
      [[{ status: 500 }, { status: 503 }, { status: 200 }], 3, null],
      [[{ status: 500 }], 3, "it answered 500: said"],
      [[{ status: 429, headers: { "retry-after": "0" } }, { status: 200 }], 2, null],
      // Longer than anybody waits.
      [
        [{ status: 429, headers: { "retry-after": "90" } }, { status: 200 }],
        1,
        "it answered 429: said",
      ],
      [[{ status: 404 }, { status: 200 }], 1, "it answered 404: said"],
      [[{ status: 410 }, { status: 200 }], 1, "it answered 410: said"],
      [["never", { status: 200 }], 2, null],
      [["garbage", { status: 200 }], 2, null],
      [["cut", { status: 200 }], 2, null],
      // That it was refused is said before what it says of it is cut off.
      [["half", { status: 200 }], 1, "it answered 400: invalid_blo"],
    ];
  const done = await Promise.all(table.map(([answers]) => postTo(...answers)));
  assertEquals(
    done.map(({ attempts, problem }) => [attempts, problem]),
    table.map(([, attempts, problem]) => [attempts, problem]),
  );
});

Deno.test("post() says that nobody answered, after as long as it may wait", async () => {
  const { attempts, problem } = await postTo("never");
  assertEquals([attempts, problem], [3, "no answer within 100 ms"]);
});

Deno.test("post() follows no redirect: what it sends is for one host alone", async () => {
  using other = startWebhookDouble();
  for (const status of [301, 302, 307, 308]) {
    const headers = { location: `http://${other.host}/` };
    const { attempts, problem } = await postTo({ status, headers });
    assertEquals([attempts, problem], [
      1,
      `it answered ${status}, and redirects are not followed`,
    ]);
  }
  assertEquals(other.received, []);
});

Deno.test("post() tells the user and the password of an address in a header", async () => {
  using host = startWebhookDouble();
  const url = `http://kim:p%40ss@${host.host}/topic`;
  await post({ url, headers: {}, text: "" }, { limits: LIMITS, now: () => 0 });
  assertEquals(host.received.map(({ line, headers }) => [line, headers["authorization"]]), [
    ["POST /topic HTTP/1.1", `Basic ${btoa("kim:p@ss")}`],
  ]);
});

Deno.test("post() refuses what is no address of the web", async () => {
  for (const url of ["", "hooks.example.org/x", "file:///etc/passwd", "ftp://example.org/"]) {
    assertEquals(await post({ url, headers: {}, text: "" }, { limits: LIMITS, now: () => 0 }), {
      attempts: 0,
      problem: "the address is none of http:// or https://",
    });
  }
});

Deno.test("post() waits 10 s for an answer, and tries three times in a minute, unless it is told otherwise", () => {
  assertEquals(ATTEMPT_LIMITS, {
    attempt: 10_000,
    attempts: 3,
    whole: 60_000,
    longestWait: 30_000,
    pause: 1_000,
  });
});
