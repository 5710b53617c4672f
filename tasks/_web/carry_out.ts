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

import type { RestoreReport, SettledChange } from "../../lib/backup/report.ts";
import { errorMessage, RestoreCollisionError } from "../../lib/errors.ts";
import type { Plan } from "../../lib/plan/plan.ts";
import type { ApplyReport } from "../../lib/plan/report.ts";
import type { StoreSnapshot } from "../../lib/store/snapshot.ts";
import type { Remains } from "../../lib/store/usage.ts";
import { formatCount, plural } from "../../lib/text/units.ts";
import { RestoreStoppedError } from "../backups/restore_stopped.ts";
import { lineStream } from "./answers.ts";
import { type Refused, refused } from "./guard.ts";
import type { WorkLine } from "./messages.ts";
import type { StoreWatch } from "./watch_store.ts";

/** What is known of something that is carried out. */
export interface KnownWork {
  /** The store as it was when it was planned for. */
  readonly snapshot?: StoreSnapshot;
  /** What was planned. */
  readonly plan?: Plan;
  /** Earlier changes that had been cut off and were settled first. */
  readonly settled?: readonly SettledChange[];
  /** What earlier changes were not to keep, and could still not be freed. */
  readonly remains?: readonly Remains[];
  /** What came of it; left out where nothing was done. */
  readonly result?: ApplyReport | RestoreReport;
}

/** Something that was carried out, or failed. */
export interface EndedWork extends KnownWork {
  /** Why it failed; `null` where it got to its end, whatever came of that. */
  readonly error: unknown;
}

/** How to do something. */
export interface WorkTools {
  /** Aborted when it is cancelled. */
  readonly signal: AbortSignal;
  /** Tells how far it is. */
  readonly onProgress: (label: string, done: number, total?: number) => void;
  /** Keeps what is known of it. */
  readonly note: (more: KnownWork) => void;
}

/** Who is told of what is carried out. */
export interface WorkListener {
  /** Called as something begins to be carried out, with what settles, without fail, once that has ended. */
  readonly onWork?: ((ended: Promise<void>) => void) | undefined;
  /** Called with what something came to that was carried out or failed, before the page is told; must not reject. */
  readonly onEnd?: ((ended: EndedWork) => Promise<void>) | undefined;
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
 * @param listener Who is told of what is carried out.
 * @returns The workshop; disposing of it waits for what is being done to end.
 */
export function openWorkshop(
  watch: StoreWatch,
  { onWork, onEnd }: WorkListener = {},
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
    onWork?.(ended);
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
        let known: KnownWork = {};
        const tools = {
          signal,
          onProgress: throttled(tell),
          note: (more: KnownWork) => known = { ...known, ...more },
        };
        const end = async (line: WorkLine, error: unknown) => {
          last = line;
          const isNothing = known.result === undefined && error === null;
          if (!isNothing) await onEnd?.({ ...known, error });
        };
        const working = work(tools).then(
          (line) => end(line, null),
          (error: unknown) => end(failedLine(error), error),
        );
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
  if (error instanceof RestoreStoppedError && error.done > 0) return stoppedLine(error);
  if (error instanceof DOMException && error.name === "AbortError") {
    return { work: "failed", message: "Stopped before anything was carried out" };
  }
  const message = error instanceof RestoreCollisionError
    ? collisionText(error)
    : errorMessage(error);
  return { work: "failed", message };
}

/** On one line, since the page shows it as a sentence. */
function collisionText({ message, collisions }: RestoreCollisionError): string {
  const more = collisions.length - MOST_COLLISIONS;
  const shown = collisions.slice(0, MOST_COLLISIONS);
  return `${message.split("\n")[0]}: ${
    [...shown, ...(more > 0 ? [`and ${formatCount(more)} more`] : [])].join("; ")
  }`;
}

const MOST_COLLISIONS = 10;

/** What came back until then did; the same button goes on with what is left. */
function stoppedLine({ done, left }: RestoreStoppedError): WorkLine {
  return {
    work: "done",
    summary: `Stopped: ${formatCount(done)} of ${plural(done + left, "change")} undone`,
    applied: done,
    skipped: 0,
    failed: 0,
    notRun: left,
    bytes: 0,
    backup: null,
    notes: ["What is left still lies in the backup: bring it back from there to go on."],
  };
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
