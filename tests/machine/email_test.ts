import { assert, assertEquals, assertMatch } from "@std/assert";
import type { EmailConfig } from "../../lib/policy/notify_rows.ts";
import { emailParts } from "../../lib/notify/email_parts.ts";
import { sendEmail } from "../../tasks/_notify/email.ts";
import { LOGIN, type MailServer, startMailServer } from "./mail_server.ts";

const LIMITS = { attempt: 20_000, attempts: 3, whole: 60_000, longestWait: 50, pause: 10 };

const PARTS = emailParts({
  title: "mltidy cleanup: 143 실행 정리됨",
  mood: "good",
  facts: [["Store", "/data/<mlruns>"]],
  // What SMTP ends a mail with, as a line of its own.
  lines: [".", "..", "Skipped: purge-run: no longer there"],
  undo: "deno task restore 20261130T033000Z-cleanup",
  link: null,
});

function emailTo({ port }: MailServer, more: Partial<EmailConfig> = {}): EmailConfig {
  return {
    to: ["kim@example.org", "lee@example.org"],
    from: "mltidy@example.org",
    server: "localhost",
    port,
    user: LOGIN.user,
    password: { env: "MLTIDY_SMTP_PASSWORD" },
    ca: null,
    ...more,
  };
}

function decoded(part: string): string {
  return new TextDecoder().decode(
    part.includes("base64")
      ? Uint8Array.fromBase64(part.split("\r\n\r\n")[1]!.replace(/\s/g, ""))
      : quotedPrintable(part.slice(part.indexOf("\r\n\r\n") + 4)),
  );
}

function quotedPrintable(text: string): Uint8Array<ArrayBuffer> {
  const bytes = [...text.replace(/=\r\n/g, "").matchAll(/=([0-9A-F]{2})|[^]/g)];
  return Uint8Array.from(bytes, ([one, hex]) => hex ? parseInt(hex, 16) : one.charCodeAt(0));
}

Deno.test("sendEmail() logs in once the connection is secret, and sends one mail to all, as text and as HTML", async () => {
  await using server = await startMailServer();
  const delivered = await sendEmail(emailTo(server), PARTS, {
    limits: LIMITS,
    password: LOGIN.password,
    trusted: server.certificate,
  });
  assertEquals(delivered, { attempts: 1, problem: null });
  const [mail] = server.arrived;
  assert(mail !== undefined && server.arrived.length === 1);
  assertEquals(
    [mail.from, mail.to, mail.user, mail.secure],
    ["mltidy@example.org", ["kim@example.org", "lee@example.org"], LOGIN.user, true],
  );
  assertMatch(mail.text, /^To: kim@example\.org, lee@example\.org\r$/m);
  assertMatch(mail.text, /^Auto-Submitted: auto-generated\r$/m);
  assertMatch(mail.text, /^Message-ID: <[\w-]+@mltidy>\r$/m);
  assertMatch(mail.text, /^Subject: =\?UTF-8\?[QB]\?/m);
  const [, boundary = ""] = /boundary="([^"]+)"/.exec(mail.text) ?? [];
  const [, text = "", html = ""] = mail.text.split(`--${boundary}`);
  assertEquals(decoded(text).replaceAll("\r\n", "\n").trimEnd(), PARTS.text.trimEnd());
  assertEquals(decoded(html).replaceAll("\r\n", "\n").trimEnd(), PARTS.html.trimEnd());
});

Deno.test("sendEmail() tells no password to a server that does not make the connection secret, nor to one that nobody vouches for", async () => {
  await using open = await startMailServer({ startTls: false });
  await using unknown = await startMailServer();
  for (const server of [open, unknown]) {
    const { problem } = await sendEmail(emailTo(server), PARTS, {
      limits: LIMITS,
      password: LOGIN.password,
    });
    assert(problem !== null);
    assertEquals([server.passwords, server.arrived], [[], []]);
  }
});

Deno.test("sendEmail() logs in as nobody to a server of this machine that knows no TLS", async () => {
  await using server = await startMailServer({ startTls: false });
  const email = emailTo(server, { user: null, password: null });
  assertEquals(await sendEmail(email, PARTS, { limits: LIMITS, password: null }), {
    attempts: 1,
    problem: null,
  });
  assertEquals(server.arrived.map(({ user, secure }) => [user, secure]), [[null, false]]);
});

Deno.test("sendEmail() tries once more what passes, and not what stays", async () => {
  let asked = 0;
  await using busy = await startMailServer({ refuse: () => asked++ < 2 ? 451 : null });
  await using strict = await startMailServer({ refuse: () => 550 });
  await using half = await startMailServer({
    refuse: (address) => address.startsWith("lee") ? 550 : null,
  });
  const send = (server: MailServer, password: string = LOGIN.password) =>
    sendEmail(emailTo(server), PARTS, { limits: LIMITS, password, trusted: server.certificate });
  assertEquals(await send(busy), { attempts: 2, problem: null });
  assertEquals((await send(strict)).attempts, 1);
  assertEquals(await send(half), { attempts: 1, problem: "the server refused 1 of 2 recipients" });
  const wrong = await send(strict, "hunter2-hunter2");
  assertEquals(wrong.attempts, 1);
  assert(!wrong.problem?.includes("hunter2"), wrong.problem ?? "");
});

Deno.test("sendEmail() speaks TLS from the start where that is what the port is for", async () => {
  await using server = await startMailServer({ secure: true });
  const { problem } = await sendEmail(emailTo(server), PARTS, {
    limits: LIMITS,
    password: LOGIN.password,
    trusted: server.certificate,
    isSecure: true,
  });
  assertEquals(problem, null);
  assertEquals(server.arrived.map(({ secure, user }) => [secure, user]), [[true, LOGIN.user]]);
});
