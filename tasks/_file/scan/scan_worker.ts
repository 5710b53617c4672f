/**
 * The second thread that reads a store: see `scan_shares.ts`.
 *
 * @module
 */

import { waitForNoFile } from "../../_io/open_regular.ts";
import { newReadAhead } from "../../_io/read_ahead.ts";
import { serveThread } from "../../_io/second_thread.ts";
import { scanShare } from "./scan_share.ts";
import { BOARD, loadInspector, type Report, type ScanAssignment } from "./scan_shares.ts";

serveThread<ScanAssignment, Report>(async ({ reading, shares, board, waitsForNoFile }, report) => {
  if (waitsForNoFile) waitForNoFile();
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
    report({ index, facts });
  }
  report("done");
});
