/**
 * The second thread that reads a store: see `scan_shares.ts`.
 *
 * @module
 */

import { newReadAhead } from "./read_ahead.ts";
import { scanShare } from "./scan_share.ts";
import { type Assignment, BOARD, loadInspector, type Report } from "./scan_shares.ts";

/** What this thread has of the interface of workers. */
const thread = self as unknown as {
  addEventListener(type: "message", listener: (event: MessageEvent<Assignment>) => void): void;
  postMessage(report: Report): void;
};

thread.addEventListener("message", async ({ data: { reading, shares, board } }) => {
  const inspector = await loadInspector(reading.depth);
  const readAhead = newReadAhead(reading);
  const countRun = () => void Atomics.add(board, BOARD.runs, 1);
  const take = () => {
    const index = Atomics.add(board, BOARD.next, 1);
    if (index < shares.length) Atomics.add(board, BOARD.taken, 1);
    return index;
  };
  for (let index; (index = take()) < shares.length;) {
    const facts = await scanShare(reading, shares[index]!, inspector, readAhead, countRun);
    thread.postMessage({ index, facts });
  }
  thread.postMessage("done");
});
