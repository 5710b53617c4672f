/**
 * What cannot be read, and so may refer to anything.
 *
 * @module
 */

import type { KeepReason } from "../plan/plan.ts";
import type { Protection } from "../policy/policy.ts";
import type { References } from "../snapshot/find_references.ts";
import { holdersOf } from "../store/holders.ts";
import { isLoggedModelId, isRunId } from "../store/names.ts";
import { inOrder, type StorePath } from "../store/path.ts";
import type { Problem } from "../store/problem.ts";
import type { DamagedRun, Run, StoreSnapshot, Stray } from "../store/snapshot.ts";
import { PARENT_TAG } from "../store/tags.ts";

/** Something that may refer to any run. */
export interface Hidden {
  /** What switches off that it keeps them all; `null`: nothing. */
  readonly protection: Protection | null;
  /** Why they stay. */
  readonly reason: KeepReason;
}

/**
 * Finds what may refer to any run, since it cannot be read or is not whole: model versions, tags that name
 * a parent, inputs, traces and assessments, logged models that something in use names, and every directory
 * that cannot be listed and may hold one of these.
 *
 * @param snapshot The store.
 * @param references Who refers to what, by what can be read of the registry.
 * @returns One for each protection at most, the first by its path.
 */
export function findHidden(snapshot: StoreSnapshot, references: References): readonly Hidden[] {
  const found = [
    ...snapshot.problems.flatMap(hiddenBy),
    ...snapshot.strays.filter(isLost).map(({ path }) => ({
      protection: null,
      path,
      message: LOST,
    })),
    ...brokenNames(snapshot),
    ...hiddenModels(snapshot, references),
  ];
  const first = new Map<Protection | null, Finding>();
  for (const one of found) {
    const known = first.get(one.protection);
    if (known === undefined || one.path < known.path) first.set(one.protection, one);
  }
  return [...first.values()].map(({ protection, path, message }) => ({
    protection,
    reason: mayReferToIt(path, message),
  }));
}

/**
 * Says why something stays that what cannot be read may refer to.
 *
 * @param path What cannot be read.
 * @param message Why, in words.
 * @returns The reason.
 */
export function mayReferToIt(path: StorePath, message: string): KeepReason {
  const text = `${path} cannot be read and may refer to it (${message})`;
  return { kind: "unreadable", path, message: text };
}

interface Finding {
  readonly protection: Protection | null;
  readonly path: StorePath;
  readonly message: string;
}

/** A part of the registry that is elsewhere, and not to be reached. */
function isLost({ path, kind }: Stray): boolean {
  return kind === "broken-link" && path.startsWith("models/");
}

const LOST = "the link leads to nothing";

function hiddenBy({ subject, path, message }: Problem): readonly Finding[] {
  const protection = protectionOf(subject, path);
  return protection === undefined ? [] : [{ protection, path, message }];
}

/** `undefined`: it refers to no run. */
function protectionOf(subject: Problem["subject"], path: string): Protection | null | undefined {
  switch (subject) {
    case "registry":
      // A registered model's own record and its aliases refer to nothing but its versions.
      return /^models\/[^/]+\/version-[^/]+$/.test(path) ? null : undefined;
    case "tags":
      return /\/tags$/.test(path) || mayBe(PARENT_TAG, path) ? null : undefined;
    case "input":
      return "inputs";
    case "trace-value":
    case "assessment":
      return "traces";
    case "directory": {
      if (/\/(?:inputs|outputs)$/.test(path)) return "inputs";
      if (/\/traces(?:\/|$)/.test(path)) return "traces";
      // Logged models that something names are looked for below.
      return /\/(?:datasets|models)$/.test(path) ? undefined : null;
    }
    default:
      return undefined;
  }
}

/** Whether a file may hold a tag, or a directory in its place hides that there was one. */
function mayBe(tag: string, path: string): boolean {
  return path.endsWith(`/tags/${tag}`) || path.includes(`/tags/${tag}/`);
}

/** Names of runs that name none, and are no whole ids. */
function brokenNames(snapshot: StoreSnapshot): readonly Finding[] {
  const holders = holdersOf(snapshot);
  const named = [
    ...holders.flatMap((holder): readonly (Run | DamagedRun)[] => [
      ...holder.runs,
      ...holder.damagedRuns,
    ]).flatMap(({ path, tags }) => {
      const parent = tags.get(PARENT_TAG);
      return parent === undefined || isRunId(parent)
        ? []
        : [{ id: parent, path: `${path}/tags/${PARENT_TAG}`, protection: null }];
    }),
    ...holders.flatMap(({ path, traceUses = [] }) =>
      traceUses.flatMap(({ trace, runId }) =>
        runId === null || isRunId(runId)
          ? []
          : [{ id: runId, path: `${path}/traces/${trace}`, protection: "traces" as const }]
      )
    ),
  ];
  if (named.length === 0) return [];
  const ids = new Set<string>(
    holders.flatMap(({ runs, damagedRuns }) => [...runs, ...damagedRuns].map(({ id }) => id)),
  );
  return named.filter(({ id }) => !ids.has(id)).map(({ path, protection }) => ({
    protection,
    path: path as StorePath,
    message: "it names no run, and is no whole id",
  }));
}

/** Logged models that are in use, and whose source run nobody can tell. */
function hiddenModels(
  snapshot: StoreSnapshot,
  references: References,
): readonly Finding[] {
  const damaged = inOrder(snapshot.problems).filter(({ subject, path }) =>
    subject === "logged-model" || subject === "directory" && path.endsWith("/models")
  );
  const holders = holdersOf(snapshot);
  const used = [
    ...[...references.loggedModels.keys()].map((id) => ({ id, protection: null })),
    ...holders.flatMap(({ runs, damagedRuns }) => [
      ...runs.flatMap(({ extras }) => extras?.inputs ?? []),
      ...damagedRuns.flatMap(({ inputs }) => inputs),
    ]).map((id) => ({ id, protection: "inputs" as const })),
    ...holders.flatMap(({ traceUses = [] }) => traceUses)
      .flatMap(({ modelId }) => modelId === null ? [] : [modelId])
      .map((id) => ({ id, protection: "logged_models" as const })),
  ];
  if (used.length === 0) return [];
  const known = new Set<string>(
    holders.flatMap(({ loggedModels }) => loggedModels.map(({ id }) => id)),
  );
  return used.flatMap(({ id, protection }): readonly Finding[] => {
    const lost = damaged.find(({ path }) => path.endsWith(`/${id}`)) ??
      (known.has(id) ? undefined : damaged.find(({ subject }) => subject === "directory")) ??
      (known.has(id) || isLoggedModelId(id) ? undefined : damaged[0]);
    return lost === undefined ? [] : [{ protection, path: lost.path, message: lost.message }];
  });
}
