/** The command line is wrong; the message says what was expected and what to type instead. */
export class UsageError extends Error {
  /** The name of the class. */
  override readonly name = "UsageError";
}
