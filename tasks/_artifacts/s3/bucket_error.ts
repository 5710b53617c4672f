/**
 * What is wrong with a bucket, or with the way to it.
 *
 * @module
 */

/** What is wrong with a bucket; the message says what helps, and holds no credentials. */
export class BucketError extends Error {
  override readonly name = "BucketError";
  /** S3's own code, such as `AccessDenied`, or what of us could not do it. */
  readonly code: string;

  /**
   * Makes the error.
   *
   * @param code S3's own code, or what of us could not do it.
   * @param message For people.
   * @param options The cause.
   */
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** By S3's code: what is wrong, and what helps. */
const HELP: Readonly<Record<string, string>> = {
  AccessDenied: "the server does not let these credentials do that",
  AllAccessDisabled: "the server lets nobody do that",
  InvalidAccessKeyId: "the server does not know AWS_ACCESS_KEY_ID",
  SignatureDoesNotMatch: "the server does not take AWS_SECRET_ACCESS_KEY",
  ExpiredToken: "AWS_SESSION_TOKEN has expired; get a new one",
  InvalidToken: "the server does not take AWS_SESSION_TOKEN",
  RequestTimeTooSkewed: "the clock of this machine is wrong",
  NoSuchBucket: "there is no such bucket",
  InvalidObjectState: "an object lies in an archive; restore it there first",
  SlowDown: "the server has too much to do; try again",
  ServiceUnavailable: "the server has too much to do; try again",
  PreconditionFailed: "an object has changed meanwhile",
};

/**
 * Makes the error for what a server refused.
 *
 * @param code S3's own code.
 * @param status The status of its answer.
 * @param message What the server says.
 * @returns The error.
 */
export function refusal(code: string, status: number, message: string): BucketError {
  const help = HELP[code];
  const said = message === "" ? `status ${status}` : message.slice(0, 200);
  return new BucketError(
    code,
    help === undefined
      ? `the server says: ${code}: ${said}`
      : code === "AccessDenied"
      ? help
      : `${help} (${code})`,
  );
}
