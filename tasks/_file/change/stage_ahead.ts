/**
 * Writing new files, and keeping the old ones, before it is their turn to be replaced.
 *
 * A new file has to be durable before it is renamed over an old one, and to wait for the disk for each
 * alone takes longer than all else that a change does; so has the old one's link in the backup. So they are
 * written and linked a batch at a time, and the disk makes one journey for all of it, while earlier batches are
 * renamed into place one by one, or the store is looked at again. Where there are many, a second thread writes
 * them.
 *
 * *Ordering*: what is handed out is durable. It is used only as long as the file that it was made from is
 * the one that it will replace, see {@linkcode carryOut}; otherwise, and where it could not be written,
 * everything happens when it is its turn, as if nothing had been staged.
 *
 * *After an interruption*: nothing of the store has changed. The next lock empties our staging directory and
 * takes the links back, which are named in the journal as all steps are.
 *
 * @module
 */

import type { Operation } from "../../../lib/files/operations.ts";
import { groupsOf } from "../../_io/durable.ts";
import { linksToOpen } from "../../_io/hold.ts";
import { startThread } from "../../_io/second_thread.ts";
import { giveUpAhead } from "./keep_ahead.ts";
import type { ReplaceFile, Staged, Workplace } from "./operate.ts";
import { type Batch, stageFiles } from "./stage_files.ts";

/** Files that are staged a while before they are needed; disposing of them ends the second thread. */
export interface StagedAhead extends Disposable {
  /** Waits until an operation's file is staged, if it is one that will be, and has the next ones begun. */
  ready(operation: Operation): Promise<void>;
  /** Hands an operation's file over; `null` when none is staged. */
  take(operation: Operation): Staged | null;
  /** Gives up what is staged for an operation that will not be carried out. */
  drop(operation: Operation): void;
  /** Gives up what was never taken. */
  clear(): Promise<void>;
}

/** What the second thread is told. */
export interface StageAssignment {
  readonly batch: Batch;
  readonly at: Workplace;
  /** Where open files are found. */
  readonly links: string | null;
}

/** What the second thread tells. */
export interface StagedBatch {
  /** The name of the batch. */
  readonly name: string;
  readonly staged: readonly (Staged | null)[];
}

/** From so many batches on, a second thread is worth what it takes to start. */
const WORTHWHILE = 4;
/** How many batches are staged before they are needed: the disk has work while the store is looked at again. */
const LEAD = 8;
/** How many of them at the same time: one is written while the disk is at the other. */
const AT_ONCE = 2;

/**
 * Gets ready to stage the files of operations. Needs read and write permission for the store, and for a
 * second thread read permission for this program's own modules.
 *
 * @param operations What will be carried out, in this order.
 * @param at The places; staging is empty.
 * @returns The files; none is staged before the first is asked for.
 */
export function stageAhead(operations: readonly Operation[], at: Workplace): StagedAhead {
  const batches = [...groupsOf(operations.filter(isSmall))].map((group, index): Batch => ({
    name: `${index}`,
    operations: group,
  }));
  const batchOf = new Map<Operation, number>(
    batches.flatMap((batch, index) => batch.operations.map((each) => [each, index] as const)),
  );
  const begun: Promise<void>[] = [];
  const staged = new Map<Operation, Staged>();
  let helper: Helper | null = null;
  let isOver = false;

  async function stage(batch: Batch, before: Promise<void> | undefined): Promise<void> {
    await before;
    if (isOver) return;
    if (helper === null && batches.length >= WORTHWHILE) helper = callHelper(at);
    const files = helper === null ? await stageFiles(batch, at) : await helper.stage(batch);
    for (const [index, file] of files.entries()) {
      if (file !== null) staged.set(batch.operations[index]!, file);
    }
  }

  function drop(operation: Operation): void {
    const one = staged.get(operation);
    if (one === undefined) return;
    staged.delete(operation);
    giveUpAhead(operation, at, one);
  }

  return {
    async ready(operation) {
      const index = batchOf.get(operation);
      if (index === undefined) return;
      for (const batch of batches.slice(begun.length, index + LEAD)) {
        begun.push(stage(batch, begun.at(-AT_ONCE)));
      }
      await begun[index];
    },
    take(operation) {
      const one = staged.get(operation) ?? null;
      staged.delete(operation);
      return one;
    },
    drop,
    async clear() {
      isOver = true;
      await Promise.all(begun);
      for (const operation of [...staged.keys()]) drop(operation);
    },
    [Symbol.dispose]: () => helper?.dismiss(),
  };
}

/** What is left of a metric file may be as large as a disk, and a batch of them larger. */
function isSmall(operation: Operation): operation is ReplaceFile {
  return operation.kind === "replace-file" &&
    operation.content.kind !== "prefix" && operation.content.kind !== "cuts";
}

const WORKER = new URL("./stage_worker.ts", import.meta.url);

interface Helper {
  /** Stages a batch; nothing of it where the second thread has failed. */
  stage(batch: Batch): Promise<readonly (Staged | null)[]>;
  dismiss(): void;
}

function callHelper(at: Workplace): Helper | null {
  const waiting = new Map<string, (staged: StagedBatch["staged"]) => void>();
  let failed = false;
  const thread = startThread<StageAssignment, StagedBatch>(WORKER, {
    onReport({ name, staged }) {
      waiting.get(name)?.(staged);
      waiting.delete(name);
    },
    onFailure() {
      failed = true;
      for (const resolve of waiting.values()) resolve([]);
      waiting.clear();
    },
  });
  return thread && {
    stage(batch) {
      if (failed) return Promise.resolve([]);
      const { promise, resolve } = Promise.withResolvers<StagedBatch["staged"]>();
      waiting.set(batch.name, resolve);
      thread.send({ batch, at, links: linksToOpen() });
      return promise;
    },
    dismiss: () => thread.dismiss(),
  };
}
