/**
 * What was stopped while it brought something back, and says how far it came.
 *
 * @module
 */

import { formatCount, plural } from "../../lib/text/units.ts";

/** A restore was stopped between two changes: those before are undone, the others still lie in the backup. */
export class RestoreStoppedError extends DOMException {
  /** How many changes are undone. */
  readonly done: number;
  /** How many of those that were to be undone are left. */
  readonly left: number;

  /**
   * Makes the error, an `AbortError`.
   *
   * @param done How many changes are undone.
   * @param left How many of those that were to be undone are left.
   */
  constructor(done: number, left: number) {
    super(stoppedText(done, left), "AbortError");
    this.done = done;
    this.left = left;
  }
}

function stoppedText(done: number, left: number): string {
  if (done === 0) return "Restore stopped: nothing was brought back";
  const count = `${formatCount(done)} of ${plural(done + left, "change")}`;
  return `Restore stopped: ${count} ${done === 1 ? "is" : "are"} undone, ${
    formatCount(left)
  } left; the same once more goes on with what is left`;
}
