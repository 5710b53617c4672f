/**
 * What of a store somebody has selected: what alone may go, or is counted.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import type { Selection } from "../policy/policy.ts";
import { type Holder, holdersOf, nameOf } from "../store/holders.ts";
import { experimentPathOf, pathsUp } from "../store/path.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";
import { addUsage } from "../store/usage.ts";
import { nameGlob } from "../text/glob.ts";

/**
 * Reads which experiments are meant.
 *
 * @param globs Globs on names or ids.
 * @returns Tells whether one of them fits an experiment.
 */
export function experimentMatcher(
  globs: readonly string[],
): (experiment: { readonly id: string; readonly name: string }) => boolean {
  const matchers = globs.map(nameGlob);
  return ({ id, name }) => matchers.some((fits) => fits(name) || fits(id));
}

/** Tells of a path, be it of an experiment, an orphan, a run, a model or what lies in one, whether it is selected. */
export type IsSelected = (path: string) => boolean;

/**
 * Finds what is selected. Where runs are, so are the logged models that they have logged, and nothing else:
 * neither the experiment around them, nor an orphan.
 *
 * @param snapshot The store.
 * @param selection What is selected.
 * @returns Tells whether something is.
 * @throws {InvalidArgumentError} When a part of the selection fits nothing, or several runs.
 */
export function selectIn(
  snapshot: StoreSnapshot,
  { experiments, exclude, runs }: Selection,
): IsSelected {
  const holders = holdersOf(snapshot).map((holder) => ({
    holder,
    id: holder.id,
    name: nameOf(holder),
  }));
  for (const glob of [...experiments, ...exclude]) {
    if (!holders.some(experimentMatcher([glob]))) {
      throw new InvalidArgumentError(
        `Cannot select experiment ${glob}: no experiment or orphan of this store has that name or id`,
      );
    }
  }
  const isNamed = experiments.length === 0 ? () => true : experimentMatcher(experiments);
  const isExcluded = experimentMatcher(exclude);
  const places = new Set<string>(
    holders.filter((one) => isNamed(one) && !isExcluded(one)).map(({ holder }) => holder.path),
  );
  const isInPlace: IsSelected = (path) => places.has(experimentPathOf(path));
  if (runs.length === 0) return isInPlace;
  const chosen = new Set(runs.flatMap((text) => pathsOfRun(snapshot, text)));
  return (path) => isInPlace(path) && pathsUp(path).some((one) => chosen.has(one));
}

/**
 * Takes from a policy what is selected and is there no more: what was selected before stays the only thing that may
 * go, be it nothing by now. A run is selected by its whole id then, as others may begin so, too.
 *
 * @param snapshot The store as it is by now.
 * @param policy The policy, which selected something in the store as it was.
 * @returns The policy; the very same where it selects nothing.
 */
export function stillSelecting<P extends { readonly only?: Selection }>(
  snapshot: StoreSnapshot,
  policy: P,
): P {
  const { only } = policy;
  const holders = holdersOf(snapshot);
  if (only === undefined) return policy;
  if (holders.length === 0) {
    const { only: _, ...rest } = policy;
    return rest as P;
  }
  const isThere = (glob: string) =>
    holders.some((holder) => experimentMatcher([glob])({ id: holder.id, name: nameOf(holder) }));
  const experiments = only.experiments.filter(isThere);
  const runs = only.runs.flatMap((text) => [...idsOfRuns(snapshot, text)]);
  const isNothing = experiments.length === 0 && only.experiments.length > 0 ||
    runs.length === 0 && only.runs.length > 0;
  const exclude = isNothing ? ["*"] : only.exclude.filter(isThere);
  return { ...policy, only: { experiments, exclude, runs } };
}

function idsOfRuns(snapshot: StoreSnapshot, text: string): ReadonlySet<string> {
  const runs = holdersOf(snapshot).flatMap(({ runs }) => runs);
  return new Set(runs.filter(({ id }) => id.startsWith(text)).map(({ id }) => `${id}`));
}

/** Copies of one run have its id, too. */
function pathsOfRun(snapshot: StoreSnapshot, text: string): readonly string[] {
  const holders = holdersOf(snapshot);
  const found = holders.flatMap(({ runs }) => runs).filter(({ id }) => id.startsWith(text));
  const ids = new Set(found.map(({ id }) => id));
  const [id, other] = ids;
  if (id === undefined) {
    throw new InvalidArgumentError(
      `Cannot select run ${text}: no run of this store that can be read has an id that begins so`,
    );
  }
  if (other !== undefined) {
    throw new InvalidArgumentError(
      `Cannot select run ${text}: the ids of ${ids.size} runs begin so, such as ${id} and ${other}; expected more of one`,
    );
  }
  const models = holders.flatMap(({ loggedModels }) => loggedModels)
    .filter(({ sourceRunId }) => sourceRunId === id);
  return [...found, ...models].map(({ path }) => path);
}

/**
 * Gives the part of a store that is selected, for what counts it. Nothing can be decided from it: what needs a run
 * may lie elsewhere.
 *
 * @param snapshot The store.
 * @param isSelected What is selected: {@linkcode selectIn} tells.
 * @returns The store with nothing else in it; where runs are selected, nothing but them and their models.
 */
export function narrow<S extends StoreSnapshot>(snapshot: S, isSelected: IsSelected): S {
  const part = <T extends { readonly path: string }>(all: readonly T[]) =>
    all.filter(({ path }) => isSelected(path));
  const narrowed = <H extends Holder>(holders: readonly H[]): readonly H[] =>
    holders.flatMap((holder) => {
      if (isSelected(holder.path)) return [holder];
      const [runs, loggedModels] = [part(holder.runs), part(holder.loggedModels)];
      if (runs.length + loggedModels.length === 0) return [];
      const measured = [...runs, ...loggedModels].flatMap(({ usage }) => usage ?? []);
      const usage = holder.usage === null ? null : addUsage(measured);
      const { parts: _, ...whole } = holder;
      return [{ ...whole, runs, loggedModels, damagedRuns: [], usage } as unknown as H];
    });
  return {
    ...snapshot,
    experiments: narrowed(snapshot.experiments),
    orphans: narrowed(snapshot.orphans),
    strays: [],
  };
}
