/**
 * Taking a run, with what it needs, out of an experiment that was purged as a whole: by that it comes back alone, and
 * the rest stays in the log.
 *
 * *Ordering*: what is taken out is a thing of its own in the log before any of it comes back.
 *
 * *Locking*: only who holds the lock of the store writes here.
 *
 * *After an interruption*: SQLite takes back what it had not committed; both parts are in the log either way.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import { asStorePath } from "../../../lib/store/path.ts";
import { inTransaction } from "./change_rows.ts";
import {
  chunksIn,
  chunksText,
  type LoggedSubject,
  type LoggedTree,
  type NewSubject,
  type RowChunk,
} from "./removed_rows.ts";

/** The rows that went with things, see `ChangeLog`. */
export interface KeptChunks {
  chunksOf(subject: LoggedSubject): Iterable<RowChunk>;
}

/** A part of what was purged as a whole, which is about to be a thing of its own. */
export interface Part {
  readonly from: LoggedSubject;
  readonly subject: NewSubject;
}

/**
 * Finds a run in what was purged with its experiment. Needs read permission.
 *
 * @param log The log.
 * @param subjects What a change has taken away.
 * @param run The run's id.
 * @returns It, with the logged models that it has logged and the experiment itself, unless that is back; in the order
 * in which they went. None where it did not go so.
 */
export function partsWith(
  log: KeptChunks,
  subjects: readonly LoggedSubject[],
  run: string,
): readonly Part[] {
  for (const from of subjects) {
    if (from.kind !== "experiment") continue;
    const { experiment } = from;
    const models: string[] = [];
    let [hasRun, hasOwn] = [false, false];
    for (const chunk of log.chunksOf(from)) {
      if (chunk.owner === "experiment") hasOwn = true;
      else if (chunk.owner === "run" && chunk.id === run) hasRun = true;
      else if (chunk.table === "logged_models" && isOfRun(chunk, run)) models.push(chunk.id);
    }
    if (!hasRun) continue;
    const parts: NewSubject[] = [
      { kind: "run", experiment, run, id: run, trees: treesFor(from, run) },
      ...models.map((id): NewSubject => ({
        ...{ kind: "logged-model", experiment, run, id },
        trees: treesFor(from, id, "models/"),
      })),
    ];
    return [...parts, ...hasOwn ? [itself(experiment, run)] : []]
      .map((subject) => ({ from, subject }));
  }
  return [];
}

/**
 * Finds the experiment itself in what was purged as a whole. Needs read permission.
 *
 * @param log The log.
 * @param subjects What a change has taken away.
 * @param experiment Its id.
 * @param run The run that needs it.
 * @returns It; none where it did not go, or is back.
 */
export function experimentPart(
  log: KeptChunks,
  subjects: readonly LoggedSubject[],
  experiment: string,
  run: string,
): readonly Part[] {
  const from = subjects.find(({ kind, id }) => kind === "experiment" && id === experiment);
  const [first] = from === undefined ? [] : log.chunksOf(from);
  return from !== undefined && first?.owner === "experiment"
    ? [{ from, subject: itself(experiment, run) }]
    : [];
}

/** Nobody else needs it to be of that run; it is chosen with it. */
function itself(experiment: string, run: string): NewSubject {
  return { kind: "experiment", experiment, run, id: experiment, trees: [] };
}

function isOfRun({ columns, rows }: RowChunk, run: string): boolean {
  const at = columns.indexOf("source_run_id") + 1;
  return at > 0 && rows.some((row) => row[at] === run);
}

/** As MLflow lays them out, in the tree of the experiment. */
function treesFor(
  { trees, experiment }: LoggedSubject,
  id: string,
  folder = "",
): readonly LoggedTree[] {
  return trees.flatMap((tree) => {
    if (tree.path.endsWith(`/${id}`)) return [tree];
    return tree.path === experiment
      ? [{ ...tree, path: asStorePath(`${tree.path}/${folder}${id}`), within: tree.path }]
      : [];
  });
}

function isOfPart({ owner, id }: RowChunk, { subject }: Pick<Part, "subject">): boolean {
  return owner === subject.kind && id === subject.id;
}

/**
 * Makes things of their own of parts.
 *
 * @param database The log's database.
 * @param parts All of one thing, or of several.
 * @param add Adds things to the log, within the transaction.
 * @returns Them, as they are logged.
 */
export function takeOut(
  database: DatabaseSync,
  parts: readonly Part[],
  add: (subjects: readonly NewSubject[]) => readonly LoggedSubject[],
): readonly LoggedSubject[] {
  return inTransaction(database, () => {
    const made = add(parts.map(({ subject }) => subject));
    const read = database.prepare("SELECT * FROM removed WHERE number = ?");
    const write = database.prepare("UPDATE removed SET rows = ? WHERE number = ?");
    const drop = database.prepare("DELETE FROM removed WHERE number = ?");
    const insert = database.prepare("INSERT INTO removed VALUES (NULL, ?, ?)");
    const leave = database.prepare("UPDATE subjects SET trees = ? WHERE number = ?");
    const whole = Map.groupBy(parts.entries(), ([, { from }]) => from);
    for (const [from, own] of whole) {
      const numbers = database
        .prepare("SELECT number FROM removed WHERE subject = ? ORDER BY number").all(from.number);
      for (const { number } of numbers) {
        const chunks = chunksIn(read.get(number!)!, from);
        const rest = chunks.filter((chunk) => !own.some(([, part]) => isOfPart(chunk, part)));
        if (rest.length === chunks.length) continue;
        for (const [index, part] of own) {
          const taken = chunks.filter((chunk) => isOfPart(chunk, part));
          if (taken.length > 0) insert.run(made[index]!.number, chunksText(taken));
        }
        if (rest.length === 0) drop.run(number!);
        else write.run(chunksText(rest), number!);
      }
      const taken = new Set(own.flatMap(([, { subject }]) => subject.trees));
      const trees = from.trees.filter((tree) => !taken.has(tree));
      if (trees.length < from.trees.length) leave.run(JSON.stringify(trees), from.number);
    }
    return made;
  });
}
