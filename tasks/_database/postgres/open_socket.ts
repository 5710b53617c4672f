/**
 * Reaching a server of PostgreSQL, in the open or by TLS, as libpq has it by `sslmode`.
 *
 * @module
 */

import { createConnection, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { errorMessage } from "../../../lib/errors.ts";
import type { PostgresAddress } from "../../../lib/store/store_uri.ts";
import { MOST, readTextFile } from "../../_io/read.ts";

/** How to reach a server: in the open, or by TLS with what is checked of its certificate. */
export type Way = "plain" | "any" | "ca" | "full";

/** By `sslmode`: the ways to try, one after the other, as long as the server does not take one. */
const WAYS: Readonly<Record<string, readonly Way[]>> = {
  disable: ["plain"],
  allow: ["plain", "any"],
  prefer: ["any", "plain"],
  require: ["any"],
  "verify-ca": ["ca"],
  "verify-full": ["full"],
};

/** What is wrong with what was asked of TLS. */
export class TlsError extends Error {}

/** How to reach a server by TLS. */
export interface TlsTerms {
  readonly ways: readonly Way[];
  /** Path of the certificates by which that of the server is checked; `null`: those that the system trusts. */
  readonly rootCertificate: string | null;
}

/**
 * Tells how a server is to be reached.
 *
 * @param address The database.
 * @param mode `sslmode`, where not its URI says it.
 * @param rootCertificate `sslrootcert`, where not its URI says it.
 * @returns The ways to try, one after the other.
 * @throws {TlsError} When there is no such mode.
 */
export function waysTo(
  { host, settings }: PostgresAddress,
  mode: string | undefined,
  rootCertificate: string | undefined,
): TlsTerms {
  const named = settings.sslmode ?? (mode || "prefer");
  const ways = WAYS[named];
  if (ways === undefined) {
    throw new TlsError(`sslmode is ${named}; expected one of ${Object.keys(WAYS).join(", ")}`);
  }
  const root = settings.sslrootcert ?? (rootCertificate || null);
  // What comes over a socket of this machine goes through no network.
  if (host.startsWith("/")) return { ways: ["plain"], rootCertificate: null };
  return {
    // As libpq has it, who names a certificate wants it to count.
    ways: named === "require" && root !== null ? ["ca"] : ways,
    rootCertificate: root === "system" ? null : root,
  };
}

/** What asks a server whether it knows TLS. */
const SSL_REQUEST = new Uint8Array([0, 0, 0, 8, 4, 210, 22, 47]);

/** How long a server may take to answer, ms. */
const PATIENCE = 10_000;

/**
 * Opens a socket to a server. Needs net permission for its host, and for a socket of this machine read and write
 * permission besides; read permission for the certificates that are named.
 *
 * @param address The database.
 * @param way How to reach it.
 * @param rootCertificate Path of the certificates that count; `null`: those that the system trusts.
 * @returns The socket, on which nothing has been said yet but what TLS takes.
 * @throws {TlsError} When the server does not know TLS, or its certificate does not hold.
 * @throws {Error} What the network says.
 */
export async function openSocket(
  { host, port }: PostgresAddress,
  way: Way,
  rootCertificate: string | null,
): Promise<Socket | TLSSocket> {
  const ca = way === "plain" || rootCertificate === null ? null : readRoot(rootCertificate);
  const socket = createConnection(
    host.startsWith("/") ? { path: socketPath(host, port) } : { host, port },
  );
  try {
    await happens(socket, "connect");
    if (way === "plain") return socket;
    socket.write(SSL_REQUEST);
    const answer: unknown = await happens(socket, "data");
    const text = answer instanceof Uint8Array ? String.fromCharCode(...answer) : "";
    // More than one letter is not from a server that waits for TLS to begin.
    if (text !== "S") throw new TlsError("the server does not offer TLS");
    const secure = connectTls({
      socket,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(way === "any" ? { rejectUnauthorized: false } : {}),
      ...(way === "ca" || way === "any" ? { checkServerIdentity: () => undefined } : { host }),
      ...(ca === null ? {} : { ca }),
    });
    await happens(secure, "secureConnect").catch((error) => {
      throw new TlsError(`its certificate does not hold (${errorMessage(error)})`, {
        cause: error,
      });
    });
    return secure;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/**
 * Tells where a socket of this machine is.
 *
 * @param directory Absolute path of its directory.
 * @param port The port of the server.
 * @returns Absolute path of the socket.
 */
export function socketPath(directory: string, port: number): string {
  return `${directory}/.s.PGSQL.${port}`;
}

function readRoot(path: string): string {
  try {
    return readTextFile(path, { most: MOST.config });
  } catch (error) {
    throw new TlsError(`sslrootcert ${path} cannot be read (${errorMessage(error)})`, {
      cause: error,
    });
  }
}

/** Waits for one event, not for long. */
function happens(socket: Socket | TLSSocket, event: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(reject, new Error("it does not answer")), PATIENCE);
    const onEvent = (value: unknown) => end(resolve, value);
    const onError = (error: unknown) => end(reject, error);
    const onClose = () => end(reject, new Error("it hangs up"));
    const end = <T>(settle: (value: T) => void, value: T) => {
      clearTimeout(timer);
      socket.off(event, onEvent).off("error", onError).off("close", onClose);
      settle(value);
    };
    socket.once(event, onEvent).once("error", onError).once("close", onClose);
  });
}
