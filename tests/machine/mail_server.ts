/**
 * A real mail server, of the author of what sends the mail: with TLS and a login, on a free port of this machine.
 *
 * @module
 */

import { SMTPServer } from "npm:smtp-server@3.21.6";

/** How the server is. */
export interface MailServerOptions {
  /** Whether it speaks TLS from the start. @default {false} */
  readonly secure?: boolean;
  /** Whether it offers STARTTLS. @default {true} */
  readonly startTls?: boolean;
  /** What it takes of a recipient; a number is the code with which it refuses. @default {all} */
  readonly refuse?: (address: string) => number | null;
}

/** A mail that arrived. */
export interface Arrived {
  readonly from: string;
  readonly to: readonly string[];
  /** Who logged in; `null` for nobody. */
  readonly user: string | null;
  readonly secure: boolean;
  /** All bytes, as they were sent, without the dots of SMTP. */
  readonly text: string;
}

/** A server that runs. */
export interface MailServer extends AsyncDisposable {
  readonly port: number;
  /** What is to be trusted, as PEM. */
  readonly certificate: string;
  readonly arrived: readonly Arrived[];
  /** Every password that it was told. */
  readonly passwords: readonly string[];
}

/** What opens the server. */
export const LOGIN = { user: "mltidy", password: "pässword-7f3c" } as const;

/**
 * Starts a mail server.
 *
 * @param options How it is.
 * @returns It; ends when it is disposed of.
 */
export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const { secure = false, startTls = true, refuse = () => null } = options;
  const { key, certificate } = await keyPair();
  const arrived: Arrived[] = [];
  const passwords: string[] = [];
  const server = new SMTPServer({
    secure,
    key,
    cert: certificate,
    authOptional: true,
    hideSTARTTLS: !startTls,
    // Over a connection that is open to everybody, it would take a password all the same.
    allowInsecureAuth: true,
    logger: false,
    onAuth(auth, _, callback) {
      passwords.push(auth.password ?? "");
      const isRight = auth.username === LOGIN.user && auth.password === LOGIN.password;
      if (isRight) return callback(null, { user: LOGIN.user });
      callback(new Error("535 wrong password"));
    },
    onRcptTo({ address }, _, callback) {
      const code = refuse(address);
      if (code === null) return callback();
      callback(Object.assign(new Error("no such mailbox"), { responseCode: code }));
    },
    onData(stream, session, callback) {
      const chunks: Uint8Array[] = [];
      stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      stream.on("end", async () => {
        const { mailFrom, rcptTo } = session.envelope;
        arrived.push({
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          user: typeof session.user === "string" ? session.user : null,
          secure: session.secure,
          text: await new Blob(chunks as BlobPart[]).text(),
        });
        callback();
      });
    },
  });
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.server.address() as { readonly port: number };
  return {
    port,
    certificate,
    arrived,
    passwords,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

let made: Promise<{ readonly key: string; readonly certificate: string }> | undefined;

/** One pair serves all servers of a process. */
function keyPair(): NonNullable<typeof made> {
  return made ??= (async () => {
    const directory = await Deno.makeTempDir();
    try {
      const [keyFile, certificateFile] = [`${directory}/key.pem`, `${directory}/cert.pem`];
      const { success, stderr } = await new Deno.Command("openssl", {
        args: [
          ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
          ...["-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", keyFile],
          ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", certificateFile],
        ],
      }).output();
      if (!success) throw new Error(new TextDecoder().decode(stderr));
      return {
        key: await Deno.readTextFile(keyFile),
        certificate: await Deno.readTextFile(certificateFile),
      };
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  })();
}
