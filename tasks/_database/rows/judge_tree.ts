/**
 * Whether a tree of artifacts may go with what its rows say, or stays, and why.
 *
 * @module
 */

import { basename, dirname, join } from "@std/path";
import { isLocalRoot } from "../../../lib/snapshot/artifact_root.ts";
import {
  holdersOfTrees,
  type NamedRows,
  type TreeHolders,
} from "../../../lib/snapshot/tree_holders.ts";
import { localPathOf } from "../../../lib/records/relocate_uri.ts";
import type { DatabaseRow } from "../../../lib/store/snapshot.ts";
import type { ArtifactPlace } from "../../_artifacts/artifact_place.ts";
import type { Within } from "../../_artifacts/look_within.ts";
import type { FoundTree, Stays } from "../../_artifacts/set_aside.ts";
import { infoOf } from "../../_io/read.ts";
import type { OwnedRows } from "./owned_rows.ts";
import { isTree, type LoggedTree, type Subject } from "../log/removed_rows.ts";
import { isGoneWith } from "./tree_owners.ts";

/** Reads what rows name; of orphans also those of whoever else may have its artifacts there. */
export type ReadNamed = (root: string, of?: "orphans") => Promise<NamedRows>;

/** What trees are judged by. */
export interface TreeJudgeOptions {
  /** Absolute real path of the database's file. */
  readonly database: string;
  readonly rows: OwnedRows;
  /** Which change asks. */
  readonly change: string;
  readonly readNamed: ReadNamed;
  /** Roots that rows go on naming afterwards: what is brought back goes nowhere else. */
  readonly lasting: () => ReadonlySet<string>;
}

/** A tree that something may have. */
export interface AskedOfTree {
  /** The root as rows name it. */
  readonly root: string;
  /** Where that is. */
  readonly place: ArtifactPlace;
  /** Below it. */
  readonly path: LoggedTree["path"];
  /** What goes. */
  readonly subject: Subject;
}

/** What is known of a tree. */
export type JudgedTree =
  | { readonly kind: "goes"; readonly tree: LoggedTree; readonly found: FoundTree }
  | { readonly kind: "absent" }
  | { readonly kind: "stays"; readonly message: string }
  /** Nobody can tell what is there: what names it must not go. */
  | { readonly kind: "failed"; readonly message: string };

/** Judges a tree. Needs read permission for it and for the database. */
export type JudgeTree = (asked: AskedOfTree) => Promise<JudgedTree>;

/**
 * Begins to judge trees: whoever else has files in the same root is asked once.
 *
 * @param options What they are judged by.
 * @returns What judges one after the other.
 */
export function treeJudge(options: TreeJudgeOptions): JudgeTree {
  const { database, rows, change, readNamed } = options;
  let lasting: ReadonlySet<string> | null = null;
  const holdersOf = new Map<string, Promise<TreeHolders>>();
  return async ({ root, place, path, subject }) => {
    const stays = (why: string) =>
      ({ kind: "stays", message: `its artifacts stay in ${root}/${path}: ${why}` }) as const;
    const found = await place.check({ change, path });
    if (found.kind === "absent") return found;
    // Rows are not to go while nobody can tell what goes with them.
    if (found.kind === "stays" && found.because === "unreachable") {
      return { kind: "failed", message: messageOf(found, place) };
    }
    if (found.kind === "stays") {
      return { kind: "stays", message: `its artifacts stay: ${found.message}` };
    }
    const tree = { root: place.root, path };
    if (!isTree(tree)) return stays("expected them called by an id of MLflow's");
    lasting ??= options.lasting();
    if (!lasting.has(place.root)) {
      return stays(
        `no experiment that stays has its artifacts in ${root}, so that nothing would tell where they belong`,
      );
    }
    const copy = join(dirname(database), basename(root), path);
    if (isLocalRoot(place.root) && isOther(copy, `${place.root}/${path}`)) {
      return stays(`${copy} is there as well, so that this may be the copy of another database`);
    }
    const holders = await holdersOf.getOrInsertComputed(
      root,
      () => readNamed(root).then(holdersOfTrees),
    );
    if (holders.problem !== null) return stays(holders.problem);
    const isGone = (row: DatabaseRow) => holders.own.has(row) && isGoneWith(rows, subject, row);
    const within = await place.look(path);
    const holder = holders.find(`${root}/${path}`, isGone) ?? holderWithin(holders, within, isGone);
    if (holder !== null) return stays(`${holders.nameOf(holder)} has files there`);
    if (within.meta !== null) return stays(`${within.meta} is of a store of files`);
    const stranger = strangerWithin(holders, within);
    return stranger === null
      ? { kind: "goes", tree, found }
      : stays(`no row names ${stranger}, so that it may be of another database`);
  };
}

/**
 * Another database may name the same directory by another path: through a link, or as a container sees it. Whatever
 * the path, an id is that of one run alone, unless its files are at that path, and others.
 */
function holderWithin(
  { byId }: TreeHolders,
  { owners }: Within,
  isGone: (row: DatabaseRow) => boolean,
): DatabaseRow | null {
  for (const { id, path } of owners) {
    const holder = (byId.get(id) ?? []).find((row) => {
      const local = localPathOf(row.location);
      return !(local !== null && isOther(local, `${path}/artifacts`)) && !isGone(row);
    });
    if (holder !== undefined) return holder;
  }
  return null;
}

/** A database that lies elsewhere is not known, and may have its artifacts below the same root. */
function strangerWithin({ byId }: TreeHolders, { owners }: Within): string | null {
  return owners.find(({ id }) => !id.startsWith("tr-") && !byId.has(id))?.path ?? null;
}

/**
 * Says why a tree could not be set aside.
 *
 * @param stays What was found.
 * @param place Where trees lie.
 * @returns For people.
 */
export function messageOf({ message, because }: Stays, { root, kept }: ArtifactPlace): string {
  switch (because) {
    case "disk-full":
      return `no space is left to keep its artifacts in ${kept}; make room there, or do without a backup`;
    case "unreachable":
      return `its artifacts in ${root}: ${message}`;
    case "changed":
    case "other":
      return message;
  }
}

/** Whether something is there, and something else than at another place. */
function isOther(path: string, other: string): boolean {
  if (path === other) return false;
  const [one, two] = [infoOf(path), infoOf(other)];
  return one !== null && (one.ino !== two?.ino || one.dev !== two.dev);
}
