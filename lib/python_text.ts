/**
 * Values as Python spells them: MLflow stores what `str()` gives, so a run that was logged from here
 * compares equal to one that was logged from Python.
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
