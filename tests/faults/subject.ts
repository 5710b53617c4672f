/**
 * What a campaign tries: a command on one store, whatever kind of store it is.
 *
 * @module
 */

import type { Program } from "./program.ts";
import type { Call, Ending, Kind } from "./strace.ts";

/** A command on one store, ready to be killed and hindered. */
export interface Subject {
  readonly program: Program;
  /** Absolute path of the directory that has the store and what lies beside it. */
  readonly place: string;
  /** Where strace may write. */
  readonly log: string;
  /** The calls by which the command changes the store, or what lies beside it. */
  readonly calls: readonly Call[];
  /** What is wrong even when nothing is injected. */
  readonly wrong: readonly string[];
  /** Puts the store back to how the command finds it. */
  readonly putBack: () => Promise<void>;
  /** Recovers the store, just after the command ended, and says what is wrong with it, one line each. */
  readonly judge: (
    ending: Ending,
    injected: { readonly call: Call; readonly kind: Kind },
  ) => Promise<readonly string[]>;
}

/** How a subject is made. */
export interface SubjectOptions {
  /** An empty directory for it alone; a real path. */
  readonly directory: string;
  /** Names the store. */
  readonly seed: number;
  /** A command line of this project. */
  readonly program: (...words: readonly string[]) => Program;
}

/** A row of the campaign. */
export interface Tried {
  readonly name: string;
  /** What `--tasks` selects it by, together with others. */
  readonly task: string;
  /** Together with which others each call and kind is tried at least once. @default {alone} */
  readonly together?: string;
  readonly prepare: (options: SubjectOptions) => Promise<Subject>;
}
