/**
 * What is copied from one database into another: things by their addresses, what of them is where, and what tells that
 * they are still what they were.
 *
 * @module
 */

import { basename, dirname, join } from "@std/path";
import { ADDED_TABLES, type AddedOwner } from "../log/added_tables.ts";
import { servedPlaceOf } from "../../../lib/snapshot/artifact_root.ts";
import { fingerprintOf } from "../../../lib/snapshot/fingerprint.ts";
import type { OwnedTable } from "../../../lib/snapshot/owned_tables.ts";
import { localPathOf } from "../../../lib/records/relocate_uri.ts";
import { type DiskUsage, NO_USAGE } from "../../../lib/store/usage.ts";
import { LOCATION_TAG } from "../../../lib/store/tags.ts";
import { measureTree, newMeasurer } from "../../_file/scan/measure.ts";
import { realPathOrNull } from "../../_io/read.ts";
import { conditionOf, type OwnedRows, statementOf } from "../rows/owned_rows.ts";
import type { AddedChunk } from "../log/added_things.ts";

/** Something that is copied. */
export interface Thing {
  readonly kind: AddedOwner;
  /** Of a registered model its name. */
  readonly id: string;
}

/**
 * Tells what an address names.
 *
 * @param path The address.
 * @returns The thing.
 */
export function thingAt(path: string): Thing {
  const [first = "", second, third] = path.split("/").map(decodeURIComponent);
  if (first === "models") return { kind: "registered-model", id: second ?? "" };
  if (second === undefined) return { kind: "experiment", id: first };
  if (third === undefined) return { kind: "run", id: second };
  return { kind: second === "models" ? "logged-model" : "trace", id: third };
}

/**
 * Names the tables in which a thing has rows, as far as the database has them.
 *
 * @param rows The database.
 * @param kind What it is.
 * @returns The tables, children first.
 */
export function addedTablesOf({ columns }: OwnedRows, kind: AddedOwner): readonly OwnedTable[] {
  const has = (table: string, column: string) => columns.get(table)?.includes(column) ?? false;
  return ADDED_TABLES[kind].filter(({ table, owner, through }) =>
    through === undefined
      ? has(table, owner)
      : has(through.table, owner) && has(through.table, through.by) && has(table, through.by)
  );
}

/**
 * Reads rows, within a transaction. Needs read permission.
 *
 * @param rows The database.
 * @param kind Of what.
 * @param ids Their ids.
 * @param tables Of which tables. @default {all}
 * @returns The rows, children first.
 */
export function chunksFor(
  rows: OwnedRows,
  kind: AddedOwner,
  ids: readonly string[],
  tables: readonly OwnedTable[] = addedTablesOf(rows, kind),
): readonly AddedChunk[] {
  return tables.flatMap((table) => rows.words.read(rows, { owner: kind, table, ids }).chunks);
}

/**
 * Counts rows.
 *
 * @param rows The database.
 * @param table Of which table.
 * @param ids Of what.
 * @returns Id → how many, where there are any.
 */
export function countOf(
  rows: OwnedRows,
  table: OwnedTable,
  ids: readonly string[],
): ReadonlyMap<string, number> {
  const { id, condition } = conditionOf(table);
  const counted = statementOf(
    rows,
    `SELECT CAST(${id} AS TEXT) AS id, COUNT(*) AS count FROM "${table.table}"
      WHERE ${condition} GROUP BY 1`,
  ).all(JSON.stringify(ids));
  return new Map(counted.map((row) => [String(row["id"]), Number(row["count"])]));
}

/**
 * Digests what tells of things that they are what they were: their own rows, and how many belong to them.
 *
 * @param rows The database.
 * @param kind What they are.
 * @param ids Their ids.
 * @returns Id → the digest, of those that are there.
 */
export function rowStampsOf(
  rows: OwnedRows,
  kind: AddedOwner,
  ids: readonly string[],
): ReadonlyMap<string, string> {
  const tables = addedTablesOf(rows, kind);
  const own = tables.at(-1);
  if (own === undefined || own.table !== ADDED_TABLES[kind].at(-1)!.table) return new Map();
  const counts = tables.map((table) => countOf(rows, table, ids));
  return new Map(
    chunksFor(rows, kind, ids, [own]).map(({ id, rows: [row] }) => [
      id,
      fingerprintOf([JSON.stringify(row), ...counts.map((count) => count.get(id) ?? 0)]),
    ]),
  );
}

/** In which column, of which table, things say where their artifacts lie. */
const LOCATIONS: Readonly<
  Partial<Record<AddedOwner, readonly [table: string, column: string, key: string]>>
> = {
  "run": ["runs", "artifact_uri", "run_uuid"],
  "logged-model": ["logged_models", "artifact_location", "model_id"],
  "trace": ["trace_tags", "value", "request_id"],
};

/**
 * Reads where the artifacts of a thing lie. Needs read permission.
 *
 * @param rows The database.
 * @param thing The thing.
 * @returns As its row says; `null` where that says nothing.
 */
export function locationOf(rows: OwnedRows, { kind, id }: Thing): string | null {
  const [table = "", column, key] = LOCATIONS[kind] ?? [];
  if (!rows.columns.has(table)) return null;
  const also = kind === "trace" ? ` AND key = '${LOCATION_TAG}'` : "";
  const found = statementOf(
    rows,
    `SELECT CAST("${column}" AS TEXT) AS location FROM "${table}" WHERE "${key}" = ?${also}`,
  ).get(id)?.["location"];
  return typeof found === "string" && found !== "" ? found : null;
}

/**
 * Finds the directory of a thing's artifacts on this machine, as MLflow makes it: called by its id. Needs read
 * permission.
 *
 * @param rows The database.
 * @param thing The thing.
 * @returns Absolute path of the directory in which `artifacts` is; `null` where they are elsewhere.
 */
export function placeOfArtifacts(rows: OwnedRows, thing: Thing): string | null {
  const served = rows.served?.isProven ? rows.served.root : null;
  const path = localPathOf(servedPlaceOf(locationOf(rows, thing) ?? "", served));
  return path?.endsWith(`/${thing.id}/artifacts`) ? dirname(path) : null;
}

/** What a thing takes on the disk. */
export interface MeasuredThing {
  readonly usage: DiskUsage;
  /** Changes when anything of it is added, removed or modified. */
  readonly stamp: string;
}

/**
 * Measures the artifacts of a thing. Needs read permission.
 *
 * @param place Where they are, see {@linkcode placeOfArtifacts}.
 * @param rowStamp What tells of its rows.
 * @returns What they take; or why they cannot be copied.
 */
export async function measureThing(
  place: string | null,
  rowStamp: string,
): Promise<MeasuredThing | { readonly problem: string }> {
  const real = place === null ? null : realDirectoryOf(place);
  if (real === null) return { usage: NO_USAGE, stamp: fingerprintOf([rowStamp]) };
  const found = await measureTree(real, newMeasurer());
  if (found === null) return { problem: `not all of ${place} can be read` };
  if (found.stamp === "") return { problem: `something is mounted in ${place}` };
  return { usage: found.usage, stamp: fingerprintOf([rowStamp, found.stamp]) };
}

/**
 * Finds a directory by no link. Needs read permission.
 *
 * @param place Its absolute path.
 * @returns Its real path, under the same name; `null` where there is none.
 */
export function realDirectoryOf(place: string): string | null {
  const around = realPathOrNull(dirname(place));
  if (around === null) return null;
  const real = join(around, basename(place));
  return realPathOrNull(real) === null ? null : real;
}
