/**
 * A case: a store with its surroundings on the disk, which can be put back as often as needed.
 *
 * ```
 * DIR/case/mlruns      the store
 * DIR/case/outside     what links in the store lead to
 * DIR/case/mlruns-2    a store beside it
 * DIR/case/notes.txt   a file beside it
 * DIR/case/copies      where a command keeps its backups that is told to
 * DIR/kept             how the case is to be put back
 * ```
 *
 * It always lies at the same place, so that absolute paths in it stay right.
 *
 * @module
 */

import { join } from "@std/path";
import { verifySnapshot } from "../../lib/verify/verify_snapshot.ts";
import { readAnyManifest } from "../../tasks/_file/own/manifest.ts";
import { ownPaths } from "../../tasks/_file/own/own_paths.ts";
import { infoOf } from "../../tasks/_io/read.ts";
import { openStore } from "../../tasks/open_store.ts";
import { lockStore } from "../../tasks/ports/lock_store.ts";
import type { SettledChange, Store } from "../../tasks/ports/store.ts";
import { setTimes, writeFiles } from "../_support/disk_store.ts";
import { writeRandomStore } from "../_support/random_store.ts";
import { readTree, type Tree } from "../_support/tree.ts";

/** A case on the disk. */
export interface Case {
  /** What holds everything, scratch files included. */
  readonly directory: string;
  /** The store with its surroundings. */
  readonly place: string;
  /** The store's root. */
  readonly root: string;
  /** A directory for backups, which need not be there. */
  readonly copies: string;
  /** The moment at which the store was made, epoch ms. */
  readonly madeAt: number;
}

/** A case as it stood at one moment. */
export interface Moment {
  /** All of the case but our directories; the root itself is the entry `mlruns`. */
  readonly tree: Tree;
  /** What our directory held, and `copies/` that of the user's, without the texts of the locks. */
  readonly own: Tree;
}

const STORE = "mlruns";
const OWN = `${STORE}/.mltidy.trash`;
const COPIES = "copies";

/**
 * Writes a case.
 *
 * @param directory An empty directory for it alone; a real path.
 * @param seed Names the store.
 * @returns The case.
 */
export function writeCase(directory: string, seed: number): Case {
  const place = join(directory, "case");
  const root = join(place, STORE);
  const madeAt = Date.now();
  Deno.mkdirSync(place);
  writeRandomStore({ root, outside: join(place, "outside") }, seed, madeAt);
  writeFiles(place, {
    "notes.txt": "beside the store\n",
    "outside/notes.txt": "behind a link\n",
    "mlruns-2/0/meta.yaml": "name: Default\n",
    "mlruns-2/1/empty": null,
    "mlruns-2/.mltidy.trash/journal/old.jsonl": "of another store",
  });
  for (const name of ["notes.txt", "outside", "mlruns-2"]) setTimes(join(place, name), 1e12);
  return { directory, place, root, copies: join(place, COPIES), madeAt };
}

/**
 * Keeps a case as it stands, to be put back later.
 *
 * @param one The case.
 */
export async function keep({ directory, place }: Case): Promise<void> {
  await copyTree(place, join(directory, "kept"));
}

/**
 * Puts a case back to how it was kept.
 *
 * @param one The case.
 */
export async function putBack({ directory, place }: Case): Promise<void> {
  await copyTree(join(directory, "kept"), place);
}

/** Copies with times, modes, links and hard links. */
async function copyTree(from: string, to: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("sh", {
    args: ["-c", 'rm -rf "$2" && cp -a "$1" "$2"', "sh", from, to],
  }).output();
  if (!success) throw new Error(`Cannot copy ${from}: ${new TextDecoder().decode(stderr)}`);
}

/**
 * Looks at a case.
 *
 * @param one The case.
 * @returns How it stands.
 */
export async function look({ place, root, copies }: Case): Promise<Moment> {
  const tree = await readTree(place, { except: [OWN, COPIES] });
  const own = await treeIn(ownPaths(root).own, ["lock"]);
  const elsewhere = await treeIn(copies, [".mltidy/lock"]);
  const prefixed = [...elsewhere].map(([path, entry]) => [`${COPIES}/${path}`, entry] as const);
  return { tree, own: new Map([...own, ...prefixed]) };
}

async function treeIn(directory: string, except: readonly string[]): Promise<Tree> {
  return isThere(directory) ? await readTree(directory, { except }) : new Map();
}

function isThere(directory: string): boolean {
  return infoOf(directory) !== null;
}

/**
 * Lists the backups that a case had.
 *
 * @param moment The moment.
 * @returns Where each lies: `backups/ID` or `copies/ID`.
 */
export function backupsIn({ own }: Moment): readonly string[] {
  return [...own.keys()].filter((path) => /^(?:backups|copies)\/[^./][^/]*$/.test(path));
}

/**
 * Opens the store of a case.
 *
 * @param one The case.
 * @returns The store.
 */
export function openCase({ root }: Case): Promise<Store> {
  return openStore(root);
}

/**
 * Takes the locks, which settles what was cut off, and lets them go.
 *
 * @param one The case.
 * @returns What was settled.
 */
export async function settle(one: Case): Promise<readonly SettledChange[]> {
  await using store = await openCase(one);
  await using locked = await lockStore(store, { task: "recover" });
  if (isThere(one.copies)) await (await locked.backups!.lock(one.copies))[Symbol.asyncDispose]();
  return locked.settled;
}

/**
 * Finds the errors in the store of a case.
 *
 * @param one The case.
 * @returns Rule and path of each.
 */
export async function errorsIn(one: Case): Promise<ReadonlySet<string>> {
  await using store = await openCase(one);
  const findings = verifySnapshot(await store.read({ depth: "tags" }));
  return new Set(
    findings.filter(({ severity }) => severity === "error")
      .map(({ rule, path }) => `${rule} at ${path}`),
  );
}

/**
 * Says what is untidy in our directory of a case in which nothing is under way.
 *
 * @param one The case.
 * @returns One line each.
 */
export function untidiness({ root, copies }: Case): readonly string[] {
  const { own, journals, staging, backups } = ownPaths(root);
  const isWhole = namesIn(own).includes("README.txt") &&
    Deno.readTextFileSync(join(own, "README.txt")).endsWith("for good.\n");
  return [
    ...namesIn(journals).map((name) => `journal/${name} is left`),
    ...[staging, join(copies, ".mltidy/staging")].flatMap(namesIn).map((name) =>
      `staging/${name} is left`
    ),
    ...[backups, copies].flatMap(unfinishedIn),
    ...(isWhole ? [] : ["README.txt is missing or cut off"]),
  ];
}

function namesIn(directory: string): readonly string[] {
  return isThere(directory) ? [...Deno.readDirSync(directory)].map(({ name }) => name) : [];
}

function unfinishedIn(backups: string): readonly string[] {
  return namesIn(backups)
    .filter((id) => !id.startsWith(".") && readAnyManifest(join(backups, id)) === null)
    .map((id) => `backups/${id} has no manifest`);
}
