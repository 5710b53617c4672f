/**
 * Doing what the remedies of findings say, as an owner would who reads them.
 *
 * @module
 */

import { basename, dirname, join } from "@std/path";
import type { Remedy } from "../../lib/verify/rule.ts";
import { openStore } from "../../tasks/open_store.ts";
import { repair } from "../../tasks/repair.ts";
import { verify } from "../../tasks/verify.ts";

const HOUR = 3_600_000;

/**
 * Does what can be done without knowing more than what is said: repairs, and moves out of the store what is
 * to be moved or removed.
 *
 * @param root The store's root.
 * @returns Whether there was anything to do.
 */
export async function doRemedies(root: string): Promise<boolean> {
  await using store = await openStore(root, { now: () => Date.now() + HOUR });
  const { findings } = await verify(store);
  const remedies = findings.map(({ remedy }) => remedy);
  const asked = remedies.filter((one) => one?.kind === "repair");
  if (asked.length > 0) {
    await repair(store, {
      apply: true,
      settle: 0,
      staleAfter: 90 * 24 * HOUR,
      relocate: asked.some(({ relocate }) => relocate === true),
      dropLines: asked.some(({ dropLines }) => dropLines === true),
    });
  }
  const taken = findings
    .filter(({ path, remedy }) => isTaking(remedy, isDirectory(join(root, path))))
    .map(({ path }) => path);
  for (const [index, path] of taken.entries()) takeOut(root, path, index);
  return asked.length + taken.length > 0;
}

function isTaking(remedy: Remedy | null, isDirectory: boolean): boolean {
  const takes = (text: string) =>
    /\bout of\b/.test(text) &&
    (/\bmove (?:it|the (?:copy|directory|trace))\b/i.test(text) ||
      !isDirectory && /\bmove the file\b/i.test(text) ||
      /^move one of the two\b/i.test(text));
  switch (remedy?.kind) {
    case "cleanup":
      return remedy.does === "quarantine";
    case "by-hand":
      return takes(remedy.text) || !isDirectory && /^remove the (?:file|link)/i.test(remedy.text);
    case "choice":
      return remedy.ways.some(takes);
    default:
      return false;
  }
}

function isDirectory(path: string): boolean {
  try {
    return Deno.lstatSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** What lies in something that was taken is gone already. */
function takeOut(root: string, path: string, index: number): void {
  const place = join(dirname(root), "taken");
  Deno.mkdirSync(place, { recursive: true });
  try {
    Deno.renameSync(join(root, path), join(place, `${index} ${basename(path)}`));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
