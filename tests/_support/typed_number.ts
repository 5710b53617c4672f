/**
 * Numbers behind flags of programs that test: a negative one is no flag of its own, and no text is 0.
 *
 * @module
 */

/**
 * Joins each negative number to the flag before it, as `parseArgs()` wants it.
 *
 * @param args What was typed.
 * @returns The same, to be parsed.
 */
export function withNegatives(args: readonly string[]): string[] {
  return args.flatMap((word, index) => {
    const isValue = (at: number) => isNegative(args[at]) && /^--[^=]+$/.test(args[at - 1] ?? "");
    if (isValue(index)) return [];
    return [isValue(index + 1) ? `${word}=${args[index + 1]}` : word];
  });
}

function isNegative(word: string | undefined): boolean {
  return word !== undefined && /^-[\d.]/.test(word);
}

/**
 * Reads a number behind a flag.
 *
 * @param flag The flag.
 * @param typed What stands behind it; `undefined` where it was not typed.
 * @returns The number; `null` where it was not typed.
 * @throws {TypeError} When it is none.
 */
export function typedNumber(flag: string, typed: unknown): number | null {
  if (typed === undefined) return null;
  const number = typeof typed === "string" && typed.trim() !== "" ? Number(typed) : NaN;
  if (Number.isFinite(number)) return number;
  throw new TypeError(`Cannot use ${JSON.stringify(typed)} for --${flag}: expected a number`);
}
