/**
 * What part of a store a plan is about, in words.
 *
 * @module
 */

import type { Plan } from "../plan/plan.ts";
import { isRemoval } from "../plan/action_kind.ts";
import type { Selection } from "../policy/policy.ts";

/**
 * Says that a plan was made for a part of a store.
 *
 * @param plan The plan.
 * @returns A line; none for a plan of the whole store.
 */
export function selectionLines(plan: Plan): readonly string[] {
  const only = isRemoval(plan) ? plan.policy.only : undefined;
  if (only === undefined) return [];
  const names = new Map(Object.entries(plan.experiments).map(([path, name]) => [idIn(path), name]));
  // An id goes before a name that reads like it, so what an id stands for is said.
  const named = (text: string) => {
    const name = names.get(text);
    return name === undefined || name === text ? text : `${text} (${name})`;
  };
  const { experiments, exclude, runs } = only;
  const part = selectionText({ experiments: experiments.map(named), exclude, runs });
  return part === "" ? [] : [`This plan is about ${part} alone; all else stays as it is.`];
}

/** The last name of the path of an experiment, be it in `.trash/`. */
function idIn(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/**
 * Names a part of a store.
 *
 * @param selection The part.
 * @returns Such as `runs 3a7b of experiments churn-*, 7 without 9`, globs as they are; empty where nothing is left out.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   selectionText({ experiments: ["churn-*", "7"], exclude: ["churn-base"], runs: [] }),
 *   "experiments churn-*, 7 without churn-base",
 * );
 * ```
 */
export function selectionText({ experiments, exclude, runs }: Selection): string {
  const listed = (noun: string, of: readonly string[]) =>
    of.length === 0
      ? []
      : [`${noun}${of.length === 1 && !of[0]?.includes(",") ? "" : "s"} ${of.join(", ")}`];
  const places = [
    ...(exclude.length > 0 && experiments.length + runs.length === 0
      ? ["all experiments"]
      : listed("experiment", experiments)),
    ...(exclude.length === 0 ? [] : [`without ${exclude.join(", ")}`]),
  ].join(" ");
  return [...listed("run", runs), ...(places === "" ? [] : [places])]
    .join(exclude.length > 0 && experiments.length === 0 ? " " : " of ");
}
