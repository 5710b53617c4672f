/**
 * What a scheduled task is granted: the words for Deno, and no more than it needs.
 *
 * @module
 */

/** What a task touches besides the program itself. */
export interface Needs {
  /** Absolute paths that it reads. */
  readonly reads: readonly string[];
  /** Absolute paths that it writes. */
  readonly writes: readonly string[];
  /** Hosts that it talks to, with their ports. */
  readonly hosts: readonly string[];
  /** Variables that it asks for. */
  readonly variables: readonly string[];
  /** Whether it takes the lock of a store, in which the name of this machine stands. */
  readonly locks: boolean;
}

/**
 * Writes what a task needs as Deno is told.
 *
 * @param needs What it needs.
 * @returns Words for `deno run`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   grantWords({ reads: ["/data", "/data/runs"], writes: [], hosts: [], variables: [], locks: false }),
 *   ["--allow-read=/data"],
 * );
 * ```
 */
export function grantWords({ reads, writes, hosts, variables, locks }: Needs): readonly string[] {
  const list = (flag: string, values: readonly string[]) =>
    values.length === 0 ? [] : [`${flag}=${values.join(",")}`];
  return [
    ...list("--allow-read", outermost(reads.map((path) => grantable(path)))),
    ...list("--allow-write", outermost(writes.map((path) => grantable(path)))),
    ...list("--allow-net", hosts),
    ...list("--allow-env", variables),
    ...(locks ? ["--allow-sys=hostname"] : []),
  ];
}

/**
 * Names what can be granted so that a path can be used: Deno takes a comma for the end of a path.
 *
 * @param path Absolute path.
 * @param end What ends a path where it is granted.
 * @returns The same, or the innermost directory above it that can be named.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(grantable("/data/a,b/mlruns"), "/data");
 * ```
 */
export function grantable(path: string, end: RegExp = /,/): string {
  const at = path.search(end);
  return at < 0 ? path : path.slice(0, at).replace(/[\\/][^\\/]*$/, "") || "/";
}

function outermost(paths: readonly string[]): readonly string[] {
  const isIn = (path: string, other: string) =>
    path !== other && path.startsWith(/[\\/]$/.test(other) ? other : `${other}/`);
  return [...new Set(paths)].filter((path) => !paths.some((other) => isIn(path, other)));
}
