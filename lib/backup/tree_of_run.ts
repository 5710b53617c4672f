/**
 * What goes with a run that is nested in others, or others in it.
 *
 * @module
 */

/**
 * Finds the runs that are of one tree with a run.
 *
 * @param run The run's id.
 * @param parents Each run that may be → the one that it is nested in.
 * @returns Their ids, its own first.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const parents = new Map([["a", null], ["b", "a"], ["c", "a"], ["d", null]]);
 * assertEquals([...treeOfRun("b", parents)], ["b", "a", "c"]);
 * ```
 */
export function treeOfRun(
  run: string,
  parents: ReadonlyMap<string, string | null>,
): ReadonlySet<string> {
  const children = Map.groupBy(parents.keys(), (id) => parents.get(id) ?? null);
  const tree = new Set([run]);
  for (const one of tree) {
    const parent = parents.get(one) ?? null;
    if (parent !== null && parents.has(parent)) tree.add(parent);
    for (const child of children.get(one) ?? []) tree.add(child);
  }
  return tree;
}
