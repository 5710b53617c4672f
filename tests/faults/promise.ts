/**
 * What a plan promises: how a case stands when some of the plan's actions were done and nothing else.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { CopyTree } from "../../lib/files/operation.ts";
import { type FileContent, type Operation, operationsOf } from "../../lib/files/operations.ts";
import type { Action, Plan } from "../../lib/plan/plan.ts";
import type { ApplyReport } from "../../lib/plan/report.ts";
import { recordFileOf } from "../../lib/store/path.ts";
import { DROPPED_TAG } from "../../lib/store/tags.ts";
import { editMetaYaml } from "../../lib/yaml/meta_yaml.ts";
import type { ReplaceFile } from "../../tasks/_file/change/operate.ts";
import { type Tree, treeDifferences, type TreeEntry } from "../_support/tree.ts";
import type { Moment } from "./case.ts";
import type { Setup } from "./scenarios.ts";

/** How a case should stand. */
export interface Expected {
  readonly tree: Tree;
  /** Paths whose modification times are those of the change. */
  readonly timeless: ReadonlySet<string>;
}

/** What is left as it was. */
export function exactly({ tree }: Moment): Expected {
  return { tree, timeless: new Set() };
}

/**
 * Works out how a case stands after some actions.
 *
 * @param before How it stood before.
 * @param actions What was done.
 * @param actual How it stands now: the moment of acting is read from it.
 * @returns How it should stand.
 */
export function promised(before: Moment, actions: readonly Action[], actual: Moment): Expected {
  const tree = new Map(before.tree);
  const timeless = new Set<string>();
  const now = momentIn(actual, actions);
  for (const operation of actions.flatMap((action) => operationsOf(action, { now }))) {
    const path = placeOf(operation);
    timeless.add(path.slice(0, path.lastIndexOf("/")));
    if (operation.kind === "copy-tree") {
      copyIn(tree, operation);
      continue;
    }
    if (operation.kind === "move-tree") {
      for (const key of [...tree.keys()]) {
        if (key === path || key.startsWith(`${path}/`)) tree.delete(key);
      }
      continue;
    }
    if (operation.kind === "rename-tree") {
      renameIn(tree, timeless, path, `mlruns/${operation.to}`);
      continue;
    }
    timeless.add(path);
    const open = openness(tree.get(path.slice(0, path.lastIndexOf("/"))));
    tree.set(
      path,
      operation.kind === "create-dir"
        ? { kind: "directory", mode: open & 0o3777 | 0o700, mtimeMs: 0 }
        : edited(tree.get(path), atItsMoment(operation, actual.tree.get(path)), open),
    );
  }
  return { tree, timeless };
}

/** The directory of the other store that a case may have. */
export const OTHER_STORE = "laptop";

/** What is copied keeps its times, and is no more open than it was, nor than what is made there. */
function copyIn(tree: Map<string, TreeEntry>, operation: CopyTree): void {
  const [from, to] = [`${OTHER_STORE}/${operation.from}`, placeOf(operation)];
  const home = tree.get(to.slice(0, to.lastIndexOf("/")));
  const open = openness(home);
  const contents = new Map<string, FileContent>([
    ...operation.records.map(({ path, changes }) =>
      [`mlruns/${recordFileOf(path)}`, { kind: "changes", changes }] as const
    ),
    ...operation.texts.map(({ path, text }) => [`mlruns/${path}`, { kind: "text", text }] as const),
  ]);
  for (const [path, entry] of [...tree]) {
    if (path !== from && !path.startsWith(`${from}/`) || entry.kind === "link") continue;
    const place = `${to}${path.slice(from.length)}`;
    const mode = entry.kind === "directory"
      ? open & 0o3000 | open & entry.mode & 0o777 | 0o700
      : open & entry.mode & 0o666 | 0o600;
    const content = contents.get(place);
    const copied = { ...entry, mode };
    tree.set(place, content === undefined ? copied : edited(copied, content, open));
  }
}

/** What lies in a directory keeps its times, or has none that are known, wherever that goes. */
function renameIn(tree: Map<string, TreeEntry>, timeless: Set<string>, from: string, to: string) {
  const isIn = (path: string) => path === from || path.startsWith(`${from}/`);
  const moved = (path: string) => `${to}${path.slice(from.length)}`;
  for (const [path, entry] of [...tree].filter(([path]) => isIn(path))) {
    tree.delete(path);
    tree.set(moved(path), entry);
  }
  for (const path of [...timeless].filter(isIn)) {
    timeless.delete(path);
    timeless.add(moved(path));
  }
  timeless.add(to.slice(0, to.lastIndexOf("/")));
}

/**
 * Picks the actions that were applied, as a report says.
 *
 * @param plan The plan.
 * @param report The report, one outcome for each action.
 * @returns The actions.
 */
export function appliedOf(plan: Plan, { outcomes }: ApplyReport): readonly Action[] {
  assertEquals(outcomes.map(({ path }) => path), plan.actions.map(({ path }) => path));
  return plan.actions.filter((_, index) => outcomes[index]?.outcome === "applied");
}

/**
 * Says how a case may stand after a command that carries out a plan and prints its report as JSON.
 *
 * @param plan The plan; an empty one leaves everything as it was.
 * @param before How the case stood before.
 * @returns How it may stand, by what was printed, and when only a part was done.
 */
export function carriedOut(
  plan: Plan,
  before: Moment,
): Required<Pick<Setup, "promises" | "partly">> {
  return {
    promises: (actual, printed) =>
      plan.actions.length === 0 ? exactly(before) : promised(
        before,
        printed === null ? plan.actions : appliedOf(plan, JSON.parse(printed)),
        actual,
      ),
    partly: (actual) =>
      promised(before, plan.actions.filter((action) => isDone(action, before, actual)), actual),
  };
}

/**
 * Tells whether an action seems to have been done, wholly or in part.
 *
 * @param action The action.
 * @param before How the case stood before.
 * @param actual How it stands now.
 * @returns Whether anything is no more as it was where the action writes.
 */
export function isDone(action: Action, before: Moment, actual: Moment): boolean {
  // The tag of a run tells that something was dropped of it, not what.
  const all = operationsOf(action, { now: 0 }).filter(({ path }) => !isDroppedTag(path));
  // Several that are copied share directories and datasets; each comes itself last.
  const own = action.kind === "copy-in" ? all.slice(-1) : all;
  return own.some((operation) => {
    const at = ({ tree }: Moment) =>
      new Map([...tree].filter(([path]) => path === placeOf(operation)));
    const untimed = (moment: Moment): Expected => ({
      tree: at(moment),
      timeless: operation.kind === "create-dir" ? new Set([placeOf(operation)]) : new Set(),
    });
    return differences({ ...actual, tree: at(actual) }, untimed(before)).length > 0;
  });
}

function placeOf({ path }: Operation): string {
  return `mlruns/${path}`;
}

/** What is new is open to those to whom its directory is. */
function openness(directory: TreeEntry | undefined): number {
  return directory?.kind === "directory" ? directory.mode : 0;
}

function edited(entry: TreeEntry | undefined, content: FileContent, open: number): TreeEntry {
  if (content.kind === "new-text") {
    return { kind: "file", mode: open & 0o666 | 0o600, mtimeMs: 0, content: content.text };
  }
  if (entry?.kind !== "file") throw new Error("Only a file can be rewritten");
  switch (content.kind) {
    case "changes":
      return { ...entry, content: editMetaYaml(entry.content, content.changes) };
    case "prefix":
      return { ...entry, content: entry.content.slice(0, content.bytes) };
    case "cuts": {
      const { cuts } = content;
      const ends = [...cuts.map(({ from }) => from), entry.content.length];
      const left = ends.map((end, index) => entry.content.slice(cuts[index - 1]?.to ?? 0, end));
      return { ...entry, content: left.join("") };
    }
    case "text":
      return { ...entry, content: content.text };
  }
}

function isDroppedTag(path: string): boolean {
  return path.endsWith(`/tags/${DROPPED_TAG}`);
}

/** Where the moment of acting is written, what is there tells it. */
function atItsMoment(
  { path, content }: ReplaceFile,
  entry: TreeEntry | undefined,
): FileContent {
  if (isDroppedTag(path) && entry?.kind === "file" && "text" in content) {
    return { ...content, text: new Date(entry.content).toISOString() };
  }
  const planned = content.kind === "changes" ? content.changes["last_update_time"] : undefined;
  if (content.kind !== "changes" || planned === undefined || entry?.kind !== "file") return content;
  const [, time] = /^last_update_time: (\d+)$/m.exec(entry.content) ?? [];
  if (!(Number(time) >= Number(planned))) return content;
  return { ...content, changes: { ...content.changes, last_update_time: Number(time) } };
}

/** The keys that tell when an action was carried out: all of a change at the same moment. */
const MOMENTS: Readonly<Partial<Record<Action["kind"], string>>> = {
  "soft-delete-run": "deleted_time",
  "create-experiment": "creation_time",
};

function momentIn({ tree }: Moment, actions: readonly Action[]): number {
  for (const { kind, path } of actions) {
    const entry = tree.get(`mlruns/${path}/meta.yaml`);
    const key = MOMENTS[kind];
    if (key === undefined || entry?.kind !== "file") continue;
    const [, time] = new RegExp(`^${key}: (\\d+)$`, "m").exec(entry.content) ?? [];
    if (time !== undefined) return Number(time);
  }
  return 0;
}

/**
 * Compares a case with how it should stand.
 *
 * @param actual How it stands.
 * @param expected How it should.
 * @returns One line per difference.
 */
export function differences(actual: Moment, { tree, timeless }: Expected): readonly string[] {
  const untimed = (from: Tree): Tree =>
    new Map(
      [...from].map((
        [path, entry],
      ) => [path, timeless.has(path) ? { ...entry, mtimeMs: 0 } : entry]),
    );
  return treeDifferences(untimed(actual.tree), untimed(tree));
}
