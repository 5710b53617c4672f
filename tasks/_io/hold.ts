/**
 * Holding directories, so that what is done to their entries is done there and nowhere else.
 *
 * Whoever may write into a store may exchange a directory on the way to something for a link, thousands of
 * times a second, and with luck between our look and our act. So the directory is opened, the kernel is
 * asked where what was opened lies, and only if that is the path that was meant, an entry of it is named
 * through the open directory: `/proc/self/fd/N/NAME` goes by no path that anybody could exchange.
 *
 * Deno lets nobody name anything in `/proc` who may not do everything, but follows a link to it. That link is in a
 * directory of this process's own below the one for temporary files, or in another where that is full, which
 * nobody else may write to, and which goes when the process ends. That of a process that was killed goes with the
 * next one: nobody holds the lock on it any more.
 *
 * Where there is no `/proc`, or no place for that link, the path is looked at just before the act: nothing
 * that lies behind a link is touched, unless it is exchanged in the very moment.
 *
 * @module
 */

import { basename, dirname, join } from "@std/path";
import { isDiskFull } from "./disk_full.ts";
import { listSome } from "./list_directory.ts";

/** A directory that is held. */
export interface Held extends Disposable {
  /** Leads to it, whatever is exchanged on the way. */
  readonly path: string;
  /** Names an entry of it. */
  at(name: string): string;
}

/** Something else is on the way to a directory than the directories that its path names. */
export class LedAstray extends Error {
  /**
   * @param path What was meant.
   */
  constructor(path: string) {
    super(`${path}: a symbolic link leads to it`);
  }
}

/**
 * Holds a directory. Needs read permission.
 *
 * @param directory Absolute path without links.
 * @returns The directory, to be bound by `using`.
 * @throws {LedAstray} When a link is on the way to it, or in its place.
 * @throws {Deno.errors.NotFound} When it is not there.
 * @throws {Deno.errors.NotADirectory} When it is none.
 */
export function hold(directory: string): Held {
  const links = linksToOpen();
  if (links === null) {
    refuseOther(directory);
    if (Deno.realPathSync(directory) !== directory) throw new LedAstray(directory);
    return heldAt(directory, () => {});
  }
  // An import would cost all that start, and to change a store is seldom.
  // deno-lint-ignore no-process-global
  const fs = process.getBuiltinModule("node:fs");
  const { O_DIRECTORY, O_NONBLOCK, O_RDONLY } = fs.constants;
  let fd: number;
  try {
    // What is no directory is not opened: no pipe, and no device.
    fd = fs.openSync(directory, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
  } catch (error) {
    refuseOther(directory);
    throw error;
  }
  const path = join(links, `${fd}`);
  const close = () => fs.closeSync(fd);
  if (Deno.readLinkSync(path) === directory) return heldAt(path, close);
  close();
  throw new LedAstray(directory);
}

/** Says what is wrong as the system says it to whoever only looks. */
function refuseOther(directory: string): void {
  const info = lookAt(directory);
  if (info.isSymlink) throw new LedAstray(directory);
  if (!info.isDirectory) throw new Deno.errors.NotADirectory(directory);
}

function lookAt(directory: string): Deno.FileInfo {
  try {
    return Deno.lstatSync(directory);
  } catch (error) {
    // Links on the way to it lead in a circle.
    throw error instanceof Deno.errors.FilesystemLoop ? new LedAstray(directory) : error;
  }
}

function heldAt(path: string, close: () => void): Held {
  return { path, at: (name) => join(path, name), [Symbol.dispose]: close };
}

/** An entry of a directory that is held; there need not be such an entry. */
export interface HeldEntry extends Disposable {
  readonly path: string;
}

/**
 * Holds the directory that something is in. Needs read permission.
 *
 * @param path Absolute path without links, but for its last name.
 * @returns The entry, to be bound by `using`; where its directory is missing, a path at which nothing is.
 * @throws {LedAstray} When a link is on the way to its directory.
 */
export function holdEntry(path: string): HeldEntry {
  try {
    const held = hold(dirname(path));
    return { path: held.at(basename(path)), [Symbol.dispose]: () => held[Symbol.dispose]() };
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    if (!isMissing) throw error;
    const links = linksToOpen();
    return {
      path: links === null ? path : join(links, "missing", basename(path)),
      [Symbol.dispose]() {},
    };
  }
}

/**
 * Holds the directories of many entries at once. Needs read permission.
 *
 * @param paths Absolute paths without links, but for their last names.
 * @returns Names each entry; to be bound by `using`.
 * @throws {LedAstray} When a link is on the way to one of them.
 */
export function holdEntries(
  paths: readonly string[],
): Disposable & { readonly entry: (path: string) => string } {
  using stack = new DisposableStack();
  const held = new Map<string, Held>();
  for (const directory of new Set(paths.map((path) => dirname(path)))) {
    held.set(directory, stack.use(hold(directory)));
  }
  const all = stack.move();
  return {
    entry: (path) => held.get(dirname(path))!.at(basename(path)),
    [Symbol.dispose]: () => all.dispose(),
  };
}

/**
 * Gives something another place, by one rename between the two directories that were meant. Needs read and
 * write permission.
 *
 * @param from Absolute path without links, but for its last name.
 * @param to Its new place, likewise.
 * @throws {LedAstray} When a link is on the way to either; then nothing was moved.
 */
export function moveEntry(from: string, to: string): void {
  using source = holdEntry(from);
  using target = holdEntry(to);
  Deno.renameSync(source.path, target.path);
}

/**
 * Gives something another place where one rename can, which takes all along: owners, access lists, attributes,
 * times, links and holes. Needs read and write permission.
 *
 * @param from Absolute path without links, but for its last name.
 * @param to Its new place, likewise.
 * @returns Whether it was moved; not where the two places are on different file systems.
 * @throws {LedAstray} When a link is on the way to either; then nothing was moved.
 */
export function tryMoveEntry(from: string, to: string): boolean {
  try {
    moveEntry(from, to);
    return true;
  } catch (error) {
    const isElsewhere = error instanceof Error && "code" in error && error.code === "EXDEV";
    if (!isElsewhere) throw error;
    return false;
  }
}

/** Where open files are found by their number; `undefined` until somebody asks. */
let links: string | null | undefined;

/**
 * Finds where open files are found by their number, for a thread that is to use the same.
 *
 * @returns Absolute path of a link to `/proc/self/fd`, or `null`.
 */
export function linksToOpen(): string | null {
  if (links === undefined) links = Deno.build.os === "linux" ? makeLinks() : null;
  return links;
}

/**
 * Uses what another thread of this process has found.
 *
 * @param found What {@linkcode linksToOpen} gave there.
 */
export function useLinksToOpen(found: string | null): void {
  links = found;
}

/** Other places for temporary files, the first two mostly in memory; Deno opens none below `/dev`. */
const OTHER_PLACES = ["/run", "/run/lock", "/var/tmp"];

/** What those directories are called. */
const PREFIX = "mltidy-held-";

/** Where temporary files go may be the very disk on which a task is to make room. */
function makeOwnPlace(): string {
  try {
    return Deno.makeTempDirSync({ prefix: PREFIX });
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    for (const dir of OTHER_PLACES) {
      try {
        return Deno.makeTempDirSync({ prefix: PREFIX, dir });
      } catch {
        // It is full, closed or not there.
      }
    }
    throw error;
  }
}

/** How often to try again where another process takes what was just made for what is left. */
const ATTEMPTS = 5;

function makeLinks(): string | null {
  try {
    for (let attempt = 1;; attempt++) {
      const link = linkIn(Deno.realPathSync(makeOwnPlace()), attempt === ATTEMPTS);
      if (link !== null) return link;
    }
  } catch (error) {
    // What others can bring about, such as a full disk, must not make us careless.
    const isOfMachine = error instanceof Deno.errors.NotCapable ||
      error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotFound ||
      /\(os error 30\)/.test(String(error));
    if (!isOfMachine) throw error;
    return null;
  }
}

/** `null`: another process has removed the directory before it was locked. */
function linkIn(directory: string, isLast: boolean): string | null {
  try {
    const lock = lockPlace(directory);
    addEventListener("unload", () => {
      removePlace(directory);
      lock?.close();
    });
    const link = join(directory, "fd");
    Deno.symlinkSync("/proc/self/fd", link);
    Deno.readLinkSync(join(link, "0"));
    removeLeft(directory);
    return link;
  } catch (error) {
    if (isLast || !(error instanceof Deno.errors.NotFound)) throw error;
    return null;
  }
}

/** `null` where no directory can be locked, or another process holds it: then nobody takes it for what is left. */
function lockPlace(directory: string): Deno.FsFile | null {
  const file = Deno.openSync(directory);
  try {
    if (file.tryLockSync(true)) return file;
  } catch {
    // As on some networks.
  }
  file.close();
  return null;
}

/** Nothing but what we made is removed. */
function removePlace(directory: string): void {
  for (const path of [join(directory, "fd"), directory]) {
    try {
      Deno.removeSync(path);
    } catch {
      // What lies among temporary files goes with them, and what was done stays done.
    }
  }
}

/** Most that is removed in one run: nobody is to wait for it. */
const MOST = 200;

/** Removes what processes of this account have left that were killed. */
function removeLeft(own: string): void {
  try {
    const { uid } = Deno.lstatSync(own);
    const places = listSome(dirname(own)).filter(({ name, isDirectory }) =>
      isDirectory && name.startsWith(PREFIX) && name !== basename(own)
    );
    for (const { name } of places.slice(0, MOST)) {
      const directory = join(dirname(own), name);
      if (Deno.lstatSync(directory).uid !== uid) continue;
      const lock = lockPlace(directory);
      if (lock === null) continue;
      removePlace(directory);
      lock.close();
    }
  } catch {
    // It is in nobody's way.
  }
}
