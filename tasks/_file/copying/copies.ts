/**
 * The copies of a change, each made before its turn comes.
 *
 * @module
 */

import type { CopyTree, Operation } from "../../../lib/files/operation.ts";
import { tryFreeTree } from "../../_io/tree/free_tree.ts";
import { bringTree, type CopyPlaces, placeInStaging } from "./bring_tree.ts";
import { type Copied, copyFrom } from "./copy_from.ts";

/** Copies that wait in staging. */
export interface Copies {
  /** Makes the copies that operations ask for. */
  ready(operations: readonly Operation[]): Promise<void>;
  /**
   * Brings one into the store.
   *
   * @throws {Error} When something is there, or the operating system refuses; then the store is as it was.
   */
  bring(operation: CopyTree): void;
  /** Says what keeps operations from being carried out, if anything does. */
  faultOf(operations: readonly Operation[]): Exclude<Copied, { kind: "copied" }> | null;
  /** Frees the copies that were never taken. */
  drop(operations: readonly Operation[]): Promise<void>;
}

/**
 * Gets ready to copy trees of another store. Needs read permission for that, and write permission for this one.
 *
 * @param at The places.
 * @returns The copies; none is made before it is asked for.
 */
export function copiesOf(at: CopyPlaces): Copies {
  const made = new Map<CopyTree, Copied>();
  const missing: Copied = { kind: "failed", message: "it was not copied" };
  return {
    async ready(operations) {
      for (const operation of operations) {
        if (operation.kind !== "copy-tree") continue;
        made.set(operation, await copyFrom(operation, at.root, placeInStaging(at)));
      }
    },
    bring(operation) {
      const found = made.get(operation);
      if (found?.kind !== "copied") throw new Error("it was not copied");
      bringTree(operation, at, found.tree);
      made.delete(operation);
    },
    faultOf(operations) {
      for (const operation of operations) {
        const found = operation.kind === "copy-tree" ? made.get(operation) ?? missing : null;
        if (found !== null && found.kind !== "copied") return found;
      }
      return null;
    },
    async drop(operations) {
      for (const operation of operations) {
        const found = operation.kind === "copy-tree" ? made.get(operation) : undefined;
        if (operation.kind !== "copy-tree" || found === undefined) continue;
        made.delete(operation);
        if (found.kind === "copied") await tryFreeTree(found.tree.path);
      }
    },
  };
}
