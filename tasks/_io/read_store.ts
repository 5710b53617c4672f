/**
 * Disk → snapshot, at any depth.
 *
 * @module
 */

import type { Depth, StoreSnapshot } from "../../lib/model.ts";
import type { ReadOptions } from "../store.ts";
import { scanStore } from "./scan.ts";

/**
 * Reads a file store. Needs read permission for it; at depth `full` also for the places that its
 * artifact URIs name, which otherwise count as being there.
 *
 * @param root Absolute real path of the store's root.
 * @param options How to read.
 * @param now Epoch ms, kept in the snapshot.
 * @returns The snapshot.
 * @throws {DOMException} `AbortError` when the signal is aborted between two experiments.
 */
export async function readStore<D extends Depth>(
  root: string,
  options: ReadOptions<D>,
  now: number,
): Promise<StoreSnapshot<D>> {
  const { depth, sizes = false, signal } = options;
  if (depth !== "full") return scanStore(root, { ...options, sizes, now });
  // Loaded when it is needed, as it would cost every other task time at its start.
  const { inspectStore } = await import("./inspect_store.ts");
  const aborted = signal === undefined ? {} : { signal };
  const snapshot = scanStore(root, { depth: "tags", sizes, now, ...aborted });
  const inspected: StoreSnapshot = inspectStore(snapshot, options);
  return inspected as StoreSnapshot<D>;
}
