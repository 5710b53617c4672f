/**
 * Which artifacts belong to a database, and are copied with it.
 *
 * @module
 */

import { basename, dirname, join } from "@std/path";
import type { Membership } from "../../../lib/backup/plan_backup.ts";
import { runDirectoryOf } from "../../../lib/snapshot/artifact_root.ts";
import { isPassing } from "../../_artifacts/tree_place.ts";
import { type Found, walkTree } from "../../_io/tree/walk_tree.ts";
import { statePaths } from "../log/state_directory.ts";
import { openDatabase, orStoreError } from "../scan/open_database.ts";
import { locations, readTables, selectRows, type Tables, text } from "../scan/tables.ts";
import { findArtifactRoot } from "../trees/among_artifacts.ts";
import { type Serving, withServed } from "../trees/served_artifacts.ts";

/** The artifacts of a database, as far as they lie on this machine where MLflow puts them. */
export interface Artifacts {
  /** Absolute real path of their root; `null` where there is none. */
  readonly root: string | null;
  /** Absolute real path of the directory that has the root; that of the database where there is none. */
  readonly base: string;
  /** How many runs and logged models have theirs anywhere else. */
  readonly elsewhere: number;
}

/**
 * Finds the artifacts of a database. Needs read permission.
 *
 * @param path Absolute real path of its file.
 * @param serving Knows where a server keeps them.
 * @returns Where they lie.
 */
export function artifactsOf(path: string, serving: Serving): Artifacts {
  return orStoreError(path, () => {
    using database = openDatabase(path);
    const tables = withServed(serving, readTables(database));
    const named = findArtifactRoot(tables);
    const owners = [
      ...placesIn(tables, "runs", "run_uuid", "artifact_uri"),
      ...placesIn(tables, "logged_models", "model_id"),
    ];
    const elsewhere = owners.filter((owner) => !isUsual(named, owner)).length;
    const root = named === null ? null : realPathOf(named);
    return { root, base: root === null ? dirname(path) : dirname(root), elsewhere };
  });
}

/** Whatever else lies in the root, which may be anybody's directory, is none of an experiment's. */
const EXPERIMENT = /^\d+$/;

interface Placed {
  readonly id: string;
  readonly location: string | null;
}

/** Whether artifacts lie where MLflow puts them: in the root, in the directory of an experiment. */
function isUsual(root: string | null, { id, location }: Placed): boolean {
  const place = runDirectoryOf(root, { id, artifactUri: location ?? "" });
  const [experiment = ""] = place?.slice(`${root}/`.length).split("/") ?? [];
  return EXPERIMENT.test(experiment);
}

function placesIn(
  tables: Tables,
  table: string,
  key: string,
  column = "artifact_location",
): readonly Placed[] {
  return [...selectRows<Placed>(tables, {
    table,
    fields: { id: text(key), location: locations(tables, column) },
    needs: [key, column],
  })];
}

/** MLflow makes it with the first artifact. */
function realPathOf(path: string): string | null {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/**
 * Walks the directories of experiments in the root, that first, but for what is on its way out or back. Needs read
 * permission.
 *
 * @param path Absolute real path of the database's file, which may lie among them.
 * @param artifacts Where they lie.
 * @returns What is there, below `base`.
 */
export function walkArtifacts(path: string, { root, base }: Artifacts): AsyncGenerator<Found> {
  const name = root === null ? null : basename(root);
  const own = new Set([
    statePaths(path).directory,
    ...["", "-journal", "-wal", "-shm"].map((end) => `${path}${end}`),
  ]);
  return walkTree(base, (below): Membership => {
    const [first, experiment] = below.split("/");
    if (first !== name) return "out";
    if (experiment !== undefined && !EXPERIMENT.test(experiment)) return "out";
    return own.has(join(base, below)) || isPassing(basename(below)) ? "out" : "in";
  });
}
