/**
 * How open what is new in the store is made.
 *
 * The rule is that of `permissions.ts`: it takes owner, group and mode from the directory that it is put
 * into, so that whoever trains in a store can go on with what the root account has begun there. What whoever
 * makes it closes by the umask stays closed to those who may not write there anyway, and a file that is put
 * in another one's place takes all three from that.
 *
 * *Ordering*: everything is made no more open than it stays. Only what this process has made is given away:
 * who can write there may put something else in its place, be it a file of somebody's own, and would have
 * that. A file is known by its handle. A directory that has to be given is made in one that is for this
 * account alone.
 *
 * *Locking*: none.
 *
 * @module
 */

import { basename, dirname, join } from "@std/path";
import { removeIfThere, writeAll } from "../../_io/durable.ts";
import { type Held, hold } from "../../_io/hold.ts";
import { type Access, accessOf, trySetAccess } from "../../_io/permissions.ts";
import { infoOf } from "../../_io/read.ts";

/** What a new thing is made like. */
export interface Model extends Access {
  /** The directory that it is put into, or a file that it stands for, whose mode it gets. */
  readonly kind: "place" | "file";
  /** What it is made like where another account has to own it; left out where that does not matter. */
  readonly otherwise?: Model;
}

const STICKY = 0o1000;
/** Of a directory: only owners remove, and what is made in it gets its group. */
const PASSED_ON = 0o3000;

/**
 * Says what a new thing is made like that is put at a place. Needs read permission.
 *
 * @param target Its place.
 * @returns The file that is there, or else the directory.
 */
export function modelAt(target: string): Model {
  const old = infoOf(target);
  const place = placeOf(target);
  return old?.isFile ? { ...accessOf(old), kind: "file", otherwise: place } : place;
}

/**
 * Says what a new thing is made like that is put at a place at which nothing is. Needs read permission.
 *
 * @param target Its place.
 * @returns The directory that it is put into.
 */
export function placeOf(target: string): Model {
  return { ...accessOf(Deno.statSync(dirname(target))), kind: "place" };
}

/**
 * Says what the copy of a file is made like: as closed as that, and as the place that it gets. Needs read
 * permission.
 *
 * @param source The file.
 * @param target The place of the copy.
 * @returns The model.
 */
export function modelOfCopy(source: Deno.FileInfo, target: string): Model {
  const place = placeOf(target);
  return { ...place, kind: "file", mode: place.mode & accessOf(source).mode };
}

/**
 * Writes a new file. Needs write permission.
 *
 * @param path Where nothing is.
 * @param content What it holds; text as UTF-8.
 * @param model What it is made like.
 * @param durable Whether it has to be durable.
 */
export function writeNew(
  path: string,
  content: string | Uint8Array,
  model: Model,
  durable: boolean,
): void {
  using file = openNew(path, model);
  writeAll(file, typeof content === "string" ? new TextEncoder().encode(content) : content);
  if (durable) file.syncSync();
}

/**
 * Opens a new file. Needs write permission.
 *
 * @param path Where nothing is.
 * @param model What it is made like.
 * @returns The file, which is empty.
 * @throws {Deno.errors.AlreadyExists} When something is there.
 */
export function openNew(path: string, model: Model): Deno.FsFile {
  const asked = askedFor(path, model, 0o666);
  const file = Deno.openSync(path, { write: true, createNew: true, mode: asked });
  try {
    const made = file.statSync();
    const wanted = wantedFor(made, model, asked);
    if (!isLike(made, wanted)) trySetAccess(path, wanted, made);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** A directory that is being made. */
export interface NewDirectory extends Disposable {
  /** Where it is made. */
  readonly path: string;
}

/**
 * Makes a directory that gets its place later. Needs write permission.
 *
 * @param aside Where nothing is.
 * @param model What it is made like.
 * @returns The directory; if it did not get its place, it is gone when this is disposed.
 */
export function makeAside(aside: string, model: Model): NewDirectory {
  const { made, wanted } = beginDirectory(aside, model);
  const remove = () => removeIfThere(aside);
  if (!isLike(made, wanted)) {
    remove();
    const given = makeAlone(aside, model);
    if (given !== null) return given;
    remove();
    beginDirectory(aside, model);
  }
  return { path: aside, [Symbol.dispose]: remove };
}

/** `null` where that cannot be, as on a file system without owners or modes. */
function makeAlone(aside: string, model: Model): NewDirectory | null {
  try {
    using stack = new DisposableStack();
    Deno.mkdirSync(aside, { mode: 0o700 });
    stack.defer(() => removeIfThere(aside));
    const held = stack.use(hold(aside));
    if (!isOursAlone(held)) return null;
    const path = held.at("new");
    makeDirectory(path, model);
    const all = stack.move();
    return { path, [Symbol.dispose]: () => all.dispose() };
  } catch {
    return null;
  }
}

/** Whether nobody else can exchange anything in it: what a handle made is certainly of this account. */
function isOursAlone(held: Held): boolean {
  const probe = held.at("probe");
  using file = Deno.openSync(probe, { write: true, createNew: true, mode: 0o600 });
  Deno.removeSync(probe);
  const { uid, mode } = Deno.statSync(held.path);
  return uid === file.statSync().uid && ((mode ?? 0o700) & 0o077) === 0;
}

/**
 * Makes a directory in one in which nobody else can exchange anything. Needs write permission.
 *
 * @param path Where nothing is.
 * @param model What it is made like.
 */
export function makeDirectory(path: string, model: Model): void {
  const { made, wanted } = beginDirectory(path, model);
  if (!isLike(made, wanted)) trySetAccess(path, wanted, made);
}

function beginDirectory(path: string, model: Model): MadeDirectory {
  const asked = askedFor(path, model, 0o777);
  Deno.mkdirSync(path, { mode: asked });
  const made = Deno.lstatSync(path);
  return { made, wanted: wantedFor(made, model, asked) };
}

interface MadeDirectory {
  readonly made: Deno.FileInfo;
  readonly wanted: Access;
}

/** Makes a directory at its place. What has to be given replaces it, as long as nothing is in that. */
function makeInPlace(path: string, newPath: () => string): void {
  const model = placeOf(path);
  const { made, wanted } = beginDirectory(path, model);
  if (isLike(made, wanted)) return;
  try {
    using aside = makeAside(newPath(), model);
    Deno.renameSync(aside.path, path);
  } catch {
    // It is made all the same, for this account.
  }
}

/**
 * Makes the directories of a path, below one that has to be there: a store that was moved away is not
 * brought back as an empty shell.
 *
 * @param base The directory that is there.
 * @param names The names of the directories in it, outermost first.
 * @param newPath Gives a path on the same disk at which nothing is.
 * @param onMake Called with the parent of each directory that was made.
 * @throws {Deno.errors.NotADirectory} When a file stands in the way.
 */
export function makeDirectories(
  base: string,
  names: readonly string[],
  newPath: () => string,
  onMake: (parent: string) => void = () => {},
): void {
  let at = base;
  for (const name of names) {
    const parent = at;
    at = join(at, name);
    if (isDirectory(at)) continue;
    try {
      makeInPlace(at, newPath);
      onMake(parent);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      if (!Deno.statSync(at).isDirectory) throw new Deno.errors.NotADirectory(at);
    }
  }
}

/**
 * Makes a directory with all that it lies in. Needs write permission.
 *
 * @param path Absolute path; it may be there.
 * @throws {Deno.errors.NotADirectory} When a file stands in the way.
 */
export function makeWay(path: string): void {
  if (isDirectory(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeWay(parent);
  const newPath = () => join(Deno.realPathSync(parent), `.mltidy-${crypto.randomUUID()}`);
  makeDirectories(parent, [basename(path)], newPath);
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** What is asked for when it is made: the umask tells what this account closes. */
function askedFor(path: string, { gid, kind, mode }: Model, most: number): number {
  const asked = ownersOf(most) | mode & (kind === "place" ? most : 0o777);
  const isForAll = (asked & 0o070 & ~(asked << 3)) === 0;
  if (isForAll || gid === null) return asked;
  // Until it has the group of its model, it may have that of where it is made.
  return Deno.statSync(dirname(path)).gid === gid ? asked : asked & ~0o070;
}

function wantedFor(made: Deno.FileInfo, model: Model, asked: number): Access {
  const { uid, gid, mode, kind, otherwise } = model;
  // Only the root account gives something away.
  const owner = made.uid === 0 ? uid : made.uid;
  if (otherwise !== undefined && owner !== uid) return wantedFor(made, otherwise, asked);
  const most = made.isDirectory ? 0o777 : 0o666;
  if (kind === "file") return { uid: owner, gid, mode: ownersOf(most) | mode & 0o777 };
  const closed = asked & ~(made.mode ?? asked) & ~writersOf(mode, made.isDirectory);
  const passedOn = made.isDirectory ? mode & PASSED_ON : 0;
  return { uid: owner, gid, mode: passedOn | ownersOf(most) | mode & most & ~closed };
}

function ownersOf(most: number): number {
  return most & 0o700;
}

/** Rights of those who may write in a directory; where only owners remove, nobody writes to another one's file. */
function writersOf(mode: number, ofDirectory: boolean): number {
  const writers = (mode & 0o020 ? 0o070 : 0) | (mode & 0o002 ? 0o007 : 0);
  if ((mode & STICKY) === 0) return writers;
  return writers & (ofDirectory ? 0o070 : 0o040);
}

function isLike({ uid, gid, mode }: Deno.FileInfo, wanted: Access): boolean {
  return Deno.build.os === "windows" || wanted.uid === null ||
    uid === wanted.uid && gid === wanted.gid && ((mode ?? 0) & 0o7777) === wanted.mode;
}
