/**
 * Printing a document as JSON, however long it is.
 *
 * @module
 */

import { jsonInLines } from "../../../lib/text/terminal_text.ts";
import type { World } from "../world.ts";

/**
 * Prints a document, in lines that can be compared, and a line feed behind it.
 *
 * @param document What JSON can say.
 * @param world What it needs of the world.
 */
export function printJson(document: unknown, world: Pick<World, "print">): void {
  for (const piece of jsonInLines(document)) world.print(piece);
  world.print("\n");
}

/**
 * Prints what was done; where that cannot be written, says it instead, since it was done all the same.
 *
 * @param document What is printed as JSON; `null`: for people instead.
 * @param text The same for people.
 * @param world What it needs of the world.
 * @throws {Error} When it cannot be printed.
 */
export function printDone(
  document: unknown,
  text: string,
  world: Pick<World, "print" | "say">,
): void {
  try {
    if (document === null) world.print(text);
    else printJson(document, world);
  } catch (error) {
    world.say(text, { isRendered: true });
    throw error;
  }
}
