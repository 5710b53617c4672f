/**
 * Why a request came to nothing, and what that means for whoever asked.
 *
 * @module
 */

import {
  StoreAccessError,
  type StoreError,
  StoreNotFoundError,
  UnsupportedStoreError,
} from "../../../lib/errors.ts";

/**
 * Why a request came to nothing:
 * - `unreachable`: nothing was sent, as no connection came about;
 * - `untrusted`: nothing was sent, as the certificate does not hold, or there is no TLS;
 * - `unanswered`: no whole answer came, or one that says the server, or what stands before it, is out of order;
 * - `denied`: the server does not let this account do it;
 * - `refused`: the server understood it, and has not done it; `code` says why;
 * - `foreign`: what answered is no tracking server of MLflow's, or says what none does.
 */
export type RequestFailure =
  | "unreachable"
  | "untrusted"
  | "unanswered"
  | "denied"
  | "refused"
  | "foreign";

/** Answers to who asks, and how often, whatever that is. */
const OF_ASKING: ReadonlySet<number | null> = new Set([401, 408, 429]);

/** A request that came to nothing. */
export class RequestError extends Error {
  /** The class, where `instanceof` does not reach. */
  override readonly name = "RequestError";
  /** Why. */
  readonly failure: RequestFailure;
  /** The status of the answer; `null` where none came. */
  readonly status: number | null;
  /** MLflow's `error_code`, such as `RESOURCE_DOES_NOT_EXIST`; `null` where the answer has none. */
  readonly code: string | null;
  /** How long to wait before it is asked again, ms; `null` where nothing says that. */
  readonly retryAfter: number | null;
  /** Whether it was given up since nothing came for too long. */
  readonly isLate: boolean;

  /**
   * Makes the error.
   *
   * @param failure Why.
   * @param message What is wrong, and what helps: no sentence of its own, without credentials.
   * @param answer What the answer said.
   */
  constructor(
    failure: RequestFailure,
    message: string,
    answer: {
      readonly status?: number | null;
      readonly code?: string | null;
      readonly retryAfter?: number;
      readonly isLate?: boolean;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: answer.cause });
    this.failure = failure;
    this.status = answer.status ?? null;
    this.code = answer.code ?? null;
    this.retryAfter = answer.retryAfter ?? null;
    this.isLate = answer.isLate ?? false;
  }

  /** Whether the server knows no such request, as an older one does not. */
  get isUnknown(): boolean {
    return this.status === 405 ||
      this.status === 404 && (this.code === null || this.code === "ENDPOINT_NOT_FOUND");
  }

  /** Whether a server, or what stands before it, has understood it and does not take it. */
  get isRefusal(): boolean {
    return this.failure === "refused" || this.status === 413;
  }

  /** Whether it may be for what was sent that it came to nothing, and something else would be taken. */
  get mayBeForContent(): boolean {
    const isOfWay = this.failure === "unreachable" || this.failure === "untrusted";
    return !isOfWay && !this.isRefusal && !OF_ASKING.has(this.status);
  }

  /**
   * Whether a change that was asked for may have been made all the same: then what it was to change must be read
   * before anything else is done.
   */
  get isUncertain(): boolean {
    const isRejected = this.status !== null && this.status >= 300 && this.status < 500;
    return this.failure === "unanswered" || this.failure === "foreign" && !isRejected;
  }
}

/**
 * Tells whether a request came to nothing since what it names is not there.
 *
 * @param error What was thrown.
 * @returns Whether it did.
 */
export function isGone(error: unknown): boolean {
  return error instanceof RequestError && error.code === "RESOURCE_DOES_NOT_EXIST";
}

/**
 * Tells whether no answer came to a request, so that there may be one another time.
 *
 * @param error What was thrown.
 * @returns Whether none came.
 */
export function isSilent(error: unknown): boolean {
  return error instanceof RequestError && (error.failure === "unreachable" || error.isUncertain);
}

/**
 * Makes the error that tells why a store cannot be read or changed.
 *
 * @param error What was thrown.
 * @param location The store's location.
 * @returns The error; `null` when it was no request's.
 */
export function storeErrorOf(error: unknown, location: string): StoreError | null {
  if (!(error instanceof RequestError)) return null;
  const message = `Cannot open store ${location}: ${error.message}`;
  const options = { cause: error };
  switch (error.failure) {
    case "unreachable":
    case "unanswered":
      return new StoreNotFoundError(message, location, options);
    case "untrusted":
    case "denied":
      return new StoreAccessError(message, location, options);
    case "refused":
    case "foreign":
      return new UnsupportedStoreError(message, location, options);
  }
}

/**
 * Does something with a server.
 *
 * @param location The store's location.
 * @param work What to do.
 * @returns What it gives.
 * @throws {StoreError} Why a request came to nothing, as {@linkcode storeErrorOf} tells it.
 */
export async function orStoreError<T>(location: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeErrorOf(error, location) ?? error;
  }
}
