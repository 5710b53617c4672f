import { shortenText, visibleText } from "../../lib/terminal_text.ts";
import { formatCount } from "../../lib/units.ts";

/** What progress is shown on. */
export interface ProgressTerminal {
  /** Writes to the terminal's error stream. */
  readonly write: (text: string) => void;
  /** Ms of a clock that never goes back. */
  readonly clock: () => number;
  /** Columns of the terminal. */
  readonly columns: number;
}

/** A line that tells how far the work is. */
export interface Progress extends Disposable {
  /**
   * Tells how far the work is; shown when it is time for it.
   *
   * @param label What is being done.
   * @param done How much of it is done.
   * @param total How much there is to do, where that is known.
   */
  readonly update: (label: string, done: number, total?: number) => void;
  /** Erases the line; a later update may show it again. */
  readonly erase: () => void;
}

const PATIENCE = 1_000;
const INTERVAL = 100;

/**
 * Shows how far the work is on one line of a terminal, from its second second on, ten times a second
 * at most. The line is erased when it goes out of scope.
 *
 * @param terminal The terminal; `null` to say nothing, as in a pipe or with `--quiet`.
 * @returns The line.
 *
 * @example
 * ```ts
 * using progress = showProgress(null);
 * progress.update("Reading runs", 120, 1_293);
 * ```
 */
export function showProgress(terminal: ProgressTerminal | null): Progress {
  if (terminal === null) return { update() {}, erase() {}, [Symbol.dispose]() {} };
  const { write, clock, columns } = terminal;
  let due = clock() + PATIENCE;
  let shown = false;
  const erase = (): void => {
    if (shown) write("\r\x1b[K");
    shown = false;
  };
  return {
    update(label, done, total) {
      const now = clock();
      if (now < due) return;
      due = now + INTERVAL;
      const text = shortenText(visibleText(progressText(label, done, total)), columns - 1);
      write(`\r${text}\x1b[K`);
      shown = true;
    },
    erase,
    [Symbol.dispose]: erase,
  };
}

function progressText(label: string, done: number, total: number | undefined): string {
  if (total === undefined) return `${label} … ${formatCount(done)}`;
  const percent = total === 0 ? 100 : Math.floor(100 * done / total);
  return `${label} … ${formatCount(done)} of ${formatCount(total)} (${percent} %)`;
}
