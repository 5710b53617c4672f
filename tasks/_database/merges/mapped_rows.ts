/**
 * What rows of another database become in this one: they name another experiment, other places, other datasets.
 *
 * @module
 */

import { ownTableOf } from "../../../lib/snapshot/owned_tables.ts";
import { LOCATION_TAG } from "../../../lib/store/tags.ts";
import type { AddedChunk } from "../log/added_things.ts";
import type { LoggedValue, RemovedRow } from "../log/removed_rows.ts";

/** What changes in rows on their way into another database. */
export interface RowMapping {
  /** Id there → id here. */
  readonly experiments: ReadonlyMap<string, string>;
  /** Id there → id here; only of those that have another one here. */
  readonly datasets: ReadonlyMap<string, string>;
  /** Id of a run, a logged model, an experiment or a trace, or name and number of a version → column → value. */
  readonly set: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/**
 * Tells what rows become.
 *
 * @param chunk The rows, as they are there.
 * @param mapping What changes.
 * @returns The rows, as they are to be here.
 */
export function mappedChunk(chunk: AddedChunk, mapping: RowMapping): AddedChunk {
  const { columns, table } = chunk;
  const own = chunk.owner === "registered-model" ? null : ownTableOf(chunk.owner).table;
  const id = chunk.owner === "experiment"
    ? mapping.experiments.get(chunk.id) ?? chunk.id
    : chunk.id;
  const at = (name: string) => columns.indexOf(name) + 1;
  const rows = chunk.rows.map((row) => {
    const changed = [...row] as [string, ...LoggedValue[]];
    const value = (name: string) => at(name) === 0 ? null : `${row[at(name)]}`;
    const set = (name: string, text: string) => put(changed, at(name), text);
    const experiment = mapping.experiments.get(value("experiment_id") ?? "");
    if (experiment !== undefined) set("experiment_id", experiment);
    for (const side of ["source", "destination"]) {
      const other = value(`${side}_type`) === "experiment"
        ? mapping.experiments.get(value(`${side}_id`) ?? "")
        : undefined;
      if (table === "entity_associations" && other !== undefined) set(`${side}_id`, other);
    }
    const dataset = table === "inputs" && value("source_type") === "DATASET"
      ? "source_id"
      : table === "logged_model_metrics" || table === "datasets"
      ? "dataset_uuid"
      : null;
    const renamed = dataset === null ? undefined : mapping.datasets.get(value(dataset) ?? "");
    if (renamed !== undefined) set(dataset!, renamed);
    const key = table === "model_versions" ? `${value("name")}/${value("version")}` : id;
    if (table === own || table === "model_versions") {
      for (const [name, text] of Object.entries(mapping.set.get(key) ?? {})) {
        if (at(name) > 0 && name !== "experiment_id") set(name, text);
      }
    }
    const place = mapping.set.get(id)?.[LOCATION_TAG];
    if (table === "trace_tags" && value("key") === LOCATION_TAG && place !== undefined) {
      set("value", place);
    }
    return changed as RemovedRow;
  });
  return { ...chunk, id, rows };
}

/** The type stays: ids of experiments are numbers. */
function put(row: [string, ...LoggedValue[]], at: number, text: string): void {
  row[at] = row[0][at - 1] === "i" ? Number(text) : text;
  if (row[0][at - 1] !== "i") row[0] = `${row[0].slice(0, at - 1)}t${row[0].slice(at)}`;
}
