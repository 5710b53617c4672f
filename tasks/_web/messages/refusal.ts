/**
 * What a request that is refused is answered with.
 *
 * @module
 */

/** What a request that is refused is answered with. */
export interface Refusal {
  /** One word, for the page. */
  readonly error:
    | "bad-request"
    | "mistyped"
    | "unauthorized"
    | "foreign"
    | "read-only"
    | "not-found"
    | "outdated"
    | "busy"
    | "too-large"
    | "not-json"
    | "wrong-host"
    | "not-read"
    | "not-supported"
    | "failed";
  /** The same for people: what was expected, found, and can be done. */
  readonly message: string;
}
