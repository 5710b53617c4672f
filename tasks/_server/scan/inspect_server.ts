/**
 * Snapshot of depth `tags` → depth `full`: runs that have not ended and show no sign of life, and what names runs. What
 * names a logged model is left out: deleted ones are in no answer, and would seem to be missing.
 *
 * @module
 */

import { findStale } from "../../../lib/records/check_meta.ts";
import {
  addressOf,
  type DatabaseRows,
  versionAddress,
} from "../../../lib/snapshot/assemble_rows.ts";
import { byPath, type StorePath } from "../../../lib/store/path.ts";
import type { Reference } from "../../../lib/store/problem.ts";
import type { Depth, StoreSnapshot } from "../../../lib/store/snapshot.ts";

/**
 * Inspects what a server told.
 *
 * @param rows What was read.
 * @param snapshot The same, assembled.
 * @param signs When runs that have not ended last logged a metric, epoch ms, by run.
 * @returns The snapshot with what is wrong, and what names runs.
 */
export function inspectServer<D extends Depth>(
  rows: DatabaseRows<D>,
  snapshot: StoreSnapshot<D>,
  signs: ReadonlyMap<string, number>,
): StoreSnapshot<D> {
  const to = (path: StorePath, id: string | null): readonly Reference[] =>
    id === null || id === "" ? [] : [{ path, to: "run", id }];
  const references = [
    ...rows.versions.flatMap((row) => to(versionAddress(row), row.run)),
    ...(rows.traceUses ?? []).flatMap(({ experiment, trace, runId }) =>
      to(addressOf(experiment, "traces", trace), runId)
    ),
  ];
  return {
    ...snapshot,
    problems: [...snapshot.problems, ...findStale(snapshot, signs)].toSorted(byPath),
    references: references.toSorted(byPath),
  };
}
