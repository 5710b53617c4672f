/**
 * Where artifacts lie of what a plan takes away, if not on this machine.
 *
 * @module
 */

import type { RemotePlaces } from "../plan/outlook.ts";
import type { Action, Kept } from "../plan/plan.ts";
import { remoteScheme } from "../store/artifact_uri.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";

/**
 * Finds where artifacts lie that are not on this machine.
 *
 * @param snapshot The store.
 * @param actions What is planned.
 * @param kept What stays.
 * @returns The places; nothing where the plan concerns none.
 */
export function remotePlaces(
  snapshot: StoreSnapshot,
  actions: readonly Action[],
  kept: readonly Kept[],
): { readonly remote?: RemotePlaces } {
  const { backend } = snapshot;
  if (backend === undefined) return {};
  const roots = backend.buckets ?? [];
  const unread = new Set(
    kept.flatMap(({ reasons }) =>
      reasons.flatMap((one) => one.kind === "artifacts-unreadable" ? [one.root] : [])
    ),
  );
  const isMoving = actions.some(({ kind }) => MOVING.has(kind));
  const buckets = roots.filter(({ root, problem }) =>
    problem === null ? isMoving : unread.has(root)
  );
  const elsewhere: Record<string, number> = {};
  for (const location of locationsOf(snapshot, actions)) {
    const scheme = remoteScheme(location);
    const isKnown = roots.some(({ root }) => location.startsWith(`${root}/`));
    if (scheme !== null && !isKnown) elsewhere[scheme] = (elsewhere[scheme] ?? 0) + 1;
  }
  const isNothing = buckets.length === 0 && Object.keys(elsewhere).length === 0;
  return isNothing ? {} : { remote: { buckets, elsewhere } };
}

/** What takes artifacts away. */
const MOVING: ReadonlySet<Action["kind"]> = new Set([
  "purge-run",
  "purge-experiment",
  "purge-logged-model",
  "quarantine-orphan",
]);

/** Where the runs and logged models have their artifacts that are purged, with an experiment or by themselves. */
function* locationsOf(
  { experiments }: StoreSnapshot,
  actions: readonly Action[],
): Iterable<string> {
  const going = new Set<string>(
    actions.filter(({ kind }) => MOVING.has(kind)).map(({ path }) => path),
  );
  if (going.size === 0) return;
  for (const { path, runs, loggedModels } of experiments) {
    const isWhole = going.has(path);
    for (const run of runs) if (isWhole || going.has(run.path)) yield run.artifactUri;
    for (const model of loggedModels) {
      if (isWhole || going.has(model.path)) yield model.artifactLocation;
    }
  }
}
