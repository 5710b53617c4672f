/**
 * A case for `move`: runs with models, traces and datasets, of which some go into another experiment.
 *
 * @module
 */

import { move } from "../../tasks/moves/move.ts";
import { ENTERED, LEFT, writeMovable } from "../_support/movable.ts";
import { type Case, errorsIn, look, openCase } from "./case.ts";
import { carriedOut } from "./promise.ts";
import type { Setup, Tools } from "./scenarios.ts";

/**
 * Brings a case to where `move` finds runs with all that goes with them.
 *
 * @param one The case.
 * @param tools Which seed, and the command line.
 * @returns The case, ready.
 */
export async function prepareMove(one: Case, { seed, program }: Tools): Promise<Setup> {
  // For some seeds one run stays, and with it the dataset that it shares.
  writeMovable(one.root, { status: seed % 2 === 0 ? "RUNNING" : "FINISHED" });
  await using store = await openCase(one);
  const before = await look(one);
  const { plan } = await move(store, { experiments: [LEFT], to: ENTERED });
  const flags = ["--experiment", LEFT, "--to", ENTERED];
  return {
    program: program("move", "--apply", "--force", "--json", ...flags, "--store", one.root),
    before,
    ...carriedOut(plan, before),
    original: before,
    errors: await errorsIn(one),
    isUndoable: true,
  };
}
