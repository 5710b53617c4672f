/**
 * The numbers that a tag makes of text which, without it, is something else: `!!float 10:00:00`.
 *
 * @module
 */

/**
 * Reads a number as PyYAML does where a tag says that it is one (version 6.0, `constructor.py`,
 * `construct_yaml_float` and `construct_yaml_int`).
 *
 * @param text What is tagged.
 * @param type What the tag says.
 * @returns A word that means the same number without a tag; `null` where Python raises.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(taggedNumber("10:00:00", "float"), "36000.0");
 * assertEquals(taggedNumber(" 1", "int"), "1");
 * assertEquals(taggedNumber("0x10", "float"), null);
 * ```
 */
export function taggedNumber(text: string, type: "float" | "int"): string | null {
  return type === "float" ? floatWord(floatValue(text)) : integerWord(text);
}

/**
 * Reads a number as PyYAML's `construct_yaml_float` does, be it tagged or not.
 *
 * @param text What it is read from.
 * @returns The number; `null` where Python raises.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["1_0.5", "-.inf", "1:30.5", "high"].map(floatValue), [10.5, -Infinity, 90.5, null]);
 * ```
 */
export function floatValue(text: string): number | null {
  const [, sign = "", digits = ""] = /^([-+]?)(.*)$/s.exec(
    text.replaceAll("_", "").toLowerCase(),
  )!;
  const value = digits === ".inf"
    ? Infinity
    : digits === ".nan"
    ? NaN
    : inSixtieths(digits.split(":").map(readFloat), (total, part) => total * 60 + part);
  return value !== null && sign === "-" ? -value : value;
}

function floatWord(value: number | null): string | null {
  if (value === null) return null;
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value < 0 ? "-.inf" : ".inf";
  const word = Object.is(value, -0) ? "-0" : `${value}`;
  return word.includes(".") ? word : word.replace(/^-?\d+/, "$&.0");
}

/** What Python's `float()` reads. */
function readFloat(text: string): number | null {
  const word = text.trim();
  const special = /^([-+]?)(inf|infinity|nan)$/.exec(word);
  if (special !== null) {
    return special[2] === "nan" ? NaN : special[1] === "-" ? -Infinity : Infinity;
  }
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/.test(word) ? Number(word) : null;
}

function integerWord(text: string): string | null {
  const [, sign = "", digits = ""] = /^([-+]?)(.*)$/s.exec(text.replaceAll("_", ""))!;
  const value = digits.startsWith("0b")
    ? integer(digits.slice(2), /^[01]+$/, "0b")
    : digits.startsWith("0x")
    ? integer(digits.slice(2), /^[\da-f]+$/i, "0x")
    : digits.startsWith("0") && digits !== "0"
    ? integer(digits.replace(/^0o(?=[0-7])/, ""), /^[0-7]+$/, "0o")
    : inSixtieths(
      digits.split(":").map((part) => integer(part, /^\d+$/, "")),
      (total, part) => total * 60n + part,
    );
  return value === null ? null : `${sign === "-" ? -value : value}`;
}

/** What Python's `int()` reads in one base, signs and spaces around it included. */
function integer(text: string, pattern: RegExp, prefix: string): bigint | null {
  const [, sign, digits = ""] = /^\s*([-+]?)(\S*)\s*$/.exec(text) ?? [];
  if (!pattern.test(digits)) return null;
  const value = BigInt(prefix + digits);
  return sign === "-" ? -value : value;
}

/** Adds up what colons separate; more of it than any number has is not looked at. */
function inSixtieths<N extends number | bigint>(
  parts: readonly (N | null)[],
  add: (total: N, part: N) => N,
): N | null {
  if (parts.some((part) => part === null) || parts.length > MOST_PARTS) return null;
  return (parts as readonly N[]).reduce(add);
}

const MOST_PARTS = 1_000;
