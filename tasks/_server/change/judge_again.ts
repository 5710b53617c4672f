/**
 * Telling whether runs are what they were when they were judged, and whether anything has come to refer to them.
 *
 * @module
 */

import { findReferences } from "../../../lib/snapshot/find_references.ts";
import { isDeletionMark } from "../../../lib/store/tags.ts";
import type { StoreSnapshot } from "../../../lib/store/snapshot.ts";
import type { Judged } from "./delete_runs.ts";

/**
 * Compares what was read when runs were judged with what refers to them by now.
 *
 * @param before The store as it was read then.
 * @param now The registry, logged models and traces as they are now; its runs do not matter.
 * @returns What tells it of each run.
 */
export function judgeAgain(before: StoreSnapshot, now: StoreSnapshot): Judged {
  const tags = new Map(
    before.experiments.flatMap(({ runs }) => runs).map((run) => [`${run.id}`, run.tags]),
  );
  const keys = before.extras?.tags ?? null;
  const known = namedBy(before, before);
  const named = namedBy(now, before);
  return {
    sameTags(run, found) {
      const judged = tags.get(run);
      const concerned = keys ?? [...judged?.keys() ?? [], ...found.keys()];
      return judged !== undefined &&
        concerned.every((key) => isDeletionMark(key) || judged.get(key) === found.get(key));
    },
    isNeeded: (run) => !(named.get(run) ?? NONE).isSubsetOf(known.get(run) ?? NONE),
  };
}

const NONE: ReadonlySet<string> = new Set();

/** Run → what names it: versions with their stages and aliases, and traces, where they were read. */
function namedBy(
  from: StoreSnapshot,
  runs: StoreSnapshot,
): ReadonlyMap<string, ReadonlySet<string>> {
  const named = new Map<string, Set<string>>();
  const add = (run: string, what: string) => {
    const known = named.get(run);
    if (known === undefined) named.set(run, new Set([what]));
    else known.add(what);
  };
  const models = new Map(from.experiments.map(({ id, loggedModels }) => [id, loggedModels]));
  const experiments = runs.experiments.map((one) => ({
    ...one,
    loggedModels: models.get(one.id) ?? one.loggedModels,
  }));
  const references = findReferences({
    ...runs,
    experiments,
    registeredModels: from.registeredModels,
  });
  for (const [run, versions] of references.runs) {
    for (const version of versions) add(run, JSON.stringify(version));
  }
  for (const { of, id, row } of from.backend?.holds ?? []) {
    if (of === "run" && id !== null) add(id, `assessment ${row}`);
  }
  // Where nobody asked for traces, they keep nothing.
  if (runs.experiments.every(({ traceUses }) => traceUses === undefined)) return named;
  for (const { trace, runId } of usesOf(from)) if (runId !== null) add(runId, `trace ${trace}`);
  return named;
}

function usesOf({ experiments }: StoreSnapshot) {
  return experiments.flatMap(({ traceUses = [] }) => traceUses);
}
