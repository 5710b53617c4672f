/**
 * What is in the way of undoing where an experiment has been soft-deleted since.
 *
 * @module
 */

/** An experiment that was there, and what is wanted of it. */
export interface DeletedExperiment {
  /** Its id. */
  readonly id: string;
  /** Where it was found, in words; empty where there is no telling. */
  readonly found: string;
  /** What it is needed for, in words. */
  readonly need: string;
}

/**
 * Says that an experiment is to be restored first.
 *
 * @param experiment Which, and what it is needed for.
 * @returns Both sides of the collision, and the remedy.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { deletedExperimentText } from "./deleted_experiment.ts";
 *
 * assertEquals(
 *   deletedExperimentText({ id: "7", found: "in .trash/7", need: "run ab belongs into it" }),
 *   "experiment 7: expected it active, since run ab belongs into it, found it deleted in .trash/7; restore it first with `mlflow experiments restore --experiment-id 7`",
 * );
 * ```
 */
export function deletedExperimentText({ id, found, need }: DeletedExperiment): string {
  const place = found === "" ? "" : ` ${found}`;
  return `experiment ${id}: expected it active, since ${need}, found it deleted${place}; restore it first with \`mlflow experiments restore --experiment-id ${id}\``;
}
