/**
 * Random trees on the disk: odd names, empty directories, links of all kinds, modes and times.
 *
 * @module
 */

import fc from "./fast_check.ts";
import { join } from "@std/path";

/** One thing in a random tree. */
export type AnyNode =
  | { readonly kind: "file"; readonly content: Uint8Array; readonly mode: number }
  | { readonly kind: "link"; readonly target: string }
  | {
    readonly kind: "directory";
    readonly mode: number;
    readonly children: Readonly<Record<string, AnyNode>>;
  };

const name = fc.oneof(
  fc.constantFrom("meta.yaml", "artifacts", "metrics", "a", "a-b", "a b", "a.b", "A", "실험", "é"),
  fc.string({ minLength: 1, maxLength: 8 }).filter((text) =>
    !text.includes("/") && !text.includes("\0") && !text.includes("\\") && text !== "." &&
    text !== ".." && text !== ".mltidy.trash" &&
    text.isWellFormed()
  ),
);

const file: fc.Arbitrary<AnyNode> = fc.record({
  kind: fc.constant("file" as const),
  content: fc.uint8Array({ maxLength: 40 }),
  mode: fc.constantFrom(0o644, 0o600, 0o444, 0o755),
});

const link: fc.Arbitrary<AnyNode> = fc.record({
  kind: fc.constant("link" as const),
  target: fc.constantFrom("nowhere", ".", "..", "/etc/hostname", "meta.yaml", "a/../a"),
});

const { directory } = fc.letrec<{ directory: AnyNode; node: AnyNode }>((tie) => ({
  node: fc.oneof({ maxDepth: 3, withCrossShrink: true }, file, link, tie("directory")),
  directory: fc.record({
    kind: fc.constant("directory" as const),
    mode: fc.constantFrom(0o755, 0o700, 0o555, 0o2775),
    children: fc.dictionary(name, tie("node"), { maxKeys: 4 }),
  }),
}));

/** Random trees; each is a directory. */
export const anyTree: fc.Arbitrary<AnyNode> = directory;

/**
 * Writes a tree. All times differ, and are long ago.
 *
 * @param place Where it goes; nothing stands there.
 * @param node The tree.
 * @param time Epoch ms of its first file; each further thing is 1,001 ms later.
 * @returns The time for what comes next.
 */
export function writeAnyTree(place: string, node: AnyNode, time: number): number {
  let next = time;
  switch (node.kind) {
    case "link":
      Deno.symlinkSync(node.target, place);
      return next;
    case "file":
      Deno.writeFileSync(place, node.content);
      break;
    case "directory":
      Deno.mkdirSync(place);
      for (const [name, child] of Object.entries(node.children)) {
        next = writeAnyTree(join(place, name), child, next);
      }
  }
  Deno.chmodSync(place, node.mode);
  Deno.utimeSync(place, new Date(next), new Date(next));
  return next + 1_001;
}
