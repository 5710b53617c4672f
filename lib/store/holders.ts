/**
 * What holds runs: experiments, and orphans.
 *
 * @module
 */

import { byPath, pathsUp, withoutTrash } from "./path.ts";
import type { Experiment, Orphan, StoreSnapshot } from "./snapshot.ts";

/** An experiment, or an orphan. */
export type Holder = Experiment | Orphan;

/**
 * Lists what holds runs.
 *
 * @param snapshot The store.
 * @returns Experiments and orphans, by path.
 */
export function holdersOf({ experiments, orphans }: StoreSnapshot): readonly Holder[] {
  return [...experiments, ...orphans].toSorted(byPath);
}

/**
 * Names a holder for people.
 *
 * @param holder The experiment, or orphan.
 * @returns Its name, or its id.
 */
export function nameOf(holder: Holder): string {
  return "name" in holder ? holder.name : holder.id;
}

/**
 * Finds what lies among the artifacts of a run, or of a logged model.
 *
 * @param snapshot The store.
 * @returns Tells of a place below the root, as that of something active, whether it does.
 */
export function artifactsIn({ experiments, orphans }: StoreSnapshot): (place: string) => boolean {
  const owners = new Set(
    [...experiments, ...orphans].flatMap(({ runs, loggedModels }) => [...runs, ...loggedModels])
      .map(({ path }) => withoutTrash(path)),
  );
  return (place) => {
    const [owner] = /^.*?(?=\/artifacts(?:\/|$))/.exec(place) ?? [];
    return owner !== undefined && owners.has(owner);
  };
}

/**
 * Finds what lies behind a symbolic link, and so may lie outside of the store.
 *
 * @param snapshot The store.
 * @returns Tells of a path whether it does.
 */
export function linkedIn(snapshot: StoreSnapshot): (path: string) => boolean {
  const links = holdersOf(snapshot).flatMap((holder) =>
    holder.link
      ? [`${holder.path}`]
      : [...holder.runs, ...holder.damagedRuns].flatMap((run) => run.link ? [`${run.path}`] : [])
  );
  if (links.length === 0) return () => false;
  const found = new Set(links);
  return (path) => pathsUp(path).some((one) => found.has(one));
}

/**
 * Orders experiments of one name and stage as MLflow chooses among them: the newest first, of equals that of the
 * least id.
 *
 * @param one An experiment.
 * @param other Another one.
 * @returns Below zero where it comes first.
 */
export function asMlflowChooses(one: Namesake, other: Namesake): number {
  return (other.creationTime ?? -Infinity) - (one.creationTime ?? -Infinity) ||
    (one.id < other.id ? -1 : 1);
}

/** What tells which of several experiments a name means. */
export type Namesake = Pick<Experiment, "creationTime"> & { readonly id: string };

/**
 * Chooses among active experiments of one name one that MLflow does not take.
 *
 * @param active The experiments.
 * @returns The one; `undefined` where there are not two.
 */
export function namesakeToRename(active: readonly Experiment[]): Experiment | undefined {
  return active.toSorted(asMlflowChooses)[1];
}

/**
 * Makes a name for an experiment that is to give its own to another one, or has none.
 *
 * @param experiment The experiment.
 * @returns A name with its id.
 */
export function nameInstead({ name, id }: Experiment): string {
  return `${name || "unnamed"} (${id})`;
}
