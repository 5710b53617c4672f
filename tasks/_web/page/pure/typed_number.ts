/**
 * A number of the policy as it was typed.
 *
 * @module
 */

import type { Control } from "../../messages.ts";

/** What the unit of a number is called. */
export const UNITS: Readonly<Record<Control["unit"], string>> = {
  days: "days",
  runs: "runs",
  percent: "%",
};

/** A number, or why what was typed is none that the policy takes. */
export type TypedNumber = { readonly number: number } | { readonly fault: string };

/** As on the server: more is as good as all. */
const MOST = 1_000_000;

/**
 * Reads a number of the policy.
 *
 * @param text What was typed; nothing as well where a browser takes it for no number.
 * @param control Which number is meant.
 * @returns The number; else what was expected, and what was found.
 */
export function readTypedNumber(
  text: string,
  { unit, min }: Pick<Control, "unit" | "min">,
): TypedNumber {
  const number = Number(text);
  const most = unit === "percent" ? 100 : MOST;
  const isFit = text.trim() !== "" && number >= min && number <= most &&
    (unit !== "runs" || Number.isInteger(number));
  if (isFit) return { number };
  const what = unit === "runs" ? "a whole number" : "a number";
  const range = number > most
    ? `of at most ${most.toLocaleString("en")}`
    : `of at least ${min.toLocaleString("en")}`;
  return { fault: `Expected ${what} ${range}, found ${text.trim() || "none"}` };
}
