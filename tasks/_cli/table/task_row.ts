/**
 * The vocabulary of the table of tasks.
 *
 * @module
 */

import { ExitCode } from "./exit_code.ts";
import type { Flags } from "./flags.ts";

/** What a task takes besides flags. */
export interface Operand {
  /** What stands for it in `--help`. */
  readonly name: string;
  /** One line for `--help`. */
  readonly describe: string;
  /** Whether the task cannot do without. */
  readonly required: boolean;
  /** Whether there may be several. @default {false} */
  readonly isMany?: boolean;
  /** Whether it is all that stands behind `--`, as it is. @default {false} */
  readonly isProgram?: boolean;
  /** How the task is called with it, where it stands behind `--`. */
  readonly example?: string;
}

/** One task. */
export interface TaskRow {
  /** One line: what the task does. */
  readonly summary: string;
  /** How it is called, without flags. */
  readonly usage: readonly string[];
  /** Commands to copy, each with what it does. */
  readonly examples: readonly (readonly [command: string, does: string])[];
  /** What it takes besides flags. */
  readonly operand: Operand | null;
  /** Its flags, in the order of `--help`. */
  readonly flags: Flags;
  /** The codes it may end with. */
  readonly exitCodes: readonly ExitCode[];
  /** Whether it may write, in a sentence. */
  readonly permissions: string;
}

/** How any task may end. */
export const always = [
  ExitCode.done,
  ExitCode.unexpected,
  ExitCode.usage,
  ExitCode.interrupted,
] as const;
/** How a task that looks at a store may end. */
export const reading = [...always, ExitCode.storeNotFound, ExitCode.unsupportedStore] as const;
/** How a task that changes a store may end. */
export const applying = [
  ...reading,
  ExitCode.partlyApplied,
  ExitCode.storeLocked,
  ExitCode.planDoesNotFit,
] as const;
