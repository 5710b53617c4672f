/**
 * Whether things of two databases are the same but for their experiments, and the places of their artifacts.
 *
 * @module
 */

import { LINK_TABLES } from "../log/added_tables.ts";
import { LOCATION_TAG } from "../../../lib/store/tags.ts";
import { areSameTrees } from "../../_io/tree/compare_trees.ts";
import { type OwnedRows, statementOf } from "../rows/owned_rows.ts";
import type { AddedChunk } from "../log/added_things.ts";
import {
  addedTablesOf,
  chunksFor,
  placeOfArtifacts,
  realDirectoryOf,
  type Thing,
} from "./things.ts";

/** How many are held at once. */
const AT_ONCE = 200;

/**
 * Finds things that are in two databases, and the same. Needs read permission.
 *
 * @param here A database, within a transaction.
 * @param there Another one, likewise.
 * @param kind What the things are.
 * @param ids Their ids, each of which is in both.
 * @param signal Stops it.
 * @returns Those that are the same.
 */
export async function sameThings(
  here: OwnedRows,
  there: OwnedRows,
  kind: Thing["kind"],
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlySet<string>> {
  const same = new Set<string>();
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    signal?.throwIfAborted();
    const some = ids.slice(at, at + AT_ONCE);
    const [own, other] = [wordsOf(here, kind, some), wordsOf(there, kind, some)];
    for (const id of some) {
      if (own.get(id) !== other.get(id)) continue;
      if (await haveSameArtifacts(here, there, { kind, id }, signal)) same.add(id);
    }
  }
  return same;
}

/** What depends on the experiment, or on where artifacts lie. */
const PLACES: ReadonlySet<string> = new Set([
  ...["experiment_id", "artifact_uri", "artifact_location", "source", "storage_location"],
]);

/** Id → all that its rows say besides, in an order of their own. */
function wordsOf(
  rows: OwnedRows,
  kind: Thing["kind"],
  ids: readonly string[],
): ReadonlyMap<string, string> {
  const tables = addedTablesOf(rows, kind).filter(({ table }) => !LINK_TABLES.has(table));
  const words = new Map<string, string[]>();
  for (const chunk of chunksFor(rows, kind, ids, tables)) {
    const own = words.get(chunk.id) ?? [];
    words.set(chunk.id, own);
    own.push(...saidBy(chunk));
  }
  if (kind === "run") {
    for (const [id, dataset] of datasetsOf(rows, ids)) words.get(id)?.push(dataset);
  }
  return new Map([...words].map(([id, own]) => [id, own.toSorted().join("\n")]));
}

function saidBy({ table, columns, rows }: AddedChunk): readonly string[] {
  const key = columns.indexOf("key") + 1;
  return rows.filter((row) => table !== "trace_tags" || row[key] !== LOCATION_TAG).map((row) => {
    const kept = columns.map((name, at) => [name, row[0][at]!, row[at + 1]!])
      .filter(([name]) => !PLACES.has(`${name}`));
    return JSON.stringify([table, kept]);
  });
}

/** In another experiment a dataset has another id. */
function datasetsOf(
  rows: OwnedRows,
  ids: readonly string[],
): readonly (readonly [string, string])[] {
  if (!rows.columns.has("datasets")) return [];
  return statementOf(
    rows,
    `SELECT i.destination_id AS id, CAST(d.name AS TEXT) AS name, CAST(d.digest AS TEXT) AS digest
      FROM inputs AS i JOIN datasets AS d ON d.dataset_uuid = i.source_id
      WHERE i.source_type = 'DATASET' AND i.destination_type = 'RUN'
      AND i.destination_id IN (SELECT value FROM json_each(?))`,
  ).all(JSON.stringify(ids)).map(({ id, name, digest }) => [
    `${id}`,
    JSON.stringify(["dataset", name, digest]),
  ]);
}

/** By what lies where, and how long it is. */
async function haveSameArtifacts(
  here: OwnedRows,
  there: OwnedRows,
  thing: Thing,
  signal?: AbortSignal,
): Promise<boolean> {
  const [own, other] = [here, there].map((rows) => {
    const place = placeOfArtifacts(rows, thing);
    return place === null ? null : realDirectoryOf(place);
  }) as [string | null, string | null];
  if (own === other) return true;
  return own !== null && other !== null &&
    await areSameTrees(own, other, { contents: false, signal });
}
