import { assert, assertEquals } from "@std/assert";
import type { Message } from "../../../lib/notify/message.ts";
import { utf8Length } from "../../../lib/text/utf8.ts";
import { NOTHING_TOLD } from "../../../lib/notify/told.ts";
import { WEBHOOK_LIMITS, webhookBody } from "../../../lib/notify/webhook_bodies.ts";

const TOLD = { ...NOTHING_TOLD, task: "prune", store: "/data", exitCode: 4, complete: false };

const MESSAGE: Message = {
  title: "mltidy *prune* failed @everyone",
  mood: "bad",
  facts: [["Store", "/data/[x](y)"]],
  lines: ["Failed: ```purge``` @everyone"],
  undo: "deno task restore x",
  link: "https://ci.example.org/",
};

const LONG: Message = {
  ...MESSAGE,
  title: "정".repeat(5_000),
  facts: Array.from({ length: 12 }, () => ["Fact", "정".repeat(500)] as const),
  lines: Array.from({ length: 20 }, () => "정".repeat(5_000)),
};

Deno.test("webhookBody() gives programs the numbers and people the words, as JSON", () => {
  const { headers, text } = webhookBody("report", MESSAGE, TOLD);
  assertEquals(headers, { "content-type": "application/json" });
  assertEquals(JSON.parse(text), {
    schema: "mltidy/notification/v1",
    task: "prune",
    store: "/data",
    startedAt: null,
    finishedAt: null,
    exitCode: 4,
    events: ["failure"],
    mood: "bad",
    title: MESSAGE.title,
    facts: { Store: "/data/[x](y)" },
    lines: MESSAGE.lines,
    undo: MESSAGE.undo,
    link: MESSAGE.link,
    runs: null,
    bytes: null,
    later: null,
    pending: 0,
    totals: { applied: 0, skipped: 0, failed: 0, notRun: 0 },
    backup: null,
  });
});

Deno.test("webhookBody() mentions nobody on Discord, formats nothing, and is not too long for it", () => {
  const { content, allowed_mentions } = JSON.parse(webhookBody("discord", MESSAGE, TOLD).text);
  assertEquals(allowed_mentions, { parse: [] });
  assert(content.startsWith("❌ **mltidy \\*prune\\* failed @everyone**\n```\nStore: "), content);
  assertEquals(content.match(/```/g).length, 2);
  const long = JSON.parse(webhookBody("discord", LONG, TOLD).text).content;
  assert(long.length <= WEBHOOK_LIMITS.discord && long.endsWith("…\n```"));
});

Deno.test("webhookBody() makes a card for Teams that is not too large", () => {
  const read = (message: Message) => {
    const { text } = webhookBody("teams", message, TOLD);
    assert(utf8Length(text) <= WEBHOOK_LIMITS.teams);
    const { type, attachments: [{ contentType, content }] } = JSON.parse(text);
    assertEquals([type, contentType], ["message", "application/vnd.microsoft.card.adaptive"]);
    return content;
  };
  const { body, actions } = read(MESSAGE);
  assertEquals(body[0].text, "mltidy \\*prune\\* failed @everyone");
  assertEquals(body[1].facts, [{ title: "Store", value: "/data/\\[x\\]\\(y\\)" }]);
  assertEquals(actions, [{ type: "Action.OpenUrl", title: "Report", url: MESSAGE.link }]);
  read(LONG);
});

Deno.test("webhookBody() speaks to ntfy in ASCII but for the text, which is not too long", () => {
  const { headers, text } = webhookBody("ntfy", MESSAGE, TOLD);
  assertEquals(headers, {
    "content-type": "text/plain; charset=utf-8",
    tags: "x",
    priority: "high",
    click: "https://ci.example.org/",
  });
  assert(text.startsWith(`${MESSAGE.title}\n\nStore: `));
  const long = webhookBody("ntfy", { ...LONG, link: "https://ci.example.org/정" }, TOLD);
  assert(utf8Length(long.text) <= WEBHOOK_LIMITS.ntfy);
  assert(!("click" in long.headers));
});
