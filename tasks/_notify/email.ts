/**
 * Sending a mail: by a server that is told who it is, over TLS unless it is this machine.
 *
 * @module
 */

import type { EmailParts } from "../../lib/notify/email_parts.ts";
import type { AttemptLimits } from "../../lib/notify/next_attempt.ts";
import type { EmailConfig } from "../../lib/policy/notify_rows.ts";
import {
  causesText,
  type Delivered,
  notGrantedText,
  silenceText,
  type Tried,
  tryToDeliver,
} from "./attempt.ts";

/** How to send it. */
export interface EmailOptions {
  readonly limits: AttemptLimits;
  /** The password of the user; `null` where nobody logs in. */
  readonly password: string | null;
  /** Certificates, as PEM, that are trusted in place of those of this machine. @default {these} */
  readonly trusted?: string | null;
  /** Whether the server speaks TLS from the start. @default {that is what port 465 is for} */
  readonly isSecure?: boolean;
}

/**
 * Sends one mail to all recipients. Needs net permission for the server's host and port, and no other one.
 *
 * @param email To whom, from whom, by which server.
 * @param parts What it says.
 * @param options How.
 * @returns What came of it.
 */
export async function sendEmail(
  email: EmailConfig,
  parts: EmailParts,
  { limits, password, trusted = null, isSecure = email.port === IMPLICIT_TLS }: EmailOptions,
): Promise<Delivered> {
  const { createTransport } = await import("nodemailer");
  const { connect } = await import("node:net");
  const { to, from, server, port, user } = email;
  // Whoever may listen to what does not leave this machine may read its mail, too.
  const isOpen = LOOPBACK.test(server) && user === null;
  // The same for every attempt: whoever got it twice is shown it once.
  const messageId = `<${crypto.randomUUID()}@mltidy>`;

  const attempt = async (ms: number): Promise<Tried> => {
    // Its own look-up of names would need rights for names without ports, and for addresses.
    const socket = connect({ host: server, port });
    // One bound for all of it: those of the library end in other words, whichever comes first.
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(silenceText(ms))), ms);
    const transport = createTransport({
      host: server,
      port,
      secure: isSecure,
      requireTLS: !isSecure && !isOpen,
      // How it calls itself; that of this machine needs a right of its own.
      name: "mltidy.localhost",
      ...(user === null || password === null ? {} : { auth: { user, pass: password } }),
      tls: {
        servername: server,
        ...(isOpen ? { rejectUnauthorized: false } : {}),
        ...(trusted === null ? {} : { ca: trusted }),
      },
      ...{ disableFileAccess: true, disableUrlAccess: true },
      getSocket: (_, callback) => {
        socket.once("connect", () => callback(null, { connection: socket }));
        socket.once("error", (error) => callback(error));
      },
    });
    try {
      const sent = transport.sendMail({
        from,
        to: [...to],
        ...parts,
        messageId,
        headers: { "Auto-Submitted": "auto-generated" },
      });
      const { rejected = [] } = await Promise.race([sent, late.promise]);
      return {
        problem: rejected.length === 0
          ? null
          : `the server refused ${rejected.length} of ${to.length} recipients`,
      };
    } catch (error) {
      return failureOf(error, `${server}:${port}`);
    } finally {
      clearTimeout(timer);
      transport.close();
      socket.destroy();
    }
  };
  return await tryToDeliver(attempt, limits);
}

const IMPLICIT_TLS = 465;
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/;

/** What a server refuses for good has a code of 500 or more; what is wrong with TLS or a name stays so. */
function failureOf(error: unknown, host: string): Tried {
  const { code = "", responseCode = 0 } = error as {
    readonly code?: string;
    readonly responseCode?: number;
  };
  const problem = causesText(error);
  // So says Node's socket that Deno does not let it look a name up, or connect.
  if (/^(?:getaddrinfo|connect) EPERM\b|^Requires \w+ access/.test(problem)) {
    return { problem: notGrantedText(host) };
  }
  const isFinal = responseCode >= 500 || /certificate/.test(problem) ||
    responseCode === 0 && ["EAUTH", "ETLS", "EENVELOPE", "EMESSAGE"].includes(code);
  return { problem, isPassing: !isFinal };
}
