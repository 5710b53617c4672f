/**
 * Keeping what others need that stay: parents, inputs, copies, and the places of artifacts.
 *
 * @module
 */

import type { KeepReason } from "../plan/plan.ts";
import type { CleanupPolicy } from "../policy/policy.ts";
import { namesAlong } from "../snapshot/find_references.ts";
import { presumedRun } from "../snapshot/presumed_run.ts";
import type { Experiment, Orphan, StoreSnapshot } from "../store/snapshot.ts";
import { PARENT_TAG } from "../store/tags.ts";
import { childrenPolicyOf } from "./follow_parents.ts";
import { sourceRuns } from "./find_uses.ts";
import {
  type Judged,
  type JudgedExperiment,
  type JudgedOrphan,
  type JudgedRun,
  type JudgedSnapshot,
  keepRun,
  staysInStore,
  subjectOf,
  toKeep,
} from "./judged.ts";
import { modelProtector, type WaitingModel } from "./protect_models.ts";

/**
 * Makes what lets a parent stay as long as a child needs it: not soft-deleted under an active child, not
 * purged under a child that stays in the store at all. So does a run whose logged model is an input of
 * another, and one of which a deleted experiment has a copy. Unless a policy judges them by themselves, active
 * children follow a parent that stays, also those that had followed it when it was to go. Likewise nothing is moved away in which the artifacts of a run lie that stays: an
 * experiment's `artifact_location` may be any directory.
 *
 * What is kept may need others in turn, so this runs until nothing changes; each run is raised at most
 * twice.
 *
 * @param judged The verdicts, such as they are when what is made is called.
 * @param snapshot The store.
 * @param policy The rules.
 * @returns Turns the verdicts on what is needed.
 */
export function needProtector(
  judged: JudgedSnapshot,
  snapshot: StoreSnapshot,
  policy: CleanupPolicy,
): () => void {
  const { runs, experiments, orphans } = judged;
  const damaged = damagedOf(judged, snapshot);
  const areInputsFree = policy.retention?.protect.unsafe.includes("inputs") ?? false;
  const needsOf = needFinder([...runs, ...damaged], snapshot, areInputsFree);
  const followers = Map.groupBy(
    runs.filter((one) => hasParent(one) && childrenPolicyOf(one, policy) !== "own"),
    ({ run }) => run.tags.get(PARENT_TAG),
  );
  const byHolder = Map.groupBy(
    [...runs, ...damaged].filter(({ holder }) => holder !== null),
    (one) => one.holder,
  );
  const placesAround = placeFinder(snapshot.backend?.artifactRoot ?? snapshot.location);
  const models = modelProtector(judged, snapshot);

  return () => {
    const movable = new Map<string, Judged>(
      [...runs.filter(leavesStore), ...judged.models, ...experiments, ...orphans]
        .filter((one) => one.verdict.goes)
        .map((one) => [subjectOf(one).path, one]),
    );
    const waiting: Waiting[] = [...runs, ...damaged, ...models.all];
    const wait = (one: Waiting | JudgedExperiment | JudgedOrphan) => {
      if ("run" in one || "model" in one) {
        waiting.push(one);
        return;
      }
      // One by one: an experiment may hold more runs than a call can have arguments.
      for (const each of byHolder.get(one) ?? NONE) waiting.push(each);
      for (const each of models.in(one)) waiting.push(each);
    };
    const keepAround = (uri: string, path: string, reason: KeepReason) => {
      if (movable.size === 0) return;
      for (const place of placesAround(uri, path)) {
        const around = movable.get(place);
        if (!around?.verdict.goes) continue;
        around.verdict = toKeep(reason);
        wait(around);
      }
    };
    for (let child = waiting.pop(); child; child = waiting.pop()) {
      if ("model" in child) {
        for (const one of models.keepSources(child)) wait(one.holder ?? one);
        if (child.model !== null && models.stays(child)) {
          const { id, artifactLocation, path } = child.model;
          keepAround(artifactLocation, path, { kind: "holds-kept-model", model: id });
        }
        continue;
      }
      if (!staysInStore(child)) continue;
      for (const one of models.keepModels(child)) wait(one);
      for (const { one, reason, isOff } of needsOf(child)) {
        if (isOff) {
          one.isProtected = true;
          continue;
        }
        const needed = staysActive(child) ? !staysActive(one) : !staysInStore(one);
        const couldStay = one.verdict.goes || !staysInStore(one);
        if (!needed || !couldStay) continue;
        keepFor(child, one, reason);
        wait(one.holder ?? one);
      }
      for (const one of followers.size === 0 ? NONE : followers.get(child.run.id) ?? NONE) {
        if (!one.verdict.goes || !staysActive(child)) continue;
        keepFor(child, one, { kind: "child-of-kept", parent: child.run.id });
        waiting.push(one);
      }
      if (movable.size === 0) continue;
      const { id, artifactUri, path } = child.run;
      keepAround(artifactUri, path, { kind: "holds-kept-run", run: id });
    }
  };
}

/** What stays for the sake of something that could not be read might have gone as a whole. */
function keepFor(child: JudgedRun, one: JudgedRun, reason: KeepReason): void {
  if (child.isUnsure) one.isUnsure = one.isProtected = true;
  keepRun(one, [reason]);
}

/**
 * The runs that MLflow cannot read, taken for active ones: they stay, and so does what they need as far as
 * their tags, their inputs and what is left of their records say.
 */
function damagedOf(
  { experiments, orphans }: JudgedSnapshot,
  snapshot: StoreSnapshot,
): readonly JudgedRun[] {
  const holders = new Map<Experiment | Orphan, JudgedExperiment | JudgedOrphan>(
    [...experiments, ...orphans].map((one) => [subjectOf(one), one]),
  );
  return [...snapshot.experiments, ...snapshot.orphans].flatMap((place) =>
    place.damagedRuns.map((run): JudgedRun => ({
      run: presumedRun(run, place),
      holder: holders.get(place) ?? null,
      ruling: null,
      standings: NONE,
      verdict: toKeep({ kind: "unreadable", path: run.path, message: run.message }),
      isProtected: true,
      isUnsure: true,
    }))
  );
}

/** What a run needs, and why that must stay. */
interface Need {
  readonly one: JudgedRun;
  readonly reason: KeepReason;
  /** The policy lets it be soft-deleted all the same. */
  readonly isOff: boolean;
}

/** What stays may need others, or keep them. */
type Waiting = JudgedRun | WaitingModel;

const NONE: readonly never[] = [];

/** Most runs need none, so no more is looked up, or made, than what some do need. */
function needFinder(
  runs: readonly JudgedRun[],
  snapshot: StoreSnapshot,
  areInputsFree: boolean,
): (child: JudgedRun) => readonly Need[] {
  // Where nobody has looked for them there are none.
  const areRead = snapshot.extras === undefined || snapshot.extras.uses;
  const hasInputs = areRead && runs.some(({ run }) => inputsOf(run).length > 0);
  const sources = hasInputs ? sourceRuns(snapshot) : new Map<string, readonly string[]>();
  const sourcesOf = (model: string) => sources.get(model) ?? NONE;
  const named = new Set<string>();
  for (const one of runs) {
    const { run, holder } = one;
    if (hasParent(one)) named.add(run.tags.get(PARENT_TAG)!);
    if (isInDeleted(holder)) named.add(run.id);
    if (!hasInputs) continue;
    for (const model of inputsOf(run)) for (const id of sourcesOf(model)) named.add(id);
  }
  if (named.size === 0) return () => NONE;
  const byId = Map.groupBy(
    runs.filter(({ run }) => named.has(run.id)),
    ({ run }): string => run.id,
  );
  const needs = (id: string, reason: KeepReason): readonly Need[] =>
    (byId.get(id) ?? NONE).map((one) => ({ one, reason, isOff: false }));

  return ({ run, holder }) => {
    const parent = run.tags.get(PARENT_TAG);
    const inputs = inputsOf(run);
    if (parent === undefined && inputs.length === 0 && !isInDeleted(holder)) return NONE;
    return [
      ...(parent === undefined || parent === run.id
        ? []
        : needs(parent, { kind: "parent-of-kept", child: run.id })),
      // While an active experiment has a run, MLflow never sees a copy that a deleted one has.
      ...(isInDeleted(holder)
        ? needs(run.id, { kind: "hides-copy", copy: run.path })
          .filter(({ one }) => one.holder === null)
        : []),
      ...inputs.flatMap((model) =>
        sourcesOf(model).filter((id) => id !== run.id)
          .flatMap((id) => needs(id, { kind: "input-of-kept", run: run.id, model }))
          .map((need) => ({ ...need, isOff: areInputsFree && need.one.ruling !== null }))
      ),
    ];
  };
}

/** Most runs have no tag that matters, and an empty map is the same one. */
function hasParent({ run: { tags } }: JudgedRun): boolean {
  return tags.size > 0 && tags.has(PARENT_TAG);
}

function inputsOf({ extras }: JudgedRun["run"]): readonly string[] {
  return extras?.inputs ?? NONE;
}

function isInDeleted(holder: JudgedRun["holder"]): boolean {
  return holder !== null && subjectOf(holder).lifecycleStage === "deleted";
}

/**
 * Finds the directories of a store that a plan could move and in which the artifacts of a run that stays
 * would lie. A URI from outside the root may be that of a store that was moved, or is mounted elsewhere:
 * then any of its names may follow the root's.
 */
function placeFinder(root: string): (uri: string, path: string) => Iterable<string> {
  const rootNames = namesAlong(root);
  const prefixes = [`file://${root}/`, `file://${encodeURI(root)}/`, `${root}/`];

  function* placesAround(uri: string): Iterable<string> {
    const names = namesAlong(uri);
    const inside = rootNames.every((name, position) => name === names[position]);
    const starts = inside ? [rootNames.length] : names.keys();
    for (const start of starts) {
      for (let end = start + 1; end <= start + LONGEST && end < names.length; end++) {
        yield names.slice(start, end).join("/");
      }
    }
  }

  return (uri, path) => {
    // Nearly everything keeps its own, and what it lies in stays with it.
    const isOwn = prefixes.some((prefix) =>
      uri.startsWith(path, prefix.length) && uri.startsWith(prefix) &&
      uri[prefix.length + path.length] === "/"
    );
    return isOwn ? NONE : placesAround(uri);
  };
}

/** How many names lead to a logged model, which lies deepest: `1/models/m-…`. */
const LONGEST = 3;

function staysActive(one: JudgedRun): boolean {
  const { run, holder, verdict } = one;
  if (run.lifecycleStage !== "active") return false;
  return holder === null ? !verdict.goes : staysInStore(one) && !("experiment" in holder);
}

/** Goes out of the store by itself. */
function leavesStore({ run, holder, verdict }: JudgedRun): boolean {
  return holder === null && verdict.goes && run.lifecycleStage === "deleted";
}
