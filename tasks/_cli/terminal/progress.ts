import type { BackupProgress } from "../../../lib/backup/backup.ts";
import { shortenText, visibleText } from "../../../lib/text/terminal_text.ts";
import { formatCount, formatDuration, formatSize } from "../../../lib/text/units.ts";

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
  /**
   * Tells how far the reading or writing of files is, how fast it goes and how long it will take.
   *
   * @param progress What is being done, and how much of it is done; another step, or fewer files, begins
   * another piece of work.
   */
  readonly transfer: (progress: BackupProgress) => void;
  /** Erases the line; a later update may show it again. */
  readonly erase: () => void;
}

/** Ms that something may take without a word. */
const PATIENCE = 500;
const INTERVAL = 100;
/** Ms after which the pace of what comes evenly says how long the rest will take: that of runs, of files. */
const EVEN = { runs: 250, files: 1_000 };

/**
 * Shows how far the work is on one line of a terminal, from half a second on, ten times a second
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
  if (terminal === null) {
    return { update() {}, transfer() {}, erase() {}, [Symbol.dispose]() {} };
  }
  const { write, clock, columns } = terminal;
  let due = clock() + PATIENCE;
  let shown = false;
  let work = { step: "", files: 0, since: 0 };
  let counted = { label: "", first: 0, since: 0, done: 0 };
  const show = (makeText: (now: number) => string): void => {
    const now = clock();
    if (now < due) return;
    due = now + INTERVAL;
    write(`\r${shortenText(visibleText(makeText(now)), columns - 1)}\x1b[K`);
    shown = true;
  };
  const erase = (): void => {
    if (shown) write("\r\x1b[K");
    shown = false;
  };
  return {
    update(label, done, total) {
      const isNew = label !== counted.label || done < counted.done;
      if (isNew) counted = { label, first: done, since: clock(), done };
      counted = { ...counted, done };
      const { first, since } = counted;
      show((now) => {
        const rate = now - since < EVEN.runs ? 0 : (done - first) / (now - since);
        return progressText({ label, done, total, rate });
      });
    },
    transfer(progress) {
      const { step, files } = progress;
      const isNew = step !== work.step || files < work.files;
      work = { step, files, since: isNew ? clock() : work.since };
      show((now) => transferText(progress, now - work.since));
    },
    erase,
    [Symbol.dispose]: erase,
  };
}

/** `rate`: how many a millisecond, since the first that was told. */
function progressText({ label, done, total, rate }: {
  readonly label: string;
  readonly done: number;
  readonly total: number | undefined;
  readonly rate: number;
}): string {
  const speed = rate > 0 && rate < Infinity ? [`${formatCount(Math.round(rate * 1000))}/s`] : [];
  if (total === undefined) return [`${label} … ${formatCount(done)}`, ...speed].join(" · ");
  const percent = total === 0 ? 100 : Math.floor(100 * done / total);
  const left = speed.length === 0 ? [] : [`${formatDuration((total - done) / rate)} left`];
  const count = `${label} … ${formatCount(done)} of ${formatCount(total)} (${percent} %)`;
  return [count, ...speed, ...left].join(" · ");
}

type Amount = Pick<BackupProgress, "files" | "bytes">;

/** What opening and closing a file takes, in bytes that could be copied meanwhile. */
const BYTES_PER_FILE = 64 * 1024;

function transferText(done: BackupProgress, elapsed: number): string {
  const { step, total } = done;
  if (total === null) return `${step} ${formatCount(done.files)} files`;
  const cost = ({ files, bytes }: Amount) => bytes + files * BYTES_PER_FILE;
  // What the first files took says nothing of all.
  const isEarly = elapsed < EVEN.files;
  const rate = isEarly ? "" : `${formatSize(Math.round(done.bytes / elapsed * 1000))}/s`;
  const left = isEarly || cost(done) === 0
    ? ""
    : formatDuration(Math.max(elapsed * (cost(total) / cost(done) - 1), 0)) + " left";
  const count = `${formatCount(done.files)} of ${formatCount(total.files)} files`;
  return [`${step} ${count}`, rate, left].filter((part) => part !== "").join(" · ");
}
