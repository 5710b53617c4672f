/**
 * Values as Python spells them: MLflow stores what `str()` gives, so a run that was logged from here
 * compares equal to one that was logged from Python. And texts as Python reads them, which is how MLflow
 * reads its files.
 *
 * @module
 */

/**
 * Writes a number as Python's `repr(float)` does.
 *
 * @param value Any number.
 * @returns The shortest digits that read back equal: `0.5`, `1.0`, `1e-07`, `1e+16`, `nan`, `-inf`.
 *
 * @example Where Python and JavaScript differ
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([1, 1e-7, 1e21, NaN, -Infinity].map(pythonFloat), [
 *   "1.0",
 *   "1e-07",
 *   "1e+21",
 *   "nan",
 *   "-inf",
 * ]);
 * ```
 */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [mantissa = "", exponent = ""] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power < -4 || power >= 16) {
    return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/**
 * Writes a value as Python's `str()` does.
 *
 * @param value Text stays as it is; a whole number up to 2^53 is an integer, any other number a
 * float; `true` is `True`, `null` and `undefined` are `None`; lists and objects become JSON.
 * @returns The text, without halves of surrogate pairs; `null` for what has no text, such as a
 * function or an object that contains itself.
 *
 * @example What a parameter looks like in MLflow
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([3, 0.1, true, null, "adam", [1, 2]].map(pythonText), [
 *   "3",
 *   "0.1",
 *   "True",
 *   "None",
 *   "adam",
 *   "[1,2]",
 * ]);
 * ```
 */
export function pythonText(value: unknown): string | null {
  switch (typeof value) {
    case "string":
      return value.toWellFormed();
    case "number":
      return Number.isSafeInteger(value) ? String(value) : pythonFloat(value);
    case "boolean":
      return value ? "True" : "False";
    case "bigint":
      return String(value);
    case "undefined":
      return "None";
    default:
      return value === null ? "None" : jsonText(value);
  }
}

function jsonText(value: unknown): string | null {
  try {
    return JSON.stringify(value)?.toWellFormed() ?? null;
  } catch {
    return null;
  }
}

// deno-lint-ignore no-control-regex
const LINE_BREAK = /\r\n|[\n\r\v\f\x1C-\x1E\x85\u2028\u2029]/;
// deno-lint-ignore no-control-regex
const SPACE = /^(?!\uFEFF)[\s\x1C-\x1F\x85]$/;

/**
 * Cuts a text into lines as Python's `str.splitlines()` does: not only at line feeds.
 *
 * @param text Any text.
 * @returns The lines without their ends; none for an empty text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(pythonLines("1\r\n2\v3\n"), ["1", "2", "3"]);
 * ```
 */
export function pythonLines(text: string): readonly string[] {
  const lines = text.split(LINE_BREAK);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

// deno-lint-ignore no-control-regex
const BEHIND_BREAK = /(?<=[\n\v\f\x1C-\x1E\x85\u2028\u2029]|\r(?!\n))/;

/**
 * Cuts a text into lines as Python's `str.splitlines(keepends=True)` does.
 *
 * @param text Any text.
 * @returns The lines with what ends them; none for an empty text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(pythonLinesWithEnds("1\r\n2\v3"), ["1\r\n", "2\v", "3"]);
 * ```
 */
export function pythonLinesWithEnds(text: string): readonly string[] {
  const lines = text.split(BEHIND_BREAK);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/**
 * Takes spaces away at both ends, as Python's `str.strip()` does, to which a byte order mark is none.
 *
 * @param text Any text.
 * @returns The text without them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(pythonStripped("\t 1\x1f"), "1");
 * assertEquals(pythonStripped("\uFEFF1"), "\uFEFF1");
 * ```
 */
export function pythonStripped(text: string): string {
  // A pattern would take its time over many spaces in the middle.
  let end = text.length;
  while (end > 0 && isSpace(text[end - 1]!)) end--;
  let start = 0;
  while (start < end && isSpace(text[start]!)) start++;
  return text.slice(start, end);
}

function isSpace(letter: string): boolean {
  return (letter <= " " || letter > "~") && SPACE.test(letter);
}

const DIGITS = String.raw`\p{Nd}(?:_?\p{Nd})*`;
const INTEGER = new RegExp(`^[-+]?${DIGITS}$`, "u");
const FLOAT = new RegExp(
  `^[-+]?(?:${DIGITS}(?:\\.(?:${DIGITS})?)?|\\.${DIGITS})(?:e[-+]?${DIGITS})?$`,
  "iu",
);

/**
 * Reads an integer as Python's `int()` does: in the digits of any script, with single `_` between them.
 *
 * @param text Any text.
 * @returns The number nearest to it; `null` for what is no integer.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["17", "+1_000", "３", "1.5", "0x1"].map(readPythonInteger), [17, 1000, 3, null, null]);
 * ```
 */
export function readPythonInteger(text: string): number | null {
  const number = withoutSpaces(text);
  return INTEGER.test(number) ? Number(plainDigits(number)) : null;
}

/**
 * Reads a number as Python's `float()` does.
 *
 * @param text Any text.
 * @returns The number, which may be `NaN` or infinite; `null` for what is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["1e-07", "1_0.5", ".5", "-Infinity", "NaN", "high", ""].map(readPythonFloat), [
 *   1e-7,
 *   10.5,
 *   0.5,
 *   -Infinity,
 *   NaN,
 *   null,
 *   null,
 * ]);
 * ```
 */
export function readPythonFloat(text: string): number | null {
  const number = withoutSpaces(text);
  if (FLOAT.test(number)) return Number(plainDigits(number));
  if (/^[-+]?nan$/i.test(number)) return NaN;
  if (/^[-+]?inf(?:inity)?$/i.test(number)) return number.startsWith("-") ? -Infinity : Infinity;
  return null;
}

/** Around a number Python takes U+001C to U+001F for no spaces, other than `str.strip()` does. */
function withoutSpaces(text: string): string {
  // deno-lint-ignore no-control-regex
  return /[\x1C-\x1F]/.test(text) ? text : pythonStripped(text);
}

function plainDigits(number: string): string {
  return number.replace(/[^\0-\x7F]/gu, (digit) => `${valueOf(digit)}`).replaceAll("_", "");
}

/** Unicode has the ten digits of a script in a row, and nothing but whole rows beside each other. */
function valueOf(digit: string): number {
  const code = digit.codePointAt(0)!;
  let first = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first--;
  return (code - first) % 10;
}
