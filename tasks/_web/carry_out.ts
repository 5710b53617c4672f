/**
 * Carrying something out for the page: one thing at a time, told line by line, cancelled between two actions.
 *
 * *Ordering*: the store is read again once it is done, whatever came of it, so that the page never shows what was
 * before.
 *
 * *Locking*: what is carried out takes the store's lock, as on the command line.
 *
 * *After an interruption*: a page that is closed stops nothing; the end of the server ends it between two actions.
 *
 * @module
 */

import { errorMessage, RestoreCollisionError } from "../../lib/errors.ts";
import { lineStream } from "./answers.ts";
import { type Refused, refused } from "./guard.ts";
import type { WorkLine } from "./messages.ts";
import type { StoreWatch } from "./watch_store.ts";

/** How to do something. */
export interface WorkTools {
  /** Aborted when it is cancelled. */
  readonly signal: AbortSignal;
  /** Tells how far it is. */
  readonly onProgress: (label: string, done: number, total?: number) => void;
}

/** Does something, and says at last what came of it. */
export type Work = (tools: WorkTools) => Promise<WorkLine>;

/** What is carried out for the page. */
export interface Workshop extends AsyncDisposable {
  /** Does something, and tells of it to whoever asked and to all that listen; refuses while something is being done. */
  begin(work: Work): ReadableStream<Uint8Array<ArrayBuffer>> | Refused;
  /** Does something that is not worth telling of; settles once the store was read again. */
  once<T>(work: () => Promise<T>): Promise<T | Refused>;
  /** Ends what is being done between two actions; tells whether anything is. */
  cancel(): boolean;
}

/** Ms between two lines of progress. */
const INTERVAL = 100;

/**
 * Opens a workshop.
 *
 * @param watch The store, to be read again after each work.
 * @param onWork Called as something begins to be carried out, with what settles once it has ended.
 * @returns The workshop; disposing of it waits for what is being done to end.
 */
export function openWorkshop(
  watch: StoreWatch,
  onWork: (ended: Promise<void>) => void = () => {},
): Workshop {
  let running: { readonly controller: AbortController; readonly done: Promise<void> } | null = null;
  let isOpen = true;

  function occupy(
    controller: AbortController,
    working: Promise<unknown>,
    tellEnd: () => void = () => {},
  ): Promise<void> {
    // A signal that came at the very end is still heard.
    const ended = working.then(turn, turn);
    onWork(ended);
    const done = ended.then(() => {
      running = null;
      tellEnd();
      if (isOpen) watch.readAgain();
    });
    running = { controller, done };
    return done;
  }

  return {
    begin(work) {
      if (running !== null) return BUSY;
      return lineStream<WorkLine>((listener) => {
        const tell = (line: WorkLine) => {
          listener.tell(line);
          watch.tell({ event: "work", work: line });
        };
        const controller = new AbortController();
        const { signal } = controller;
        let last: WorkLine;
        const working = work({ signal, onProgress: throttled(tell) }).catch(failedLine)
          .then((line) => last = line);
        occupy(controller, working, () => {
          tell(last);
          listener.end();
          watch.tell({ event: "work", work: null });
        });
        return () => {};
      });
    },
    async once<T>(work: () => Promise<T>) {
      if (running !== null) return BUSY;
      const working = work();
      await occupy(new AbortController(), working);
      await watch.settled();
      return await working;
    },
    cancel() {
      running?.controller.abort();
      return running !== null;
    },
    async [Symbol.asyncDispose]() {
      isOpen = false;
      running?.controller.abort();
      await running?.done;
    },
  };
}

/**
 * Lets the event loop have its turn.
 *
 * @returns What settles once it has had it.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

const BUSY = refused(
  409,
  "busy",
  "something is being carried out already, perhaps from another tab: wait for it, or cancel it",
);

function failedLine(error: unknown): WorkLine {
  if (error instanceof DOMException && error.name === "AbortError") {
    return { work: "failed", message: "Stopped before anything was carried out" };
  }
  const message = error instanceof RestoreCollisionError
    ? [error.message, ...error.collisions.slice(0, 10)].join("\n")
    : errorMessage(error);
  return { work: "failed", message };
}

function throttled(tell: (line: WorkLine) => void): WorkTools["onProgress"] {
  let last = -Infinity;
  return (label, done, total = NaN) => {
    const now = performance.now();
    if (now - last < INTERVAL && done !== total) return;
    last = now;
    tell({ work: "progress", label, done, total: Number.isNaN(total) ? null : total });
  };
}
