/**
 * Reading a plan that was saved.
 *
 * @module
 */

import { resolve } from "@std/path";
import type { Plan } from "../../../../lib/plan/plan.ts";
import { failureText, MOST, readTextFile } from "../../../_io/read.ts";
import { UsageError } from "../../table/usage_error.ts";
import type { World } from "../../world.ts";

/**
 * Reads a saved plan.
 *
 * @param name The file, as it was typed.
 * @param world What it needs of the world.
 * @returns The plan.
 * @throws {UsageError} When the file cannot be read.
 * @throws {PlanFormatError} When it is no plan.
 */
export async function readPlan(name: string, world: Pick<World, "directory">): Promise<Plan> {
  const { parsePlan } = await import("../../../../lib/plan/parse_plan.ts");
  return parsePlan(readPlanText(name, world), name);
}

/**
 * Reads the text of a saved plan, whatever it holds.
 *
 * @param name The file, as it was typed.
 * @param world What it needs of the world.
 * @returns The text.
 * @throws {UsageError} When the file cannot be read.
 */
export function readPlanText(name: string, { directory }: Pick<World, "directory">): string {
  try {
    return readTextFile(resolve(directory, name), { most: MOST.text });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const why = error instanceof Deno.errors.NotFound ? "no such file" : failureText(error);
    throw new UsageError(`Cannot read plan ${name}: ${why}`);
  }
}
