/**
 * What cannot be read, and so may refer to anything.
 *
 * @module
 */

import type { KeepReason } from "../plan/plan.ts";
import type { Protection } from "../policy/policy.ts";
import type { References } from "../snapshot/find_references.ts";
import type { StorePath } from "../store/path.ts";
import type { Problem } from "../store/problem.ts";
import type { StoreSnapshot, Stray } from "../store/snapshot.ts";
import { PARENT_TAG } from "../store/tags.ts";
import { findBrokenModelNames, findBrokenRunNames, type MayRefer } from "./find_broken_names.ts";

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
    ...findBrokenRunNames(snapshot),
    ...findBrokenModelNames(snapshot, references),
  ];
  const first = new Map<Protection | null, MayRefer>();
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

/** A part of the registry that is elsewhere, and not to be reached. */
function isLost({ path, kind }: Stray): boolean {
  return kind === "broken-link" && path.startsWith("models/");
}

const LOST = "the link leads to nothing";

function hiddenBy({ subject, path, damage, message }: Problem): readonly MayRefer[] {
  const protection = subject === "database"
    ? damage === "cut-off" ? protectionOfTable(path) : undefined
    : protectionOf(subject, path);
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

function protectionOfTable(table: string): Protection | null {
  if (table === "inputs") return "inputs";
  return /^(?:trace_|assessments$|entity_associations$)/.test(table) ? "traces" : null;
}

/** Whether a file may hold a tag, or a directory in its place hides that there was one. */
function mayBe(tag: string, path: string): boolean {
  return path.endsWith(`/tags/${tag}`) || path.includes(`/tags/${tag}/`);
}
