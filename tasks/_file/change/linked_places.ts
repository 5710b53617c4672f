/**
 * Places that what leaves a store leads to: a link goes, and what it leads to stays.
 *
 * @module
 */

import { join } from "@std/path";
import type { ActionKind } from "../../../lib/plan/action_kind.ts";
import type { Action, LinkedPlace } from "../../../lib/plan/plan.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import { realPathOrNull } from "../../_io/read.ts";
import { holdsSymlinks } from "../scan/measure.ts";

/** What takes whole trees out of the store; their stamps tell which of them hold links. */
const TAKING: ReadonlySet<ActionKind> = new Set<ActionKind>([
  ...["purge-run", "purge-experiment", "purge-logged-model", "drop-artifact"] as const,
  ...["quarantine-orphan", "quarantine-stray"] as const,
]);

/**
 * Names what symbolic links in that lead to which leaves the store: it stays where it is, and nothing that is
 * said of sizes counts it. Needs read permission.
 *
 * @param root Absolute real path of the store's root.
 * @param actions What is to be done.
 * @returns The links that lead out of what leaves with them, and to something that is there.
 */
export async function linkedPlaces(
  root: string,
  actions: readonly Action[],
): Promise<readonly LinkedPlace[]> {
  const found: LinkedPlace[] = [];
  for (const { kind, path, stamp } of actions) {
    if (!TAKING.has(kind) || !holdsSymlinks(stamp)) continue;
    for (const link of await linksIn(join(root, path))) {
      // `null`: nothing is there, or nothing that this account can see.
      const target = realPathOrNull(link);
      const isOutside = target !== null && !`${target}/`.startsWith(`${join(root, path)}/`);
      if (isOutside) found.push({ path: asStorePath(link.slice(root.length + 1)), target });
    }
  }
  return found;
}

async function linksIn(tree: string): Promise<readonly string[]> {
  const links: string[] = [];
  const entered = [tree];
  for (let at; (at = entered.pop()) !== undefined;) {
    const listed = await listDirectory(at);
    if (listed.kind === "failed") continue;
    for (const { name, isSymlink, isDirectory } of listed.entries) {
      if (isSymlink) links.push(`${at}/${name}`);
      else if (isDirectory) entered.push(`${at}/${name}`);
    }
  }
  return links.sort();
}
