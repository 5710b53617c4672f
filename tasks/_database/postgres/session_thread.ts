/**
 * The thread in which a session lives that somebody waits for, see `blocking_session.ts`.
 *
 * @module
 */

import { type MessagePort, workerData } from "node:worker_threads";
import { StoreError } from "../../../lib/errors.ts";
import { parseStoreName } from "../../../lib/store/store_uri.ts";
import type { Value } from "../scan/tables.ts";
import type { Answer, Beginning, Question } from "./blocking_session.ts";
import { openSession, type Session } from "./session.ts";

const { uri, purpose, variables, flag, port } = workerData as Beginning & {
  readonly port: MessagePort;
};

function answer(said: Answer): void {
  port.postMessage(said);
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
}

function failed(error: unknown): Answer {
  // A store error has been made already, and its cause is what can be handed over.
  const cause = error instanceof StoreError ? error.cause ?? error : error;
  const { name, message } = cause instanceof Error ? cause : new Error(String(cause));
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : null;
  return { kind: "failed", name, code, message };
}

/** A session that has broken off is not opened again: what it had begun is gone, and so are its locks. */
async function serve(session: Session): Promise<void> {
  const { sql } = session;
  port.on("message", async ({ sql: text, values }: Question) => {
    try {
      if (session.isOver()) throw new Error("it hangs up");
      const rows = await sql.unsafe(text, [...values] as Value[]);
      answer({ kind: "rows", rows: [...rows], count: rows.count ?? rows.length });
    } catch (error) {
      answer(failed(error));
    }
  });
  await Promise.resolve();
  answer({ kind: "rows", rows: [], count: 0 });
}

try {
  const name = parseStoreName(uri);
  if (name.kind !== "postgresql") {
    throw new Error(`Expected a database of PostgreSQL, found ${uri}`);
  }
  await serve(await openSession({ name, environment: (name) => variables[name] }, purpose));
} catch (error) {
  answer(failed(error));
}
