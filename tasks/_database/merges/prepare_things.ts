/**
 * What the rows of things of another database are to be here: all that belongs to them, as it is there, but for
 * experiments, places and datasets; links only where both of their ends are here.
 *
 * @module
 */

import { LINK_TABLES } from "../log/added_tables.ts";
import { fingerprintOf } from "../../../lib/snapshot/fingerprint.ts";
import type { OwnedTable } from "../../../lib/snapshot/owned_tables.ts";
import { LOCATION_TAG } from "../../../lib/store/tags.ts";
import type { CopyIn } from "../../../lib/plan/plan.ts";
import { type OwnedRows, statementOf } from "../rows/owned_rows.ts";
import type { AddedChunk } from "../log/added_things.ts";
import type { RemovedRow } from "../log/removed_rows.ts";
import { mappedChunk, type RowMapping } from "./mapped_rows.ts";
import { addedTablesOf, chunksFor, type Thing, thingAt } from "./things.ts";

/** Two databases, and what is about to come from one into the other at once. */
export interface Both {
  readonly here: OwnedRows;
  readonly there: OwnedRows;
  /** Where artifacts of this database lie, as its rows name it; `null` where that is not on this machine. */
  readonly root: string | null;
  /** Things that are about to be put in: the kind, a space and the id. */
  readonly coming: Set<string>;
  /** Rows that are about to be put in of tables of {@linkcode LINK_TABLES}. */
  readonly links: Set<string>;
  /** Experiment, name and digest of a dataset that is about to be put in → its id here. */
  readonly datasets: Map<string, string>;
}

/**
 * Begins to look at what comes at once.
 *
 * @param here The database into which.
 * @param there The other one.
 * @param root Where artifacts of the first one lie.
 * @returns Both, with nothing coming yet.
 */
export function bothOf(here: OwnedRows, there: OwnedRows, root: string | null): Both {
  return { here, there, root, coming: new Set(), links: new Set(), datasets: new Map() };
}

/**
 * Reads what is to be put in for an action, within a transaction on either database. Needs read permission.
 *
 * @param both The databases; what comes is noted.
 * @param action The action.
 * @returns Of each of its things, its rows as they are to be here, children first.
 */
export function prepareRows(
  both: Both,
  action: CopyIn,
): readonly (readonly [Thing, readonly AddedChunk[]])[] {
  const things = action.trees.map(({ from, to }) => ({ from: thingAt(from), to: thingAt(to) }));
  for (const { to } of things) both.coming.add(`${to.kind} ${to.id}`);
  const read = things.map(({ from, to }) =>
    [to, chunksFor(both.there, from.kind, [from.id])] as const
  );
  const known = mappingOf(both, action);
  const wanted = datasetsNamedIn(read.flatMap(([, chunks]) => chunks));
  const { datasets, added } = datasetsFor(both, wanted, known);
  const mapping = { ...known, datasets };
  return read.map(([thing, chunks], index) => [
    thing,
    [
      ...(index === 0 ? added : []),
      ...withLinks(both, chunks.map((chunk) => mappedChunk(chunk, mapping))),
    ],
  ]);
}

function mappingOf({ here, root }: Both, action: CopyIn): Omit<RowMapping, "datasets"> {
  const { trees: [{ from }], records, texts, experimentId } = action;
  const [experiment = ""] = from.split("/");
  const served = here.served?.isProven ? here.served.root : null;
  // What a server of this store serves, its rows name as that does; one of the other store serves nothing here.
  const named = (value: string) =>
    served !== null && value.startsWith(`${served}/`)
      ? `mlflow-artifacts:${value.slice(served.length)}`
      : served === null && root !== null && value.startsWith(`${SERVED}/`)
      ? `${root}${value.slice(SERVED.length)}`
      : value;
  const set = new Map<string, Readonly<Record<string, string>>>();
  for (const { path, changes } of records) {
    const { kind, id } = thingAt(path);
    const version = /\/version-([^/]*)$/.exec(path)?.[1];
    set.set(
      kind === "registered-model" ? `${id}/${version}` : id,
      Object.fromEntries(Object.entries(changes).map(([key, value]) => [key, named(value)])),
    );
  }
  for (const { path, text } of texts) {
    const { kind, id } = thingAt(path);
    if (kind === "trace") set.set(id, { ...set.get(id), [LOCATION_TAG]: named(text) });
  }
  return {
    experiments: new Map(experimentId === null ? [] : [[experiment, experimentId]]),
    set,
  };
}

const SERVED = "mlflow-artifacts:";

function valueAt({ columns }: AddedChunk, row: RemovedRow, name: string): string | null {
  const value = row[columns.indexOf(name) + 1];
  return columns.includes(name) && value !== null ? `${value}` : null;
}

function datasetsNamedIn(chunks: readonly AddedChunk[]): readonly string[] {
  const named = chunks.flatMap((chunk) =>
    chunk.rows.flatMap((row) => {
      if (chunk.table === "logged_model_metrics") return valueAt(chunk, row, "dataset_uuid") ?? [];
      const isDataset = chunk.table === "inputs" &&
        valueAt(chunk, row, "source_type") === "DATASET";
      return isDataset ? valueAt(chunk, row, "source_id") ?? [] : [];
    })
  );
  return [...new Set(named)];
}

const DATASETS: OwnedTable = { table: "datasets", owner: "dataset_uuid" };

/** MLflow takes datasets of one experiment, name and digest for the same. */
function datasetsFor(
  { here, there, datasets: coming }: Both,
  wanted: readonly string[],
  { experiments, set }: Omit<RowMapping, "datasets">,
): { readonly datasets: ReadonlyMap<string, string>; readonly added: readonly AddedChunk[] } {
  const datasets = new Map<string, string>();
  const added: AddedChunk[] = [];
  if (wanted.length === 0 || !here.columns.has("datasets")) return { datasets, added };
  for (const chunk of chunksFor(there, "experiment", wanted, [DATASETS])) {
    const mapped = mappedChunk(chunk, { experiments, set, datasets });
    const [row] = mapped.rows;
    if (row === undefined) continue;
    const [experiment, name, digest] = ["experiment_id", "name", "digest"]
      .map((column) => valueAt(mapped, row, column)) as [string, string, string];
    const key = JSON.stringify([experiment, name, digest]);
    const twin = coming.get(key) ?? statementOf(
      here,
      "SELECT dataset_uuid AS id FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?",
    ).get(experiment, name, digest)?.["id"];
    const isTaken = statementOf(here, "SELECT 1 FROM datasets WHERE dataset_uuid = ?")
      .get(chunk.id) !== undefined;
    const id = typeof twin === "string" ? twin : isTaken ? copyId(chunk.id, experiment) : chunk.id;
    if (id !== chunk.id) datasets.set(chunk.id, id);
    if (twin !== undefined) continue;
    coming.set(key, id);
    added.push(mappedChunk(chunk, { experiments, set, datasets }));
  }
  return { datasets, added };
}

/** As long as MLflow's, and the same whoever copies it. */
function copyId(dataset: string, experiment: string): string {
  return fingerprintOf([dataset, experiment]) + fingerprintOf([experiment, dataset]);
}

/** Of tables whose rows have two ends, those of which both are here, and that are not here themselves. */
function withLinks(both: Both, chunks: readonly AddedChunk[]): readonly AddedChunk[] {
  const inputs = new Set<string>();
  const wanted = chunks.filter(({ table }) => LINK_TABLES.has(table) && table !== "input_tags");
  const kept = new Map(wanted.map((chunk) => [
    chunk,
    onlyNew(both, chunk, (row) => {
      const isWhole = endsOf(chunk, row).every(([kind, id]) => isThere(both, kind, id));
      const input = chunk.table === "inputs" ? valueAt(chunk, row, "input_uuid") : null;
      if (isWhole && input !== null) inputs.add(input);
      return isWhole;
    }),
  ]));
  return chunks.flatMap((chunk) => {
    const left = !LINK_TABLES.has(chunk.table)
      ? chunk
      : chunk.table === "input_tags"
      ? onlyNew(both, chunk, (row) => inputs.has(valueAt(chunk, row, "input_uuid") ?? ""))
      : kept.get(chunk)!;
    return left.rows.length === 0 ? [] : [left];
  });
}

function onlyNew(
  { here, links }: Both,
  chunk: AddedChunk,
  isWanted: (row: RemovedRow) => boolean,
): AddedChunk {
  const rows = chunk.rows.filter((row) => {
    const key = JSON.stringify([chunk.table, row]);
    if (!isWanted(row) || links.has(key) || here.words.has(here, chunk, row)) return false;
    links.add(key);
    return true;
  });
  return { ...chunk, rows };
}

type End = readonly [kind: string, id: string];

function endsOf(chunk: AddedChunk, row: RemovedRow): readonly End[] {
  if (chunk.table === "logged_model_metrics") {
    return [
      ["logged-model", valueAt(chunk, row, "model_id") ?? ""],
      ["run", valueAt(chunk, row, "run_id") ?? ""],
    ];
  }
  return ["source", "destination"].flatMap((side): readonly End[] => {
    const kind = KINDS[valueAt(chunk, row, `${side}_type`) ?? ""];
    return kind === undefined ? [] : [[kind, valueAt(chunk, row, `${side}_id`) ?? ""]];
  });
}

/** By the words of MLflow; what none of them names is in no table of ours, or comes before all links. */
const KINDS: Readonly<Record<string, Thing["kind"]>> = {
  RUN: "run",
  RUN_INPUT: "run",
  RUN_OUTPUT: "run",
  MODEL_INPUT: "logged-model",
  MODEL_OUTPUT: "logged-model",
  run: "run",
  model: "logged-model",
  trace: "trace",
  experiment: "experiment",
};

function isThere({ here, coming }: Both, kind: string, id: string): boolean {
  if (coming.has(`${kind} ${id}`)) return true;
  const own = addedTablesOf(here, kind as Thing["kind"]).at(-1);
  return own !== undefined &&
    statementOf(here, `SELECT 1 FROM "${own.table}" WHERE "${own.owner}" = ?`).get(id) !==
      undefined;
}
