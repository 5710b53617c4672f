/**
 * The errors that a caller may want to catch: a task cannot start. What is found while working is
 * data instead (problems, findings, outcomes).
 *
 * @module
 */

/** No store at that place. */
export class StoreNotFoundError extends Error {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "StoreNotFoundError";
  /** The place that was looked at. */
  readonly store: string;

  /**
   * Makes the error.
   *
   * @param message What is wrong and what to type next.
   * @param store The place that was looked at.
   * @param options The cause.
   */
  constructor(message: string, store: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.store = store;
  }
}

/** The operating system does not let a task read or change the store. */
export class StoreAccessError extends Error {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "StoreAccessError";
  /** The store. */
  readonly store: string;

  /**
   * Makes the error.
   *
   * @param message What was refused and what to do about it.
   * @param store The store.
   * @param options The cause.
   */
  constructor(message: string, store: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.store = store;
  }
}

/** There is something, but not a file store that this version can work on. */
export class UnsupportedStoreError extends Error {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "UnsupportedStoreError";
  /** The place that was looked at. */
  readonly store: string;

  /**
   * Makes the error.
   *
   * @param message What is wrong and what to type next.
   * @param store The place that was looked at.
   * @param options The cause.
   */
  constructor(message: string, store: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.store = store;
  }
}

/** Another process holds the store's lock. */
export class StoreLockedError extends Error {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "StoreLockedError";
  /** The locked store. */
  readonly store: string;

  /**
   * Makes the error.
   *
   * @param message Who holds the lock and since when.
   * @param store The locked store.
   * @param options The cause.
   */
  constructor(message: string, store: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.store = store;
  }
}

/** A configuration that cannot be read; the message names each fault with its file and line. */
export class ConfigError extends Error {
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

/** A plan that one of the policy's own limits stops. */
export class PlanRefusedError extends Error {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "PlanRefusedError";
}

/** A plan that does not fit the store: stale, of another store, or not a plan at all. */
export class StalePlanError extends Error {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "StalePlanError";
}

/** Something stands where a backup would bring something back. */
export class RestoreCollisionError extends Error {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "RestoreCollisionError";
  /** Each collision, with both sides named. */
  readonly collisions: readonly string[];

  /**
   * Makes the error.
   *
   * @param backup The backup's id.
   * @param collisions Each collision, with both sides named.
   */
  constructor(backup: string, collisions: readonly string[]) {
    super(
      `Cannot restore ${backup}: nothing was moved\n${
        collisions.map((one) => `  ${one}`).join("\n")
      }`,
    );
    this.collisions = collisions;
  }
}
