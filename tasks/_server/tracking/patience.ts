/**
 * How long training waits for a server.
 *
 * @module
 */

/** How long somebody waits for a server, ms. */
export interface Patience {
  /** For an experiment to be set up, before anything is trained. */
  readonly setUp: number;
  /** For a run to start. */
  readonly start: number;
  /** To be told that a parameter has another value already. */
  readonly confirm: number;
  /** For all that was logged to arrive, once the run has ended. */
  readonly end: number;
}

/** So long, and training goes on. */
export const PATIENCE: Patience = { setUp: 30_000, start: 5_000, confirm: 2_000, end: 5_000 };
