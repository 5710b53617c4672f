/**
 * Copying a tree to another place, synced and read back.
 *
 * @module
 */

import { join } from "@std/path";
import type { Membership } from "../../lib/plan_backup.ts";
import type { BringBackOptions } from "./bring_back.ts";
import { loadDigest } from "./digest.ts";
import { linkedFiles } from "./linked_files.ts";
import { openInside } from "./open_inside.ts";
import { mirrorWayTo } from "./permissions.ts";
import { takeTurns } from "./take_turns.ts";
import { walkTree } from "./walk_tree.ts";
import { attributesOf, writeTree } from "./write_tree.ts";

/**
 * Copies a tree with all that `write_tree.ts` keeps. When this returns, the copy is durable and was read back. Links are
 * copied, never followed. Needs read permission for the source and write permission for the target.
 *
 * @param source Absolute real path of a directory.
 * @param target An empty directory.
 * @param options The signal, progress, and which paths of the tree to copy.
 * @throws {Error} When something cannot be copied, or reads back differently.
 * @throws {DOMException} `AbortError` when the signal is aborted.
 */
export async function copyTree(
  source: string,
  target: string,
  options: BringBackOptions & { readonly membership?: (path: string) => Membership } = {},
): Promise<void> {
  const { signal, onProgress, membership } = options;
  const turn = takeTurns(signal);
  let files = 0;
  let bytes = 0;
  const onBytes = (more: number) => {
    bytes += more;
    onProgress?.({ step: "Copying", files, bytes, total: null });
  };
  using writer = await writeTree(target, { digest: await loadDigest(), turn, onBytes });
  const linked = linkedFiles<string>();
  for await (const found of walkTree(source, membership)) {
    await turn();
    const { path, kind } = found;
    if (kind === "unreadable") {
      throw new Error(`Cannot copy ${join(source, path)}: ${found.message}`);
    }
    if (kind === "special") throw new Error(`Cannot copy ${join(source, path)}: it is no file`);
    const attributes = attributesOf(found.info);
    // Only some of a directory may be wanted, and then it is not found itself.
    mirrorWayTo(source, target, path);
    if (kind === "directory") {
      await writer.directory(path, { ...attributes, mode: attributes.mode | 0o700 });
    } else if (kind === "link") {
      await writer.link(path, Deno.readLinkSync(join(source, path)), attributes);
    } else {
      using opened = openInside(source, path);
      const earlier = linked.find(opened.info);
      if (earlier !== null && await writer.again(path, earlier)) continue;
      const draft = await writer.file(path);
      await draft.fill(opened.file, opened.info.size);
      await draft.settle(attributesOf(opened.info));
      linked.remember(opened.info, path);
      files++;
    }
  }
  await writer.finish();
}
