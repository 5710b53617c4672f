/**
 * Who may use what we make: those who can use the directory that it is in.
 *
 * @module
 */

import { dirname } from "@std/path";
import { infoOf } from "./read.ts";

/**
 * Says which permissions something of ours has that is as open as the directory that it is in.
 *
 * @param directory The directory.
 * @param kind What it is.
 * @returns The mode; whoever makes it can use it in any case.
 */
export function modeBelow(directory: string, kind: "directory" | "file"): number {
  const mode = Deno.statSync(directory).mode ?? 0;
  return kind === "directory" ? (mode & 0o3777) | 0o700 : (mode & 0o666) | 0o600;
}

/**
 * Opens something new of ours to those who can use the directory that it is in, and to nobody else: several
 * accounts may share a store. It gets that directory's group, its permissions as far as they concern group
 * and others, and its owner where the process may give it away, as the root account may. What cannot be
 * done is left.
 *
 * @param path What was made.
 */
export function openLikeParent(path: string): void {
  if (Deno.build.os === "windows") return;
  const { uid, gid } = Deno.statSync(dirname(path));
  const made = Deno.lstatSync(path);
  const mode = modeBelow(dirname(path), made.isDirectory ? "directory" : "file");
  if (uid === null || gid === null) return;
  if (made.uid === uid && made.gid === gid && ((made.mode ?? 0) & 0o7777) === mode) return;
  // Who can write there could put a link in its place meanwhile, which Deno's own chmod would follow. An
  // import would cost all that start, and this is seldom.
  // deno-lint-ignore no-process-global
  const fs = process.getBuiltinModule("node:fs");
  const { O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const attempt = (change: () => void): boolean => {
    try {
      change();
      return true;
    } catch {
      return false;
    }
  };
  attempt(() => {
    const file = fs.openSync(path, O_NOFOLLOW | O_NONBLOCK);
    try {
      const hasGroup = attempt(() => fs.fchownSync(file, made.uid ?? uid, gid));
      // Another group gets what everybody gets.
      const others = (mode & 0o1707) | ((mode & 0o7) << 3);
      attempt(() => fs.fchmodSync(file, hasGroup ? mode : others));
      attempt(() => fs.fchownSync(file, uid, gid));
    } finally {
      fs.closeSync(file);
    }
  });
}

/**
 * Makes a directory that those can use who can use the one that it is in. Needs write permission.
 *
 * @param path The directory; it may be there.
 */
export function makeLikeParent(path: string): void {
  try {
    Deno.mkdirSync(path, { mode: modeBelow(dirname(path), "directory") });
  } catch (error) {
    // Another process that wants the same was faster.
    if (error instanceof Deno.errors.AlreadyExists && infoOf(path)?.isDirectory) return;
    throw error;
  }
  openLikeParent(path);
}
