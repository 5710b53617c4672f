/**
 * The errors that a caller may want to catch: a task cannot start. What is found while working is
 * data instead (problems, findings, outcomes).
 *
 * @module
 */

/** What a caller passed that makes no sense, or names what is not there. */
export class InvalidArgumentError extends RangeError {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "InvalidArgumentError";
}

/** What a task or a run throws, but for wrong arguments; which of the classes below it is tells why. */
export abstract class MltidyError extends Error {}

/** What keeps a task from working on a store; which of the classes below it is tells why. */
export class StoreError extends MltidyError {
  /** The store, or the place that was looked at. */
  readonly store: string;

  /**
   * Makes the error.
   *
   * @param message What is wrong and what to type next.
   * @param store The store, or the place that was looked at.
   * @param options The cause.
   */
  constructor(message: string, store: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.store = store;
  }
}

/** No store at that place. */
export class StoreNotFoundError extends StoreError {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "StoreNotFoundError";
}

/** The operating system does not let a task read or change the store. */
export class StoreAccessError extends StoreError {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "StoreAccessError";
}

/** There is something, but not a file store that this version can work on. */
export class UnsupportedStoreError extends StoreError {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "UnsupportedStoreError";
}

/** Another process holds the store's lock. */
export class StoreLockedError extends StoreError {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "StoreLockedError";
}

/** The store's disk has no room for what a task has to write. */
export class DiskFullError extends StoreError {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "DiskFullError";
}

/** A configuration that cannot be read; the message names each fault with its file and line. */
export class ConfigError extends MltidyError {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "ConfigError";
  /** Where the configuration comes from. */
  readonly source: string;

  /**
   * Makes the error.
   *
   * @param message Each fault on a line of its own.
   * @param source Where the configuration comes from.
   * @param options The cause.
   */
  constructor(message: string, source: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.source = source;
  }
}

/** What keeps a plan from being applied. */
export abstract class PlanError extends MltidyError {}

/** A plan that one of the policy's own limits stops. */
export class PlanRefusedError extends PlanError {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "PlanRefusedError";
  /** The limits under which it would be allowed, in percent and in runs; `null` where none allows it. */
  readonly allowance: { readonly maxShare: number | null; readonly maxRuns: number | null } | null;

  /**
   * Makes the error.
   *
   * @param message What stops the plan.
   * @param allowance The limits under which it would be allowed; `null` where none allows it.
   */
  constructor(message: string, allowance: PlanRefusedError["allowance"] = null) {
    super(message);
    this.allowance = allowance;
  }
}

/** A text that is no plan: no JSON, of another schema, or without what showing or applying it depends on. */
export class PlanFormatError extends PlanError {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "PlanFormatError";
}

/** A plan that does not fit the store: stale, or of another one. */
export class StalePlanError extends PlanError {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "StalePlanError";
  /** Whether a part of it may still hold: the store is its own, and has changed since. */
  readonly mayHoldInPart: boolean;

  /**
   * Makes the error.
   *
   * @param message Why it does not fit.
   * @param options The cause, and whether a part of it may still hold.
   */
  constructor(
    message: string,
    options: { readonly cause?: unknown; readonly mayHoldInPart?: boolean } = {},
  ) {
    super(message, options);
    this.mayHoldInPart = options.mayHoldInPart ?? false;
  }
}

/** A backup, or the journal of a change, from which it cannot be told what it holds. */
export class DamagedBackupError extends MltidyError {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "DamagedBackupError";
}

/** What can be done where something stands in the way of a backup. */
export interface CollisionAdvice {
  /** The command that brings back what is gone. @default {null: there is none} */
  readonly rescue?: string | null;
  /** Whether what the backup holds can be copied to a directory instead. @default {true} */
  readonly elsewhere?: boolean;
  /** Whether a part of it may come back where not all of it can. @default {true} */
  readonly partly?: boolean;
  /** The command that names what the backup holds. @default {null: it was not asked for} */
  readonly listing?: string | null;
  /** The directory that it was to be copied to. @default {null: it was to come back into the store} */
  readonly target?: string | null;
  /** How many changes came back before it was found, since it came into the way meanwhile. @default {0} */
  readonly done?: number;
}

/** Something stands where a backup would bring something back. */
export class RestoreCollisionError extends MltidyError {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "RestoreCollisionError";
  /** Each collision, with both sides named. */
  readonly collisions: readonly string[];
  /** What can be done about it. */
  readonly advice: CollisionAdvice;

  /**
   * Makes the error.
   *
   * @param backup The backup's id.
   * @param collisions Each collision, with both sides named.
   * @param advice What can be done about it.
   */
  constructor(backup: string, collisions: readonly string[], advice: CollisionAdvice = {}) {
    super(
      `Cannot restore ${backup}: ${movedText(advice)}\n${
        collisions.map((one) => `  ${one}`).join("\n")
      }`,
    );
    this.collisions = collisions;
    this.advice = advice;
  }
}

function movedText({ done = 0 }: CollisionAdvice): string {
  if (done === 0) return "nothing was moved";
  return `${done} ${
    done === 1 ? "change was" : "changes were"
  } undone, then something came into the way`;
}

/**
 * Says what went wrong; where a module could not be loaded, not where that lies, which helps nobody.
 *
 * @param error What was thrown.
 * @returns Its message.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(errorMessage(new RangeError("too large")), "too large");
 * ```
 */
export function errorMessage(error: unknown): string {
  if (error instanceof SuppressedError) {
    const [first, later] = [error.suppressed, error.error].map(errorMessage);
    return first === later ? first! : `${first}\nand on the way out: ${later}`;
  }
  const message = error instanceof Error ? error.message : String(error);
  const [, why] = NOT_LOADED.exec(message) ?? [];
  return why === undefined
    ? message
    : `Cannot load a part of mltidy: ${why}; start it again once that is mended`;
}

/** What Deno says of an import that failed, with the address of the module, and the causes in lines of their own. */
const NOT_LOADED = /^Import '[^\n]*' failed\.\s+(?:0: )?(.*?)(?: at file:.*)?(?:\n|$)/;

/**
 * Tells what was thrown first, where something failed on the way out, too, and JavaScript made one error of both.
 *
 * @param error What was thrown.
 * @returns The first of them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const [first, later] = [new RangeError("too large"), new Error("cannot be closed")];
 * assertEquals(firstThrown(new SuppressedError(later, first)), first);
 * ```
 */
export function firstThrown(error: unknown): unknown {
  return error instanceof SuppressedError ? firstThrown(error.suppressed) : error;
}
