/**
 * Finding what of a store another machine, or an archive, cannot hold.
 *
 * @module
 */

import { experimentPathOf, pathsUp, type StorePath } from "../../store/path.ts";
import type { StoreSnapshot } from "../../store/snapshot.ts";
import { byHand, SEVERITIES } from "../rule.ts";
import type { Finding } from "../verify_snapshot.ts";
import { type Entry, type Host, nameIn, PORTABILITY_RULES } from "./portability_rules.ts";

/**
 * Finds what of a store a host cannot hold: names, twins that are one file there, and paths that are too long.
 *
 * @param snapshot The store, which tells whose each thing is.
 * @param entries Everything in it.
 * @param host Where it is to be copied to.
 * @returns The findings: errors first; each by rule, then by path.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openStore } from "mltidy";
 * import { findUnportable } from "mltidy/verify";
 *
 * await using store = await openStore("./mlruns");
 * const snapshot = await store.read({ depth: "meta" });
 * const entries = [{ path: "1/ab/metrics/time: s", kind: "file" } as const];
 * const [finding] = findUnportable(snapshot, entries, "windows");
 * assertEquals(finding?.rule, "name-with-reserved-letter");
 * ```
 */
export function findUnportable(
  snapshot: StoreSnapshot,
  entries: readonly Entry[],
  host: Host,
): readonly Finding[] {
  const rules = PORTABILITY_RULES.filter(({ hosts }) => hosts.includes(host));
  const ownersOf = ownerFinder(snapshot);
  const found = entries.flatMap((entry) =>
    rules.flatMap(({ id, severity, describes, otherwise, check }): readonly Finding[] => {
      const broken = check(entry, host);
      if (broken === null) return [];
      const { message, instead } = broken;
      const remedy = instead === null
        ? byHand(otherwise!)
        : byHand(`${RENAME}, such as to ${JSON.stringify(instead)}`);
      return [{
        rule: id,
        severity,
        path: entry.path as StorePath,
        line: null,
        ...ownersOf(entry.path),
        message: `${message}; ${describes}`,
        remedy,
        versions: [],
      }];
    })
  );
  const twins = findTwins(entries, host).map(({ path, twin }): Finding => ({
    rule: TWINS,
    severity: "error",
    path: path as StorePath,
    line: null,
    ...ownersOf(path),
    message: `Its name is that of ${JSON.stringify(nameIn(twin))} ${
      path.normalize() === twin.normalize() ? "but for how letters are composed" : "but for case"
    }; there the two are one`,
    remedy: byHand(`${RENAME}, or its twin`),
    versions: [],
  }));
  return [...found, ...twins].toSorted((left, right) =>
    SEVERITIES.indexOf(left.severity) - SEVERITIES.indexOf(right.severity) ||
    compare(left.rule, right.rule) || compare(left.path, right.path)
  );
}

const TWINS = "name-twins";

/** Which rules there are, those about a single entry and that about two. */
export const PORTABILITY_RULE_IDS: readonly string[] = [
  ...PORTABILITY_RULES.map(({ id }) => id),
  TWINS,
];

/** A key of MLflow's is the name of its file. */
const RENAME = "Rename it before the store is copied";

/** An archive holds both, whatever becomes of them where it is unpacked. */
function findTwins(
  entries: readonly Entry[],
  host: Host,
): readonly { readonly path: string; readonly twin: string }[] {
  if (host === "archive") return [];
  const first = new Map<string, string>();
  return entries.flatMap(({ path }) => {
    const name = nameIn(path);
    const folded = `${path.slice(0, path.length - name.length)}${foldedName(name, host)}`;
    const twin = first.get(folded);
    if (twin === undefined) first.set(folded, path);
    return twin === undefined ? [] : [{ path, twin }];
  });
}

/** As NTFS compares: letter by letter; as APFS does: also however they are composed. */
function foldedName(name: string, host: Host): string {
  const composed = host === "macos" ? name.normalize() : name;
  return Array.from(composed, (letter) => {
    const upper = letter.toUpperCase();
    return upper.length === letter.length ? upper : letter;
  }).join("");
}

function ownerFinder(
  { experiments, orphans }: StoreSnapshot,
): (path: string) => Pick<Finding, "experimentId" | "runId"> {
  const holders = [...experiments, ...orphans];
  const ids = new Map<string, string>(holders.map(({ path, id }) => [path, id]));
  const runs = new Map<string, string>(
    holders.flatMap((one) => one.runs).map(({ path, id }) => [path, id]),
  );
  return (path) => ({
    experimentId: ids.get(experimentPathOf(path)) ?? null,
    runId: pathsUp(path).map((one) => runs.get(one)).find((id) => id !== undefined) ?? null,
  });
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
