/**
 * What of another store comes, what is here already, and what has to stay, each by itself.
 *
 * @module
 */

import type { CopiedThing, KeepReason, MergeEvidence, MergePolicy } from "../plan/plan.ts";
import { holdersOf } from "../store/holders.ts";
import { asStorePath, experimentPathOf, type StorePath } from "../store/path.ts";
import { isUnfinished } from "../store/run_status.ts";
import type { LoggedModel, RegisteredModel, Run, StoreSnapshot } from "../store/snapshot.ts";
import { PARENT_TAG } from "../store/tags.ts";
import type { MergeChoice, MergedExperiment } from "./choose_merge.ts";

/** Something of the other store that is copied as a whole. */
export interface Coming {
  /** What it is. */
  readonly what: CopiedThing;
  /** Where it is there. */
  readonly from: StorePath;
  /** Where it will be here. */
  readonly path: StorePath;
  /** Its id here; of a registered model its name. */
  readonly id: string;
  /** Name for people. */
  readonly name: string;
  /** Its experiment; `null` for a registered model. */
  readonly into: MergedExperiment | null;
  /** The run that it is; `null` for anything else. */
  readonly run: Run | null;
  /** The run of its experiment that it is nested in. */
  readonly parent: Run | null;
  /** The logged model that it is; `null` for anything else. */
  readonly model: LoggedModel | null;
  /** The registered model that it is; `null` for anything else. */
  readonly registered: RegisteredModel | null;
  /** The models and traces that come with a run. */
  readonly parts: readonly Coming[];
}

/** The same, with what is to become of it. */
export interface Judged extends Coming {
  readonly verdict: "comes" | "already" | "stays";
  /** Why it stays. */
  readonly reasons: readonly KeepReason[];
}

/** What is known of two stores. */
export interface BothStores {
  /** This store. */
  readonly snapshot: StoreSnapshot;
  /** The other one. */
  readonly other: StoreSnapshot;
  /** What was read besides. */
  readonly evidence: MergeEvidence;
  /** What is asked for. */
  readonly policy: MergePolicy;
}

/** What tells of something whether it is here, or there twice. */
interface Known {
  readonly stores: BothStores;
  /** Id of a run, model or trace → its path here. */
  readonly here: ReadonlyMap<string, StorePath>;
  /** The same of the other store: its paths there. */
  readonly there: ReadonlyMap<string, readonly StorePath[]>;
}

/**
 * Judges all that is chosen of the other store.
 *
 * @param choice What is chosen.
 * @param stores What is known of both stores.
 * @returns Experiments, then runs, parents before their children, then models and traces that come by themselves,
 * then registered models.
 */
export function judgeThings(choice: MergeChoice, stores: BothStores): readonly Judged[] {
  const known = knownOf(stores);
  const experiments = choice.experiments.map((one) => judgeExperiment(one, stores));
  const inside = choice.experiments.flatMap((one, index) => {
    const { reasons } = experiments[index]!;
    return insideOf(one, choice, known).map((thing): Judged =>
      reasons.length === 0 ? thing : { ...thing, verdict: "stays", reasons }
    );
  });
  const registered = choice.registeredModels.map((one) => judgeRegistered(one, stores));
  const ofKind = (wanted: CopiedThing) =>
    inside.filter(({ what }) => what === wanted).toSorted((left, right) =>
      left.from < right.from ? -1 : 1
    );
  return [
    ...experiments,
    ...byDepth(ofKind("run")),
    ...ofKind("logged-model"),
    ...ofKind("trace"),
    ...registered,
  ];
}

function knownOf(stores: BothStores): Known {
  const idsOf = (snapshot: StoreSnapshot) =>
    holdersOf(snapshot).flatMap((one) => [...one.runs, ...one.damagedRuns, ...one.loggedModels])
      .map(({ id, path }): readonly [string, StorePath] => [id, path]);
  const { snapshot, other, evidence } = stores;
  const traces = [...evidence.traces.keys()].map((path) =>
    [nameIn(path), asStorePath(path)] as const
  );
  const there = Map.groupBy([...idsOf(other), ...traces], ([id]) => id);
  return {
    stores,
    here: new Map([...idsOf(snapshot), ...evidence.tracesHere]),
    there: new Map([...there].map(([id, all]) => [id, all.map(([, path]) => path)])),
  };
}

function nameIn(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

const NOTHING = { run: null, parent: null, model: null, registered: null, parts: [] } as const;

function judgeExperiment(into: MergedExperiment, { evidence }: BothStores): Judged {
  const { there, here, id, path } = into;
  const reasons = here === null
    ? [...unreadable(there.path, evidence), ...taken(path, evidence)]
    : [];
  const verdict = here !== null ? "already" : reasons.length > 0 ? "stays" : "comes";
  return {
    ...NOTHING,
    what: "experiment",
    from: there.path,
    path,
    id,
    name: there.name,
    into,
    verdict,
    reasons,
  };
}

function judgeRegistered(
  registered: RegisteredModel,
  { snapshot, evidence }: BothStores,
): Judged {
  const { name, path } = registered;
  const here = snapshot.registeredModels.find((one) => one.name === name);
  const isSame = evidence.same.has(path);
  const reasons: readonly KeepReason[] = isSame
    ? []
    : here !== undefined
    ? [{ kind: "differs-here", path: here.path }]
    : [...taken(path, evidence), ...unreadable(path, evidence)];
  const verdict = isSame ? "already" : reasons.length > 0 ? "stays" : "comes";
  const thing = { what: "registered-model", from: path, path, id: name, name, into: null } as const;
  return { ...NOTHING, ...thing, registered, verdict, reasons };
}

/** The runs of an experiment, and the models and traces that come with none of them. */
function insideOf(
  into: MergedExperiment,
  { isSelected }: MergeChoice,
  known: Known,
): readonly Judged[] {
  const { there } = into;
  const { evidence, policy } = known.stores;
  const byId = new Map<string, Run>(there.runs.map((run) => [run.id, run]));
  const makers = new Map(
    (there.traceUses ?? []).filter(({ assessment }) => assessment === null)
      .map(({ trace, runId }) => [trace, runId]),
  );
  const prefix = `${there.path}/traces/`;
  const traces = [...evidence.traces.keys()].filter((path) => path.startsWith(prefix)).toSorted()
    .map((path) => partOf(asStorePath(path), into, { what: "trace", name: nameIn(path) }));
  const models = there.loggedModels.map((model) =>
    partOf(model.path, into, { what: "logged-model", name: model.name, model })
  );
  const makerOf = ({ model, id }: Coming) => model?.sourceRunId ?? makers.get(id) ?? null;
  const ofRuns = Map.groupBy([...models, ...traces], makerOf);
  const parts = [...models, ...traces].map((part) => judgePart(part, known));
  const partAt = new Map(parts.map((part) => [part.from, part]));
  const runs = there.runs.filter(({ path }) => isSelected(path)).map((run): Judged => {
    const own = (ofRuns.get(run.id) ?? []).flatMap(({ from }) => partAt.get(from) ?? [])
      .toSorted((left, right) => left.from < right.from ? -1 : 1);
    return judgeRun(run, into, { own, runs: byId }, known);
  });
  const verdicts = new Map(runs.map(({ id, verdict }) => [id, verdict]));
  const isWhole = policy.only.runs.length === 0;
  const alone = parts.filter((part) => {
    if (part.verdict === "already") return true;
    const maker = makerOf(part);
    const verdict = verdicts.get(maker ?? "");
    // What has come of a run comes with it, or stays with it.
    return verdict === "already" || isWhole && (maker === null || !byId.has(maker));
  });
  return [...runs, ...alone];
}

function partOf(
  from: StorePath,
  into: MergedExperiment,
  part: Pick<Coming, "what" | "name"> & { readonly model?: LoggedModel },
): Coming {
  const path = asStorePath(`${into.path}${from.slice(into.there.path.length)}`);
  return { ...NOTHING, from, path, into, id: nameIn(from), ...part };
}

function judgePart(part: Coming, known: Known): Judged {
  const { evidence, policy } = known.stores;
  const { from, model } = part;
  if (evidence.same.has(from)) return isHere(part, known);
  const isDeleted = model?.lifecycleStage === "deleted" && model.sourceRunId === null;
  const reasons: readonly KeepReason[] = [
    ...collisions(part, known),
    ...(isDeleted && !policy.deleted ? [{ kind: "soft-deleted" } as const] : []),
    ...(model?.link ? [{ kind: "symbolic-link" } as const] : []),
    ...unreadable(from, evidence),
  ];
  return { ...part, verdict: reasons.length > 0 ? "stays" : "comes", reasons };
}

/** Files lie where it has been moved meanwhile; artifacts of a database stay where they came. */
function isHere(thing: Coming, { stores, here }: Known): Judged {
  const found = stores.snapshot.backend === undefined ? here.get(thing.id) : undefined;
  return { ...thing, path: found ?? thing.path, verdict: "already", reasons: [] };
}

function judgeRun(
  run: Run,
  into: MergedExperiment,
  { own, runs }: { readonly own: readonly Judged[]; readonly runs: ReadonlyMap<string, Run> },
  known: Known,
): Judged {
  const { evidence, policy } = known.stores;
  const named = run.tags.get(PARENT_TAG) ?? "";
  const parent = named === run.id ? null : runs.get(named) ?? null;
  const thing: Coming = {
    ...partOf(run.path, into, { what: "run", name: run.name }),
    run,
    parent,
    parts: own.filter(({ verdict }) => verdict !== "already"),
  };
  if (evidence.same.has(run.path)) return isHere({ ...thing, parts: [] }, known);
  const reasons: readonly KeepReason[] = [
    ...collisions(thing, known),
    ...(run.lifecycleStage === "deleted" && !policy.deleted
      ? [{ kind: "soft-deleted" } as const]
      : []),
    ...(isUnfinished(run.status) ? [{ kind: "not-finished", status: run.status } as const] : []),
    ...(run.link ? [{ kind: "symbolic-link" } as const] : []),
    ...parentElsewhere(thing, named, known),
    ...unreadable(run.path, evidence),
    ...thing.parts.flatMap((part) => "reasons" in part ? (part as Judged).reasons : []),
  ];
  return { ...thing, verdict: reasons.length > 0 ? "stays" : "comes", reasons };
}

/** MLflow looks for the parent of a run in its experiment alone. */
function parentElsewhere(
  { run, parent, into }: Coming,
  named: string,
  { stores, here, there }: Known,
): readonly KeepReason[] {
  if (named === "" || named === run?.id || into === null) return [];
  const path = parent === null
    ? there.get(named)?.[0] ?? here.get(named)
    : stores.evidence.same.has(parent.path)
    ? here.get(named)
    : undefined;
  if (path === undefined) return [];
  const isBeside = parent !== null && experimentPathOf(path) === into.path;
  return isBeside
    ? []
    : [{ kind: "parent-elsewhere", parent: named as Run["id"], path: asStorePath(path) }];
}

/** What has its id, here or there, or lies where it would. */
function collisions({ id, from, path }: Coming, { stores, here, there }: Known) {
  const other = here.get(id);
  const twins = (there.get(id) ?? []).filter((one) => one !== from);
  return [
    ...(other === undefined
      ? taken(path, stores.evidence)
      : [{ kind: "differs-here", path: other } as const]),
    ...twins.slice(0, 1).map((twin) => ({ kind: "twin-of", path: twin }) as const),
  ];
}

function taken(path: StorePath, { there }: MergeEvidence): readonly KeepReason[] {
  return there.has(path) ? [{ kind: "differs-here", path }] : [];
}

function unreadable(path: StorePath, { measured }: MergeEvidence): readonly KeepReason[] {
  const found = measured.get(path);
  if (found === undefined) return [];
  return "problem" in found ? [{ kind: "unreadable", path, message: found.problem }] : [];
}

/** Parents first, so that whatever is cut off leaves no child without its own. */
function byDepth(runs: readonly Judged[]): readonly Judged[] {
  const judgedOf = new Map(runs.map((one) => [one.run, one]));
  const depthOf = (one: Judged): number => {
    let depth = 0;
    const seen = new Set<Judged>([one]);
    for (let at = judgedOf.get(one.parent); at !== undefined && !seen.has(at); depth++) {
      seen.add(at);
      at = judgedOf.get(at.parent);
    }
    return depth;
  };
  const depths = new Map(runs.map((run) => [run, run.parent === null ? 0 : depthOf(run)]));
  return runs.toSorted((left, right) => depths.get(left)! - depths.get(right)!);
}
