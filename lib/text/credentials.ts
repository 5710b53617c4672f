/**
 * Texts without what opens a door: nobody is shown the passwords and tokens in them, and no record keeps them.
 *
 * @module
 */

/** In these only what stands before the path can hold a user and a password. */
const PLAIN = "https?|s?ftps?|file|s3[an]?|gs|r2|oss|hdfs|viewfs|dbfs|mlflow-artifacts";
/** In these a container stands where others have a user. */
const STORAGE = "wasbs?|abfss?";
/** Who asks PostgreSQL opens nothing without a password, and a command that is typed again needs the name. */
const KNOWN_USER = "postgres(?:ql)?(?:\\+\\w+)?://[\\w.-]+@";
/** The password of a database may have any sign, as drivers take it. */
const OTHER = `(?!(?:${PLAIN}|${STORAGE}):|${KNOWN_USER})[a-z][a-z0-9+.-]*`;

const PLAIN_USER = new RegExp(`\\b((?:${PLAIN})://)[^\\s/?#"'\`<>]*@`, "gi");
const OTHER_USER = new RegExp(`(?<![a-z0-9+.-])(${OTHER}://)[^\\s:/@]*(?::\\S*)?@`, "gi");
const ONE_PLAIN_USER = new RegExp(`^((?:${PLAIN})://)[^/?#]*@`, "i");
const ONE_OTHER_USER = new RegExp(`^(${OTHER}://)[^:/@]*(?::.*)?@`, "is");

const SECRET =
  /([?&;][\w.-]*(?:passw|pwd|secret|token|credential|signature|sig|key)[\w.-]*=)[^\s&;#"'`<>]+/gi;

/**
 * Takes the user and the password out of a URI, and the values of secrets out of its query. By whose name a database of
 * PostgreSQL is asked stays where no password stands beside it.
 *
 * @param uri Any URI, or a path.
 * @returns It without what stands before an `@` in front of its host.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(withoutCredentials("https://kim:secret@host:5000/x"), "https://host:5000/x");
 * assertEquals(withoutCredentials("postgresql://kim:a/b c@db/x?token=d"), "postgresql://db/x?token=…");
 * assertEquals(withoutCredentials("postgresql://kim@db/x"), "postgresql://kim@db/x");
 * assertEquals(withoutCredentials("/data/a@b"), "/data/a@b");
 * ```
 */
export function withoutCredentials(uri: string): string {
  if (!uri.includes("://")) return uri;
  return uri.replace(ONE_PLAIN_USER, "$1").replace(ONE_OTHER_USER, "$1").replace(SECRET, "$1…");
}

/**
 * Does the same for every URI in a text.
 *
 * @param text Any text, such as what a program said.
 * @returns The same text; a URI ends at a space.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   hideCredentials("Cannot reach https://kim:secret@host/x or mysql://kim:top/secret@db/y"),
 *   "Cannot reach https://host/x or mysql://db/y",
 * );
 * ```
 */
export function hideCredentials(text: string): string {
  if (!text.includes("://")) return text;
  return text.replace(PLAIN_USER, "$1").replace(OTHER_USER, "$1").replace(SECRET, "$1…");
}

/** What a shell takes for a variable of the program behind it. */
const VARIABLE = /^([A-Za-z_]\w*)=/;

/**
 * Names a program without its arguments: there may be a password among them, and what is said may be kept in a
 * log, and what is recorded is seen by all who see the store.
 *
 * @param program The program and its arguments.
 * @returns Its name; of a variable that stands in its place, as a shell would take it, no value.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(programName(["python", "train.py", "--password", "secret"]), "python");
 * assertEquals(programName(["PASSWORD=secret", "python", "train.py"]), "PASSWORD=…");
 * ```
 */
export function programName([program = ""]: readonly string[]): string {
  const [, variable] = VARIABLE.exec(program) ?? [];
  return variable === undefined ? withoutCredentials(program) : `${variable}=…`;
}

/**
 * Says why a header cannot hold a text, without the text: it may be a secret.
 *
 * @param text The text.
 * @returns What is in it that cannot be; `null` when nothing is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(headerFault("two words, é"), null);
 * assertEquals(headerFault("token\n"), "a line break");
 * assertEquals(headerFault("토큰"), "a character beyond Latin-1");
 * ```
 */
export function headerFault(text: string): string | null {
  if (/[\r\n]/.test(text)) return "a line break";
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x08\x0b-\x1f\x7f]/.test(text)) return "a control character";
  return /[\u{100}-\u{10ffff}]/u.test(text) ? "a character beyond Latin-1" : null;
}
