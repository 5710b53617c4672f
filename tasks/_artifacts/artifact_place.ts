/**
 * The port to where artifact trees lie: on this machine, or in a bucket.
 *
 * @module
 */

import type { StorePath } from "../../lib/store/path.ts";
import type { DiskUsage, Remains } from "../../lib/store/usage.ts";
import type { TreeWork } from "../_io/tree/tree_work.ts";
import type { BroughtTree } from "./bring_tree_back.ts";
import type { Within } from "./look_within.ts";
import type { AskedTree, FoundTree, SetAside, SetAsideOptions, Stays } from "./set_aside.ts";
import type { ChangedTree } from "./tree_place.ts";

/** Where artifact trees lie, and what can be done with them. */
export interface ArtifactPlace {
  /** An absolute real path, or `s3://BUCKET/KEY`. */
  readonly root: string;
  /** Where they are kept that are set aside, for people. */
  readonly kept: string;
  /** Looks whether a tree may be set aside. Changes nothing. */
  check(tree: ChangedTree): Promise<FoundTree | Exclude<SetAside, { readonly kind: "set-aside" }>>;
  /** Tells whether anything lies at a path, or why that cannot be told. */
  has(path: StorePath): Promise<boolean | Stays>;
  /** Looks for what of a tree may be of another store. */
  look(path: StorePath): Promise<Within>;
  /**
   * Copies a tree that is to be set aside, where that is done by copying, and leaves it where it is; what takes long is
   * then done before anything is lost. `null`: {@linkcode ArtifactPlace.setAside} will do.
   */
  copyAhead(tree: ChangedTree, work?: TreeWork): Promise<Stays | null>;
  /** Sets trees aside; what lies in another one of them comes before that. Doing it again goes on. */
  setAside(trees: readonly AskedTree[], options: SetAsideOptions): Promise<readonly SetAside[]>;
  /** Says what is in the way of a tree that is to be brought back; `null`: nothing. Changes nothing. */
  collision(tree: ChangedTree): Promise<string | null>;
  /** Brings trees back; what lies in another one of them comes behind that. Doing it again goes on. */
  bringBack(trees: readonly ChangedTree[], work?: TreeWork): Promise<readonly BroughtTree[]>;
  /** Frees what is kept of a change's trees, for good. Tells what takes its place all the same. */
  free(
    change: string,
    paths: readonly StorePath[],
    work?: TreeWork,
  ): Promise<readonly Remains[]>;
  /** Frees what lies beside the places of a change's trees and is not the only one. */
  freeCopied(change: string, paths: readonly StorePath[]): Promise<readonly Remains[]>;
  /** Frees copies of which no original has left its place; tells why some of it could not be, `null` for nothing. */
  freeCopies(change: string): Promise<string | null>;
  /** Measures what a change's trees take where they are kept; `null` when not all of it can be read. */
  measureKept(change: string): Promise<DiskUsage | null>;
}

/** Opens where the trees of a database lie below a root, which may be one of several. */
export type OpenPlace = (root: string) => Promise<ArtifactPlace>;
