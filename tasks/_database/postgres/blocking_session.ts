/**
 * A session that waits for each answer, as one of SQLite does: what changes rows decides between two statements, and
 * is the same for both.
 *
 * *Locking*: while this process waits, it does nothing else, so that nothing of it can come between.
 *
 * @module
 */

import type { SQLInputValue } from "node:sqlite";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { StoreNotFoundError } from "../../../lib/errors.ts";
import type { Value } from "../scan/tables.ts";
import { VARIABLES } from "./find_login.ts";
import { type Purpose, type Reach, requireGrant, storeErrorOf } from "./session.ts";

/** What was asked, or how to begin. */
export interface Question {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** What a thread says. */
export type Answer =
  | {
    readonly kind: "rows";
    readonly rows: readonly Readonly<Record<string, Value>>[];
    readonly count: number;
  }
  | {
    readonly kind: "failed";
    readonly name: string;
    readonly code: string | null;
    readonly message: string;
  };

/** What a thread needs to begin. */
export interface Beginning {
  readonly uri: string;
  readonly purpose: Purpose;
  readonly variables: Readonly<Record<string, string>>;
  /** 0 as long as there is no answer. */
  readonly flag: Int32Array;
}

/** A session, which waits. */
export interface BlockingSession extends Disposable {
  /**
   * Says something.
   *
   * @throws {StoreError} What the server says.
   */
  ask(sql: string, values?: readonly SQLInputValue[]): Extract<Answer, { kind: "rows" }>;
}

/** How long to wait for an answer, ms: longer than the server may take for any statement. */
const PATIENCE = 60_000;

/**
 * Opens a session. Needs net permission for the host.
 *
 * @param reach The database, and what tells how to reach it.
 * @param purpose What it is for.
 * @returns The session, to be bound by `using`.
 * @throws {StoreError} Why it does not open.
 */
export function openBlockingSession(
  { name, environment }: Reach,
  purpose: Purpose,
): BlockingSession {
  requireGrant({ name, environment });
  const { location, uri } = name;
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const variables = Object.fromEntries(
    [...VARIABLES, "MLFLOW_TRACKING_URI"].flatMap((variable) => {
      const value = environment(variable);
      return value === undefined ? [] : [[variable, value]];
    }),
  );
  const { port1: port, port2 } = new MessageChannel();
  const beginning: Beginning = { uri, purpose, variables, flag };
  const worker = new Worker(new URL("./session_thread.ts", import.meta.url), {
    workerData: { ...beginning, port: port2 },
    transferList: [port2],
  });
  const end = () => {
    port.close();
    void worker.terminate();
  };
  const receive = (): Extract<Answer, { kind: "rows" }> => {
    const waited = Atomics.wait(flag, 0, 0, PATIENCE);
    const received = receiveMessageOnPort(port) as { readonly message: Answer } | undefined;
    if (waited === "timed-out" || received === undefined) {
      throw new StoreNotFoundError(
        `Cannot open store ${location}: the server does not answer`,
        location,
      );
    }
    const { message: answer } = received;
    if (answer.kind === "rows") return answer;
    const { name, code, message } = answer;
    const error = Object.assign(new Error(message), { name, ...(code === null ? {} : { code }) });
    throw storeErrorOf(error, location) ?? error;
  };
  try {
    receive();
  } catch (error) {
    end();
    throw error;
  }
  return {
    ask(sql, values = []) {
      Atomics.store(flag, 0, 0);
      const question: Question = { sql, values };
      port.postMessage(question);
      return receive();
    },
    [Symbol.dispose]: end,
  };
}
