import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Message } from "../../lib/notify/message.ts";
import { outgoingOf } from "../../lib/notify/outgoing.ts";
import { NOTHING_TOLD } from "../../lib/notify/told.ts";
import { readConfig } from "../../lib/policy/config.ts";
import { notify, showOutgoing } from "../../tasks/notify.ts";
import { freePort } from "../_support/free_port.ts";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { type Answer, startWebhookDouble } from "../_support/webhook_double.ts";

const LIMITS = { attempt: 50, attempts: 1, whole: 1_000, longestWait: 50, pause: 1 };

const MESSAGE: Message = {
  ...{ title: "mltidy cleanup: 2 purged", mood: "good", lines: [], undo: null, link: null },
  facts: [["Store", "/data/mlruns"]],
};

/** All channels, each with a secret of its own. */
function configTo(server: string, port: number) {
  return readConfig(
    `
notify:
  on: always
  email: { to: a@b.example, from: c@d.example, server: ${server}, port: ${port}, user: kim, password: { env: MLTIDY_PW } }
  slack: { url: { env: MLTIDY_SLACK } }
  webhook: { url: { env: MLTIDY_HOOK }, format: discord }
  ping: { url: { file: ping } }
`,
    "mltidy.yaml",
  ).notify;
}

const TOLD = { ...NOTHING_TOLD, exitCode: 0, pending: 1 };

const SECRET = /hunter2/;

Deno.test("notify() tells every channel its own, all at once", async () => {
  await using directory = await memoryDirectory();
  using slack = startWebhookDouble({ status: 200 });
  using hook = startWebhookDouble({ status: 204 });
  using ping = startWebhookDouble({ status: 200 });
  await Deno.writeTextFile(join(directory.path, "ping"), `http://${ping.host}/uuid\n`);
  const config = { ...configTo("127.0.0.1", 1), email: null };
  const environment: Readonly<Record<string, string>> = {
    MLTIDY_SLACK: `http://${slack.host}/services/T0`,
    MLTIDY_HOOK: `http://${hook.host}/api/webhooks/1`,
  };
  const notified = await notify(outgoingOf(TOLD, MESSAGE, config), {
    environment: (name) => environment[name],
    directory: directory.path,
    now: () => 0,
  });
  assertEquals(
    notified,
    (["slack", "webhook", "ping"] as const).map((channel) => ({
      channel,
      attempts: 1,
      problem: null,
    })),
  );
  const received = [slack, hook, ping].flatMap((host) => host.received);
  assertEquals(received.map(({ line }) => line), [
    "POST /services/T0 HTTP/1.1",
    "POST /api/webhooks/1 HTTP/1.1",
    "POST /uuid/0 HTTP/1.1",
  ]);
  const [blocks, content, text] = received.map(({ body }) => body);
  assertEquals(JSON.parse(blocks!).text, "✅ mltidy cleanup: 2 purged");
  assert(JSON.parse(content!).content.includes("Store: /data/mlruns"));
  assertEquals(text, "mltidy cleanup: 2 purged\n\nStore: /data/mlruns\n");
});

/** What a host says that repeats what it was asked for, as some do. */
const ECHO: Answer = {
  status: 404,
  body: '{"path":"/hunter2-path?token=hunter2-query","user":"kim:hunter2-user"}',
};

/** The same so late that what is shown of it ends within. */
const LATE_ECHOES: readonly Answer[] = [190, 275].map((length) => ({
  status: 404,
  body: `${"x".repeat(length)}/hunter2-path?token=hunter2-query`,
}));

Deno.test("notify() tells no secret of any channel, however it fails", async () => {
  await using directory = await memoryDirectory();
  const kinds: readonly (Answer | "refused" | "unknown" | "nonsense" | "unset")[] = [
    ...["never", "cut", "half", "garbage"] as const,
    ...[302, 404, 410, 429, 500].map((status) => ({ status })),
    ...LATE_ECHOES,
    ...[ECHO, "refused", "unknown", "nonsense", "unset"] as const,
  ];
  for (const kind of kinds) {
    using double = startWebhookDouble(typeof kind === "object" ? kind : answerOf(kind));
    const host = kind === "refused"
      ? `127.0.0.1:${freePort()}`
      : kind === "unknown"
      ? "host.invalid"
      : double.host;
    const [server = "", port = "587"] = host.split(":");
    const tail = kind === "nonsense" ? " :hunter2" : "";
    const url = `http://kim:hunter2-user@${host}${tail}/hunter2-path?token=hunter2-query`;
    await Deno.writeTextFile(join(directory.path, "ping"), kind === "unset" ? "" : url);
    const notified = await notify(outgoingOf(TOLD, MESSAGE, configTo(server, Number(port))), {
      environment: (name) =>
        kind === "unset" ? undefined : name === "MLTIDY_PW" ? "hunter2-password" : url,
      directory: directory.path,
      now: () => 0,
      limits: LIMITS,
    });
    assertEquals(notified.map(({ channel }) => channel), ["email", "slack", "webhook", "ping"]);
    for (const { channel, problem } of notified) {
      assert(problem !== null && problem !== "", `${channel} ${JSON.stringify(kind)}`);
      assert(!SECRET.test(problem), `${channel} ${JSON.stringify(kind)}: ${problem}`);
    }
  }
});

function answerOf(kind: string): Answer {
  return kind === "never" || kind === "cut" || kind === "half" || kind === "garbage"
    ? kind
    : { status: 200 };
}

Deno.test("showOutgoing() shows what would be sent, and the names of secrets alone", () => {
  const config = configTo("smtp.example.org", 587);
  const [email = "", slack = "", webhook = "", ping = ""] = outgoingOf(TOLD, MESSAGE, config)
    .map(showOutgoing);
  assertEquals(
    email,
    "email by smtp.example.org:587, as kim\nFrom: c@d.example\nTo: a@b.example\nSubject: mltidy cleanup: 2 purged\n\nmltidy cleanup: 2 purged\n\nStore: /data/mlruns\n",
  );
  assert(slack.startsWith("slack: POST $MLTIDY_SLACK\ncontent-type: application/json\n\n{\n"));
  assert(webhook.startsWith("webhook: POST $MLTIDY_HOOK\n"));
  assertEquals(
    ping,
    "ping: POST [ping]/0\ncontent-type: text/plain; charset=utf-8\n\nmltidy cleanup: 2 purged\n\nStore: /data/mlruns\n",
  );
});
