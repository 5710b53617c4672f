/**
 * Listing directories, so that nothing is taken for all that is there unless it is.
 *
 * `Deno.readDirSync` keeps silent about an error of the disk, of NFS or of FUSE: a directory whose listing
 * fails looks empty, or ends early. So do `readdirSync`, `opendirSync`, `globSync` and `cpSync` of `node:fs`,
 * which stand on it. What waits for its result, `Deno.readDir`, says what went wrong, at the first call as
 * at any later one; and the system itself refuses to remove a directory that holds anything. With 2.9.6:
 *
 * ```sh
 * mkdir -p d && touch d/file
 * fails() { strace -f -qq -o /dev/null -P "$PWD/d" -e inject=getdents64:error=EIO deno eval "$1"; }
 * fails 'console.log([...Deno.readDirSync("d")])'              # []
 * fails 'console.log(await Array.fromAsync(Deno.readDir("d")))' # Input/output error (os error 5)
 * ```
 *
 * @module
 */

import { failureText } from "./read.ts";

/** What came of listing a directory. */
export type Listing =
  | { readonly kind: "listed"; readonly entries: readonly Deno.DirEntry[] }
  | { readonly kind: "failed"; readonly missing: boolean; readonly message: string };

/**
 * Lists a directory: all of it, or not at all. Needs read permission.
 *
 * @param path Where it is.
 * @returns Its entries in the order of the file system, or why there are none.
 */
export async function listDirectory(path: string): Promise<Listing> {
  try {
    return { kind: "listed", entries: await entriesOf(path) };
  } catch (error) {
    if (isLasting(error)) return failed(error);
  }
  // A network that fails once may answer when it is asked again.
  try {
    return { kind: "listed", entries: await entriesOf(path) };
  } catch (error) {
    return failed(error);
  }
}

async function entriesOf(path: string): Promise<readonly Deno.DirEntry[]> {
  const entries: Deno.DirEntry[] = [];
  for await (const entry of Deno.readDir(path)) entries.push(entry);
  return entries;
}

function isLasting(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.FilesystemLoop ||
    error instanceof Deno.errors.NotCapable;
}

/** Lists a directory: {@linkcode listDirectory}, or {@linkcode glanceInto} for what is only shown. */
export type ListDirectory = (path: string) => Listing | Promise<Listing>;

/**
 * Lists a directory for what is only shown, and read again before anything is done, or only compared with what
 * was listed for certain: three times as fast as {@linkcode listDirectory}, which has another thread list it, and
 * as certain wherever a system gives a small directory in one piece, as all do that are known. Of a larger one
 * that holds mostly directories the system tells how many these are. What looks empty, or is any other, is listed
 * for certain. Needs read permission.
 *
 * @param path Where it is.
 * @returns Its entries in the order of the file system, or why there are none.
 */
export function glanceInto(path: string): Listing | Promise<Listing> {
  try {
    const entries = [...Deno.readDirSync(path)];
    const size = entries.reduce((sum, { name }) => sum + BYTES_AN_ENTRY + name.length, 0);
    const isWhole = size <= ONE_PIECE ? size > 0 : holdsNoMore(path, entries);
    return isWhole ? { kind: "listed", entries } : listDirectory(path);
  } catch (error) {
    return failed(error);
  }
}

/** What an entry takes besides its name. */
const BYTES_AN_ENTRY = 24;
/** Half a page: Linux asks FUSE for a page of entries at least, NFS for far more. */
const ONE_PIECE = 2_048;

/** Each directory in another one is a name of that: `..`. Not every file system counts them. */
function holdsNoMore(path: string, entries: readonly Deno.DirEntry[]): boolean {
  const directories = entries.filter(({ isDirectory }) => isDirectory).length;
  return 2 * directories > entries.length && Deno.statSync(path).nlink === directories + 2;
}

function failed(error: unknown): Listing {
  const missing = error instanceof Deno.errors.NotFound;
  return { kind: "failed", missing, message: failureText(error) };
}

/**
 * Lists what can be seen of a directory without waiting, perhaps not all of it. Only for what cannot take
 * what is missing for gone: a removal that ends with the directory itself, which the system refuses while
 * anything is in it, or a sample of how long reading takes. Needs read permission.
 *
 * @param path Where it is.
 * @returns Some of its entries, mostly all.
 * @throws {Deno.errors.NotFound} When nothing is there.
 */
export function listSome(path: string): readonly Deno.DirEntry[] {
  return [...Deno.readDirSync(path)];
}
