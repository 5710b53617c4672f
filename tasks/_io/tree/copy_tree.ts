/**
 * Copying a tree to another place, synced and read back.
 *
 * @module
 */

import { join } from "@std/path";
import type { Membership } from "../../../lib/backup/plan_backup.ts";
import { mirrorWayTo } from "../permissions.ts";
import { failureText, readBytes } from "../read.ts";
import { takeTurns } from "../take_turns.ts";
import { loadDigest } from "./digest.ts";
import { linkedFiles } from "./linked_files.ts";
import { openInside } from "./open_inside.ts";
import { type Found, walkTree } from "./walk_tree.ts";
import {
  type Attributes,
  attributesOf,
  isOfPath,
  UnreadableSource,
  writeTree,
} from "./write_tree.ts";
import type { TreeWork } from "./tree_work.ts";

/**
 * Copies a tree with all that `write_tree.ts` keeps. When this returns, the copy is durable and was read back. Links are
 * copied, never followed. Needs read permission for the source and write permission for the target.
 *
 * @param source Absolute real path of a directory.
 * @param target An empty directory.
 * @param options The signal, progress, which paths of the tree to copy, and what of them is to be otherwise.
 * @throws {Error} When something cannot be copied, or reads back differently.
 * @throws {DOMException} `AbortError` when the signal is aborted.
 */
export async function copyTree(
  source: string,
  target: string,
  options: TreeWork & {
    readonly membership?: (path: string) => Membership;
    /** Told of what cannot be copied, and the rest goes on; without it, nothing does. */
    readonly onFailure?: (path: string, message: string) => void;
    /** What a copy gets besides its content. @default {what the original has} */
    readonly attributes?: (info: Deno.FileInfo) => Attributes;
    /** What a file is to hold instead of what it holds; `null` for that. */
    readonly edited?: (path: string, read: () => Uint8Array) => Uint8Array | null;
  } = {},
): Promise<void> {
  const { signal, onProgress, membership, onFailure, edited } = options;
  const { attributes: copied = attributesOf } = options;
  const turn = takeTurns(signal);
  let files = 0;
  let bytes = 0;
  const onBytes = (more: number) => {
    bytes += more;
    onProgress?.({ step: "Copying", files, bytes, total: null });
  };
  using writer = await writeTree(target, { digest: await loadDigest(), turn, onBytes });
  const linked = linkedFiles<string>();
  const copyOne = async ({ kind, path, info }: Exclude<Found, { kind: "unreadable" }>) => {
    const attributes = copied(info);
    // Only some of a directory may be wanted, and then it is not found itself.
    mirrorWayTo(source, target, path);
    if (kind === "directory") {
      return await writer.directory(path, { ...attributes, mode: attributes.mode | 0o700 });
    }
    if (kind === "link") {
      const leadsTo = ofSource(() => Deno.readLinkSync(join(source, path)));
      return await writer.link(path, leadsTo, attributes);
    }
    const bytes = edited?.(path, () => ofSource(() => readBytes(join(source, path)))) ?? null;
    using opened = ofSource(() => openInside(source, path));
    const earlier = linked.find(opened.info);
    if (bytes === null && earlier !== null && await writer.again(path, earlier)) return;
    const draft = await writer.file(path);
    try {
      if (bytes === null) await draft.fill(opened.file, opened.info.size);
      else draft.write(bytes);
    } catch (error) {
      if (error instanceof UnreadableSource) draft.drop();
      throw error;
    }
    await draft.settle(copied(opened.info));
    if (bytes === null) linked.remember(opened.info, path);
    files++;
  };
  for await (const found of walkTree(source, membership)) {
    await turn();
    const { path, kind } = found;
    const fail = (message: string, cause?: unknown) => {
      if (onFailure === undefined) {
        throw new Error(`Cannot copy ${join(source, path)}: ${message}`, { cause });
      }
      onFailure(path, message);
    };
    if (kind === "unreadable") {
      fail(found.message);
      continue;
    }
    if (kind === "special") {
      fail("it is no file");
      continue;
    }
    try {
      await copyOne(found);
    } catch (error) {
      if (!isOfPath(error)) throw error;
      fail(failureText(error instanceof UnreadableSource ? error.cause : error), error);
    }
  }
  await writer.finish();
}

function ofSource<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UnreadableSource(error);
  }
}
