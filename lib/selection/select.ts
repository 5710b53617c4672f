/**
 * What of a store somebody has selected: what alone may go, or is counted.
 *
 * @module
 */

import { InvalidArgumentError } from "../errors.ts";
import type { Selection } from "../policy/policy.ts";
import { type Holder, holdersOf, nameOf } from "../store/holders.ts";
import { experimentPathOf, pathsUp } from "../store/path.ts";
import type { Run, StoreSnapshot } from "../store/snapshot.ts";
import { addUsage } from "../store/usage.ts";
import { nameGlob } from "../text/glob.ts";
import { nearestWord } from "../text/nearest_word.ts";

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

/** What an experiment, or an orphan, is called. */
interface Called {
  readonly id: string;
  readonly name: string;
}

/**
 * Finds which experiments or orphans a text means, as `--experiment` and `--to` take it.
 *
 * @param all What there is.
 * @param text An id, a name, or a glob on either.
 * @returns Those of that id; without any those of that name; else what the glob fits.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const all = [{ id: "1", name: "2" }, { id: "2", name: "churn" }];
 * assertEquals(experimentsMeant(all, "2"), [{ id: "2", name: "churn" }]);
 * ```
 */
export function experimentsMeant<E extends Called>(all: readonly E[], text: string): readonly E[] {
  const choices = [
    all.filter(({ id }) => id === text),
    all.filter(({ name }) => name === text),
    all.filter(experimentMatcher([text])),
  ];
  return choices.find((found) => found.length > 0) ?? [];
}

/** Several with commas between them, unless something is called just so. */
function listed(texts: readonly string[], isCalled: (text: string) => boolean): readonly string[] {
  return texts.flatMap((text) =>
    isCalled(text) ? [text] : text.split(",").map((part) => part.trim())
  );
}

function listedExperiments(all: readonly Called[], texts: readonly string[]): readonly string[] {
  return listed(texts, (text) => all.some(({ id, name }) => id === text || name === text));
}

function listedRuns(snapshot: StoreSnapshot, texts: readonly string[]): readonly string[] {
  const names = new Set(holdersOf(snapshot).flatMap(({ runs }) => runs).map(({ name }) => name));
  return listed(texts, (text) => names.has(text));
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
  const meant = (texts: readonly string[]) =>
    new Set(
      listedExperiments(holders, texts).flatMap((text) => {
        const found = experimentsMeant(holders, text);
        if (found.length > 0) return found;
        const near = nearestWord(text, holders.map(({ name }) => name));
        throw new InvalidArgumentError(
          `Cannot select experiment ${text}: no experiment or orphan of this store has that name or id${
            near === null ? "" : `; did you mean ${near}?`
          }`,
        );
      }),
    );
  const [named, excluded] = [meant(experiments), meant(exclude)];
  const places = new Set<string>(
    holders.filter((one) => (experiments.length === 0 || named.has(one)) && !excluded.has(one))
      .map(({ holder }) => holder.path),
  );
  const isInPlace: IsSelected = (path) => places.has(experimentPathOf(path));
  if (runs.length === 0) return isInPlace;
  const chosen = new Set(listedRuns(snapshot, runs).flatMap((text) => pathsOfRun(snapshot, text)));
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
  const called = holders.map((holder) => ({ id: holder.id, name: nameOf(holder) }));
  const stillThere = (texts: readonly string[]) =>
    listedExperiments(called, texts).filter((text) => experimentsMeant(called, text).length > 0);
  const experiments = stillThere(only.experiments);
  const runs = listedRuns(snapshot, only.runs).flatMap((text) => [...idsOfRuns(snapshot, text)]);
  const isNothing = experiments.length === 0 && only.experiments.length > 0 ||
    runs.length === 0 && only.runs.length > 0;
  const exclude = isNothing ? ["*"] : stillThere(only.exclude);
  return { ...policy, only: { experiments, exclude, runs } };
}

function idsOfRuns(snapshot: StoreSnapshot, text: string): ReadonlySet<string> {
  return new Set(runsMeant(snapshot, text).map(({ id }) => `${id}`));
}

/** Those of that id, else of that name, else those whose ids begin so. */
function runsMeant(snapshot: StoreSnapshot, text: string): readonly Run[] {
  const runs = holdersOf(snapshot).flatMap(({ runs }) => runs);
  const choices = [
    runs.filter(({ id }) => id === text),
    runs.filter(({ name }) => name === text),
    runs.filter(({ id }) => id.startsWith(text)),
  ];
  return choices.find((found) => found.length > 0) ?? [];
}

/** Copies of one run have its id, too. */
function pathsOfRun(snapshot: StoreSnapshot, text: string): readonly string[] {
  const found = runsMeant(snapshot, text);
  const ids = new Set(found.map(({ id }) => id));
  const [id, other] = ids;
  if (id === undefined) {
    throw new InvalidArgumentError(
      `Cannot select run ${text}: no run of this store that can be read has that name, or an id that begins so`,
    );
  }
  if (other !== undefined) {
    const why = found.every(({ name }) => name === text)
      ? `${ids.size} runs have that name, such as ${id} and ${other}; expected the id of one`
      : `the ids of ${ids.size} runs begin so, such as ${id} and ${other}; expected more of one`;
    throw new InvalidArgumentError(`Cannot select run ${text}: ${why}`);
  }
  const models = holdersOf(snapshot).flatMap(({ loggedModels }) => loggedModels)
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
