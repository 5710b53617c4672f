/**
 * What the rows of a database, and of those beside it and beside its artifacts, name.
 *
 * @module
 */

import { dirname } from "@std/path";
import { realPathOrNull } from "../_io/read.ts";
import { isLocalRoot } from "../../lib/snapshot/artifact_root.ts";
import { hiddenText, type NamedRows } from "../../lib/snapshot/tree_holders.ts";
import { readDatabases, readDatabasesAround } from "./read_databases.ts";
import type { AllNamed } from "./scan/find_orphans.ts";
import { readDatabase } from "./scan/read_database.ts";
import { placesFor, selectRows, type Tables, text } from "./scan/tables.ts";

/** Tables of what has artifacts of its own, by the columns of their ids. */
const OWNERS = [
  ["runs", "run_uuid"],
  ["logged_models", "model_id"],
  ["trace_info", "request_id"],
] as const;

/** Ids as MLflow makes them, in whatever text. */
const IDS = /(?:m-)?[0-9a-f]{32}/g;

/** How many ids one question names. */
const AT_ONCE = 500;

/**
 * Tells which ids a database knows.
 *
 * @param tables The database.
 * @param ids The ids.
 * @returns Those of runs, logged models or traces.
 */
export function knownIds(tables: Tables, ids: readonly string[]): ReadonlySet<string> {
  const known = new Set<string>();
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const values = ids.slice(at, at + AT_ONCE);
    for (const [table, column] of OWNERS) {
      const rows = selectRows<{ id: string }>(tables, {
        table,
        fields: { id: text(column) },
        needs: [column],
        tail: `WHERE ${column} IN ${placesFor(values)}`,
        values,
      });
      for (const { id } of rows) known.add(id);
    }
  }
  return known;
}

/**
 * Reads the rows that name files, of all databases that may have artifacts below a root. Needs read permission for
 * these, and for the directories in which they lie.
 *
 * @param path Absolute real path of the store's database.
 * @param root Its artifact root.
 * @returns The rows.
 */
export async function readNamedRows(path: string, root: string): Promise<NamedRows> {
  const beside = [
    ...await readDatabasesAround(root),
    ...await readDatabases(dirname(path)),
  ];
  const others = [...new Map(beside.map((one) => [one.path, one])).values()]
    .filter((one) => (realPathOrNull(one.path) ?? one.path) !== path);
  const own = readDatabase(path);
  return {
    own: own?.rows ?? [],
    others,
    problem: hiddenText(own === null ? others : [own, ...others]),
  };
}

/**
 * Reads what rows name, of all databases that may have artifacts below a root. Needs read permission for these, and
 * for the directories in which they lie.
 *
 * @param path Absolute real path of the store's database.
 * @param root Absolute path of its artifact root.
 * @returns What they name.
 */
export async function readAllNamed(path: string, root: string): Promise<AllNamed> {
  const named = namesOf(await readNamedRows(path, root));
  return {
    ...named,
    // Databases are looked for around the artifacts and around this one: another may share what lies far from both.
    // In a bucket nothing lies beside anything: there it is asked otherwise.
    problem: named.problem ??
      (!isLocalRoot(root) || `${root}/`.startsWith(`${dirname(path)}/`)
        ? null
        : `${root} does not lie beside the database, so that another database may name it`),
  };
}

/**
 * Tells what rows name.
 *
 * @param named The rows.
 * @returns The ids and the locations.
 */
export function namesOf({ own, others, problem }: NamedRows): AllNamed {
  const rows = [...own, ...others.flatMap((one) => one.rows)];
  return {
    ids: new Set(
      rows.flatMap(({ kind, id, location }) =>
        kind === "run" || kind === "logged-model" || kind === "trace"
          ? [id]
          // A version names what it is of by `runs:/` and `models:/`.
          : kind === "model-version"
          ? location.match(IDS) ?? []
          : []
      ),
    ),
    locations: rows.map(({ location }) => location),
    problem,
  };
}
