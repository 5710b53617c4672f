/**
 * Artifacts on their way: copied beside the spool at once, since training may overwrite them the moment after.
 *
 * *Ordering*: a file is whole before its line stands in the spool.
 *
 * @module
 */

import { join } from "@std/path";
import { formatSize } from "../../../lib/text/units.ts";
import { removeIfThere } from "../../_io/durable.ts";
import { fileUriPath } from "../../_io/file_uri.ts";
import { listDirectory } from "../../_io/list_directory.ts";
import { failureText } from "../../_io/read.ts";
import type { ArtifactContent, Placement } from "../../ports/tracking.ts";

/** Where files go. */
export interface Staging {
  /** Names a new file. */
  readonly newFile: () => string;
  /** Says that a file of the staging's belongs at a path among the artifacts. */
  readonly add: (path: string, file: string) => void;
}

/** A server holds all of a file in its memory, and so does whoever sends it, bytes. */
const LARGEST = 512 << 20;
const MOST_SHOWN = 5;

/**
 * Copies a file, all files of a directory, or bytes.
 *
 * @param artifact What, and its path among the artifacts.
 * @param staging Where they go.
 * @returns What came of it.
 * @throws {Deno.errors.NotFound} When there is no such file.
 * @throws {Deno.errors.NotSupported} When something could not be copied, after all the rest has been.
 */
export async function stageArtifact(
  { path, content }: { readonly path: string; readonly content: ArtifactContent },
  staging: Staging,
): Promise<Placement> {
  if ("bytes" in content) {
    stage(staging, path, content.bytes.length, (place) => Deno.writeFileSync(place, content.bytes));
    return LOGGED;
  }
  const isUrl = /^file:\/\//i.test(content.path);
  const source = isUrl ? fileUriPath(content.path) : content.path;
  const left: string[] = [];
  await stageTree(source, path, { staging, left, above: [] });
  if (left.length === 0) return LOGGED;
  const shown = left.slice(0, MOST_SHOWN).join("; ");
  const more = left.length > MOST_SHOWN ? `; and ${left.length - MOST_SHOWN} more` : "";
  throw new Deno.errors.NotSupported(`could not copy ${shown}${more}`);
}

const LOGGED: Placement = { placed: "logged", twin: null };

interface Walk {
  readonly staging: Staging;
  /** What could not be copied. */
  readonly left: string[];
  /** Real paths of the directories on the way, for links that lead back. */
  readonly above: readonly string[];
}

/** Links are followed, loops are not; of an empty directory a server knows nothing. */
async function stageTree(source: string, path: string, walk: Walk): Promise<void> {
  const { staging, left, above } = walk;
  const { isFile, isDirectory, size } = Deno.statSync(source);
  if (isFile) return stage(staging, path, size, (place) => Deno.copyFileSync(source, place));
  // To open a pipe is to wait for whoever writes into it.
  if (!isDirectory) return void left.push(`${source}: it is no file and no directory`);
  const real = Deno.realPathSync(source);
  if (above.includes(real)) return;
  const listed = await listDirectory(source);
  if (listed.kind === "failed") return void left.push(`${source}: ${listed.message}`);
  for (const { name } of listed.entries) {
    const below = join(source, name);
    try {
      await stageTree(below, `${path}/${name}`, { ...walk, above: [...above, real] });
    } catch (error) {
      left.push(`${below}: ${failureText(error)}`);
    }
  }
}

function stage(
  { newFile, add }: Staging,
  path: string,
  size: number,
  write: (place: string) => void,
): void {
  if (size > LARGEST) {
    throw new Deno.errors.NotSupported(
      `${path} has ${formatSize(size)}, and no more than ${
        formatSize(LARGEST)
      } is sent to a server at once; log it with MLflow itself`,
    );
  }
  const place = newFile();
  try {
    write(place);
    add(path, place.slice(place.lastIndexOf(".") + 1));
  } catch (error) {
    removeIfThere(place);
    throw error;
  }
}
