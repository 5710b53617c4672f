import { assert, assertEquals } from "@std/assert";
import { emailParts } from "../../../lib/notify/email_parts.ts";
import { sendEmail } from "../../../tasks/_notify/email.ts";
import { freePort } from "../../_support/free_port.ts";

const LIMITS = { attempt: 20_000, attempts: 2, whole: 60_000, longestWait: 50, pause: 1 };

const PARTS = emailParts({
  ...{ title: "t", mood: "good", facts: [], lines: [], undo: null, link: null },
});

/** A host that says one thing to whoever comes, and nothing more. */
function startTeller(
  said: string,
): Disposable & { readonly port: number; readonly heard: string[] } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open: Deno.TcpConn[] = [];
  const heard: string[] = [];
  (async () => {
    for await (const connection of listener) {
      open.push(connection);
      const buffer = new Uint8Array(4096);
      // Whoever has given up meanwhile hears nothing, and says nothing.
      connection.write(new TextEncoder().encode(said)).then(() => connection.read(buffer)).then(
        (size) => heard.push(new TextDecoder().decode(buffer.subarray(0, size ?? 0))),
        () => {},
      );
    }
  })();
  return {
    port: listener.addr.port,
    heard,
    [Symbol.dispose]() {
      listener.close();
      for (const connection of open) connection.close();
    },
  };
}

function send(port: number, attempt = LIMITS.attempt) {
  const email = {
    ...{ to: ["a@example.org"], from: "b@example.org", server: "127.0.0.1", port },
    ...{ user: "kim", password: { env: "MLTIDY_PW" }, ca: null },
  };
  return sendEmail(email, PARTS, { limits: { ...LIMITS, attempt }, password: "hunter2-hunter2" });
}

Deno.test("sendEmail() gives up on a server that says nothing, or no more, and tries once more", async () => {
  for (const said of ["", "220 mail.example.org ESMTP\r\n"]) {
    using server = startTeller(said);
    assertEquals(await send(server.port, 100), { attempts: 2, problem: "no answer within 100 ms" });
  }
});

Deno.test("sendEmail() tells no password to what speaks no SMTP, or turns everybody away", async () => {
  for (
    const [said, attempts] of [["HTTP/1.1 400 Bad\r\n\r\n", 2], ["554 go away\r\n", 1]] as const
  ) {
    using server = startTeller(said);
    const { problem, ...delivered } = await send(server.port);
    assertEquals(delivered, { attempts }, problem ?? "");
    assert(problem !== null && !server.heard.join("").includes("hunter2"));
  }
});

Deno.test("sendEmail() says that nobody listens", async () => {
  const { attempts, problem } = await send(freePort());
  assert(attempts === 2 && problem?.includes("ECONNREFUSED"), problem ?? "");
});
