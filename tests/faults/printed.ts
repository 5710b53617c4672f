/**
 * What a command whose reads fail may print.
 *
 * @module
 */

import type { Ran } from "./program.ts";

/** Says what is wrong with what a command printed, and with its exit code, beside what it prints when nothing fails. */
export type Compare = (
  printed: unknown,
  healthy: unknown,
  codes: readonly number[],
) => readonly string[];

/** What README says of exit codes. */
const CODES = [0, 1, 3, 4, 10, 11, 12, 13];

/**
 * Reads what a command printed with `--json`.
 *
 * @param ran How it ended.
 * @returns The document; `null` where it is none.
 */
export function parsed({ stdout }: Ran): unknown {
  try {
    return JSON.parse(stdout);
  } catch {
    return null;
  }
}

/**
 * Says what is wrong with how a command ended: it has a documented exit code and ends in words.
 *
 * @param ran How it ended.
 * @returns One line each.
 */
export function saidWell({ code, signal, stderr }: Ran): readonly string[] {
  const isOfConfiguration = code === 2 && stderr.includes("Cannot read configuration");
  return [
    ...(signal === null && (CODES.includes(code) || isOfConfiguration)
      ? []
      : [`exit ${code}, ${signal}: ${stderr}`]),
    ...(/^\s+at .*:\d+:\d+|panicked/m.test(stderr) ? [`stack trace: ${stderr}`] : []),
    ...(code !== 0 && code !== 3 && stderr.trim() === "" ? [`exit ${code}, and not a word`] : []),
  ];
}

interface Printed {
  readonly actions?: readonly { readonly kind: string; readonly path: string }[];
  readonly findings?: readonly { readonly rule: string; readonly path: string }[];
}

/** What takes something away, or has it taken away later. */
const REMOVES = /^(soft-delete|purge|quarantine|drop|finish-stale|trim)/;

/**
 * Finds actions that take something away and that the healthy store does not get.
 *
 * @param printed The plan.
 * @param healthy The plan of the healthy store.
 * @returns One line each.
 */
export function noOtherAction(printed: unknown, healthy: unknown): readonly string[] {
  const keys = (from: unknown) =>
    ((from as Printed | null)?.actions ?? []).filter(({ kind }) => REMOVES.test(kind))
      .map(({ kind, path }) => `${kind} ${path}`);
  const known = new Set(keys(healthy));
  return keys(printed).filter((key) => !known.has(key)).map((key) => `only so planned: ${key}`);
}

/**
 * Says whether a store was called sound that is not.
 *
 * @param _printed What was printed.
 * @param _healthy What is printed of the healthy store.
 * @param codes How the command ended, and how it ends there.
 * @returns One line, or none.
 */
export function noLessFound(
  _printed: unknown,
  _healthy: unknown,
  [code, wanted]: readonly number[],
): readonly string[] {
  return code === 0 && wanted !== 0 ? [`exit 0 instead of ${wanted}`] : [];
}

/**
 * Finds what `verify` says of the healthy store and conceals now, without a word on what it could not read.
 *
 * @param printed What was printed.
 * @param healthy What is printed of the healthy store.
 * @param codes How the command ended.
 * @returns One line each.
 */
export function nothingConcealed(
  printed: unknown,
  healthy: unknown,
  [code]: readonly number[],
): readonly string[] {
  const keys = (from: unknown) =>
    new Set(((from as Printed | null)?.findings ?? []).map(({ rule, path }) => `${rule} ${path}`));
  const [found, wanted] = [keys(printed), keys(healthy)];
  const saysMore = found.difference(wanted).size > 0 || code !== 0;
  return saysMore ? [] : [...wanted.difference(found)].map((key) => `concealed: ${key}`);
}
