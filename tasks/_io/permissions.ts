/**
 * Who may use what we make.
 *
 * The rule: *whatever mltidy makes may be used by those who may use what it stands for, and by nobody
 * else, whoever made it.* What stands for something in the store (a copy, a new version of a file, a
 * directory of a backup that mirrors one of the store) takes owner, group and mode from that; what stands
 * for nothing takes them from the directory that it is in, so in the end from the store's root (what is new in the
 * store, so that MLflow sees it, is made by `_file/own/make_new.ts`, which minds the umask as well); and what
 * holds the text of records takes what is common to all the ways that lead to them. The owner is kept
 * where this account may give things away, as the root account may, the group where it belongs to it. Where
 * one is not kept, the group gets what everybody gets, and no set-user-ID or set-group-ID bit of a file is
 * kept: under another account it would lend that account's rights to whoever wrote the file. An access
 * list shows in a mode by its mask alone: a directory that mirrors one with such a list lets its group do
 * what the mask allows.
 *
 * *Ordering*: everything is made for this account alone, or as open as it stays, see {@linkcode beginDirectory},
 * then it gets its owner, which takes set-ID bits away, and its mode last; so there is no moment at which it
 * is more open, or lends more, than in the end.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { holdEntry } from "./hold.ts";
import { infoOf } from "./read.ts";

/** Whose something is, and who may do what with it. */
export interface Access {
  /** `null` on Windows, which has no such owners; so has it no such group. */
  readonly uid: number | null;
  readonly gid: number | null;
  /** Permission bits with set-user-ID, set-group-ID and sticky bit. */
  readonly mode: number;
}

const SET_ID = 0o6000;
/** For what stands for nothing that is there. */
const NOBODY_ELSE: Access = { uid: null, gid: null, mode: 0o700 };
/** Of a directory: only owners remove, and what is made in it gets its group. */
const STICKY = 0o1000;
const INHERIT = 0o2000;

/**
 * Tells whose something is, and who may do what with it.
 *
 * @param info What it is.
 * @returns The access.
 */
export function accessOf({ uid, gid, mode }: Deno.FileInfo): Access {
  return { uid, gid, mode: (mode ?? 0o600) & 0o7777 };
}

/**
 * Tells whether a file under another owner is no looser than what it stands for, and lends nothing.
 *
 * @param mode The file's mode.
 * @param than The mode of what it stands for.
 * @returns Whether it has no set-user-ID and set-group-ID, and no right that the other has not.
 */
export function isNoLooser(mode: number, than: number): boolean {
  return (mode & SET_ID) === 0 && (mode & ~than) === 0;
}

/**
 * Says what something of ours gets that stands for nothing in the store: as open as the directory that it
 * is in.
 *
 * @param directory The directory.
 * @param kind What it is.
 * @returns The access; whoever makes it can use it in any case.
 */
export function accessBelow(directory: string, kind: "directory" | "file"): Access {
  return ownAccess(Deno.statSync(directory), kind);
}

function ownAccess(model: Deno.FileInfo, kind: "directory" | "file"): Access {
  const { uid, gid, mode } = accessOf(model);
  const own = kind === "directory"
    ? (mode & (STICKY | INHERIT | 0o777)) | 0o700
    : (mode & 0o666) | 0o600;
  return { uid, gid, mode: own };
}

/**
 * Gives a file or directory that this account has made its owner, its group and its mode, as far as this
 * account may. Does nothing to a link, nor through one.
 *
 * @param path What was made.
 * @param wanted What it gets.
 * @param made What was made, as its open file tells: nothing else gets anything.
 * @returns Whether it got the owner and the group.
 * @throws {Error} When it cannot be opened, or its mode cannot be changed.
 */
export function setAccess(
  path: string,
  wanted: Access,
  made: Deno.FileInfo = Deno.lstatSync(path),
): boolean {
  const { uid, gid, mode } = wanted;
  if (Deno.build.os === "windows" || uid === null || gid === null) return true;
  if (made.uid === uid && made.gid === gid && ((made.mode ?? 0) & 0o7777) === mode) return true;
  // Who can write there could put a link in its place meanwhile, which Deno's own chmod would follow. An
  // import would cost all that start, and this is seldom.
  // deno-lint-ignore no-process-global
  const fs = process.getBuiltinModule("node:fs");
  const { O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const file = fs.openSync(path, O_NOFOLLOW | O_NONBLOCK);
  const found = fs.fstatSync(file);
  const give = (owner: number): boolean => {
    if (found.uid === owner && found.gid === gid) return true;
    try {
      fs.fchownSync(file, owner, gid);
      return true;
    } catch (error) {
      if (isRefusal(error)) return false;
      throw error;
    }
  };
  try {
    if (found.ino !== made.ino || found.dev !== made.dev) {
      throw new Error(`${path} was replaced while it was written`);
    }
    const hasBoth = give(uid);
    const hasGroup = hasBoth || give(found.uid);
    // Another group gets what everybody gets.
    const rights = hasGroup ? mode & 0o777 : (mode & 0o707) | (mode & mode << 3 & 0o070);
    const special = made.isDirectory
      ? mode & (hasGroup ? STICKY | INHERIT : STICKY)
      : mode & (hasBoth ? SET_ID | STICKY : STICKY);
    const isSo = (fs.fstatSync(file).mode & 0o7777) === (rights | special);
    if (!isSo) fs.fchmodSync(file, rights | special);
    return hasBoth;
  } finally {
    fs.closeSync(file);
  }
}

/** Whether this account may not give something away, or the file system has no owners; not that it failed. */
function isRefusal(error: unknown): boolean {
  const { code } = error as { readonly code?: string };
  return ["EPERM", "EACCES", "EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"].includes(code ?? "");
}

/**
 * Gives a link its owner and its group, as far as this account may.
 *
 * @param path The link.
 * @param wanted What it gets.
 */
export function setLinkOwner(path: string, { uid, gid }: Access): void {
  if (Deno.build.os === "windows" || uid === null || gid === null) return;
  const made = Deno.lstatSync(path);
  if (made.uid === uid && made.gid === gid) return;
  // deno-lint-ignore no-process-global
  const { lchownSync } = process.getBuiltinModule("node:fs");
  for (const owner of [uid, made.uid ?? uid]) {
    try {
      return lchownSync(path, owner, gid);
    } catch {
      // Nobody's rights depend on who owns a link.
    }
  }
}

/**
 * Opens something new of ours to those who can use the directory that it is in, and to nobody else: several
 * accounts may share a store. What cannot be done is left.
 *
 * @param path What was made.
 * @param limit Who may use it at most.
 */
export function openLikeParent(path: string, limit: Access | null = null): void {
  if (Deno.build.os === "windows") return;
  const kind = Deno.lstatSync(path).isDirectory ? "directory" : "file";
  const usual = accessBelow(dirname(path), kind);
  trySetAccess(path, limit === null ? usual : narrower(usual, limit));
}

/**
 * Gives something that this account has made its access where that is possible: a file system without owners
 * or modes decides itself who may use what.
 *
 * @param path What was made.
 * @param wanted What it gets.
 * @param made What was made, as its open file tells: nothing else gets anything.
 */
export function trySetAccess(path: string, wanted: Access, made?: Deno.FileInfo): void {
  try {
    setAccess(path, wanted, made);
  } catch {
    // What was made stays closed.
  }
}

/**
 * Makes a directory that those can use who can use the one that it is in. Needs write permission.
 *
 * @param path The directory; it may be there.
 * @returns Whether it was made; another process that wants the same may have been faster.
 */
export function makeLikeParent(path: string): boolean {
  return makeLike(path, dirname(path));
}

/**
 * Makes a directory that those can use who can use another one. Needs write permission.
 *
 * @param path The directory; it may be there.
 * @param model The other one.
 * @returns Whether it was made.
 */
export function makeLike(path: string, model: string): boolean {
  return makeFor(path, accessBelow(model, "directory"));
}

/**
 * Makes a directory for what is on its way, which is as closed as its place only when it gets there: for
 * those who may write where it is in, not for those who may only read there. Needs write permission.
 *
 * @param path The directory; it may be there.
 */
export function makePassage(path: string): void {
  const usual = accessBelow(dirname(path), "directory");
  const mayWrite = (usual.mode & 0o002) !== 0;
  makeFor(path, mayWrite ? usual : { ...usual, mode: usual.mode & ~0o007 });
}

/**
 * Makes a directory whose access is set later: until then it is for this account alone. One that gets its
 * group from its place is made as open as it stays, since who is not of that group loses, by each later change
 * of its mode, the bit by which what is made in it gets the group as well. Needs write permission.
 *
 * @param path The directory.
 * @param access Who is to use it.
 * @throws {Deno.errors.AlreadyExists} When something is there.
 */
export function beginDirectory(path: string, { gid, mode }: Access): void {
  const place = Deno.statSync(dirname(path));
  const hasGroup = place.gid === gid && ((place.mode ?? 0) & INHERIT) !== 0;
  Deno.mkdirSync(path, { mode: hasGroup ? (mode & 0o777) | 0o700 : 0o700 });
}

/**
 * Makes the directories in which something lies by its path as they are in another tree that has the
 * same path: open to those who may use those, and to nobody else. Needs write permission.
 *
 * @param from Absolute path of the other tree.
 * @param to Absolute path of a directory.
 * @param path What is to lie there; relative, and not itself made.
 */
export function mirrorWayTo(from: string, to: string, path: string): void {
  const way = dirname(path);
  if (way === "." || infoOf(join(to, way))?.isDirectory) return;
  mirrorWayTo(from, to, way);
  const model = infoOf(join(from, way));
  makeFor(join(to, way), model?.isDirectory ? ownAccess(model, "directory") : NOBODY_ELSE);
}

/**
 * Says who may read something of ours that tells what lies at a path of the store: those who may read that,
 * on all of the way to it. Needs read permission.
 *
 * @param base Absolute path of a directory; who may use that is not asked.
 * @param path Below it; where nothing is, the way ends before.
 * @param look Looks at what stands at a path.
 * @returns Who may read and write a file; somebody of the group only if all of the way is open to it.
 */
export function accessAlong(
  base: string,
  path: string,
  look: (path: string) => Deno.FileInfo | null = infoOf,
): Access {
  const names = path.split("/");
  const way = names.flatMap((_, depth) => look(join(base, ...names.slice(0, depth + 1))) ?? []);
  const may = (info: Deno.FileInfo, shift: number): boolean =>
    (((info.mode ?? 0o777) >> shift) & (info.isDirectory ? 1 : 4)) !== 0;
  const closed = way.filter((info) => !may(info, 0));
  const gid = closed.map((info) => info.gid)
    .find((gid) => closed.every((info) => info.gid === gid && may(info, 3)));
  const uid = closed.map((info) => info.uid)
    .find((uid) => closed.every((info) => info.uid === uid)) ?? closed[0]?.uid;
  const { uid: owner, gid: group } = accessOf(Deno.statSync(base));
  if (closed.length === 0) return { uid: owner, gid: group, mode: 0o666 };
  return { uid: uid ?? owner, gid: gid ?? group, mode: gid === undefined ? 0o600 : 0o660 };
}

/**
 * Says what a directory of ours gets that lies elsewhere and holds what lies below another directory: as open
 * as that is to those who can come to it. Needs read permission for it, and for all that leads to it: what this process
 * may not look at counts as closed to everybody else.
 *
 * @param directory Absolute real path of the other directory.
 * @returns The access; whoever makes it can use it in any case.
 */
export function accessElsewhere(directory: string): Access {
  const usual = accessBelow(directory, "directory");
  const [, path = ""] = /^\/(.+)$/.exec(directory) ?? [];
  if (path === "") return usual;
  const way = wayTo(path);
  if (way === null) return { ...usual, mode: usual.mode & 0o7700 };
  if (way.mode === 0o666) return usual;
  const mayEnter = way.mode | (way.mode & 0o444) >> 2;
  const gid = (way.mode & 0o060) === 0 ? usual.gid : way.gid;
  return { uid: way.uid, gid, mode: usual.mode & (mayEnter | 0o7700) };
}

/** `null` where not all of it may be looked at. */
function wayTo(path: string): Access | null {
  try {
    return accessAlong("/", path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return null;
    throw error;
  }
}

/**
 * Makes a directory for those who can use what it stands for. Needs write permission.
 *
 * @param path The directory; it may be there.
 * @param access Who they are.
 * @returns Whether it was made.
 */
export function makeFor(path: string, access: Access): boolean {
  using entry = holdEntry(path);
  try {
    beginDirectory(entry.path, access);
  } catch (error) {
    // Another process that wants the same may have been faster, or was killed before it gave it away.
    const isThere = error instanceof Deno.errors.AlreadyExists && infoOf(entry.path)?.isDirectory;
    if (!isThere) throw error;
    if (!isKeptBack(entry.path, access)) return false;
  }
  trySetAccess(entry.path, access);
  return true;
}

/**
 * Tells whether a directory was made for others, by an account that was killed before it gave it to them: only that
 * account can do so now.
 *
 * @param path The directory; it may not be there.
 * @returns Whether it has to be given to those who can use the one that it is in.
 */
export function isHalfMade(path: string): boolean {
  return isKeptBack(path, accessBelow(dirname(path), "directory"));
}

function isKeptBack(path: string, wanted: Access): boolean {
  const { uid = null, mode } = infoOf(path) ?? {};
  return uid !== null && wanted.uid !== uid && ((mode ?? 0) & 0o077) === 0;
}

/**
 * Tells the more closed one of two accesses, or what is common to both.
 *
 * @param one An access.
 * @param other Another one.
 * @returns No right that either has not.
 */
export function narrower(one: Access, other: Access): Access {
  if ((one.mode & ~other.mode) === 0) return one;
  return { ...other, mode: one.mode & other.mode };
}
