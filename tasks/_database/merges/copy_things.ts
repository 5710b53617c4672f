/**
 * Copying things of another database into this one.
 *
 * *Ordering*: what is to come is logged, with all its rows, before anything is touched; then its artifacts are copied,
 * and its rows are put in last: nothing is ever shown without what belongs to it.
 *
 * *Locking*: the lock of the store is held; SQLite's own for a fraction of a second in each transaction. The other
 * database is only read, for as long as it takes to read what is copied at once.
 *
 * *After an interruption*: whoever takes the lock next takes out what had come, see `take_out_things.ts`.
 *
 * @module
 */

import { join } from "@std/path";
import { localPathOf } from "../../../lib/records/relocate_uri.ts";
import { placeOf } from "../../../lib/store/store_uri.ts";
import { LOCATION_TAG } from "../../../lib/store/tags.ts";
import { type DiskUsage, NO_USAGE } from "../../../lib/store/usage.ts";
import type { Action, CopyIn } from "../../../lib/plan/plan.ts";
import type { ActionOutcome, SkipReason } from "../../../lib/plan/report.ts";
import { copyIn, digestTree, missingWay } from "../../_artifacts/copy_in.ts";
import { isThere } from "../../_artifacts/tree_place.ts";
import { isAbort } from "../../_io/take_turns.ts";
import { openToLook } from "../rows/sqlite_rows.ts";
import { type OwnedRows, ROWS_AT_ONCE, statementOf } from "../rows/owned_rows.ts";
import { type AddedChunk, type AddedTree, batchesOf, type NewAdded } from "../log/added_things.ts";
import type { WritableLog } from "../log/change_log.ts";
import { inTransaction } from "../log/change_rows.ts";
import { putNew } from "./exact_rows.ts";
import { type MergeRoot, rootForMerge } from "./merge_place.ts";
import { type LocatedRows, requireMergeable } from "./other_database.ts";
import { bothOf, prepareRows } from "./prepare_things.ts";
import { takeOutThings } from "./take_out_things.ts";
import {
  measureThing,
  placeOfArtifacts,
  realDirectoryOf,
  rowStampsOf,
  type Thing,
  thingAt,
} from "./things.ts";

/** Where things are copied. */
export interface CopyPlace {
  readonly rows: OwnedRows;
  /** Absolute real path of the database's file. */
  readonly path: string;
  readonly log: WritableLog;
  /** The change's id. */
  readonly change: string;
  readonly explain: (error: unknown) => string;
  /** Told that something is left that the next lock takes away. */
  readonly onUnsettled: () => void;
}

/** Tells whether an action copies something of another store. */
export function isCopyIn(action: Action): action is CopyIn {
  return action.kind === "copy-in";
}

/** What a change copies from, as long as it is under way. */
export class Sources implements Disposable {
  readonly #open = new Map<string, LocatedRows & Disposable>();

  /**
   * Opens a database, once. Needs read permission.
   *
   * @param location The store's location.
   * @param here The one into which.
   * @returns It.
   * @throws {UnsupportedStoreError} When the two cannot be merged.
   */
  at(location: string, here: LocatedRows): LocatedRows {
    const known = this.#open.get(location);
    if (known !== undefined) return known;
    const path = Deno.realPathSync(placeOf(location) ?? location);
    const rows = openToLook(path);
    const source = { rows, path, [Symbol.dispose]: () => rows[Symbol.dispose]() };
    this.#open.set(location, source);
    requireMergeable(here, source);
    return source;
  }

  /** Closes all of them. */
  [Symbol.dispose](): void {
    for (const one of this.#open.values()) one[Symbol.dispose]();
    this.#open.clear();
  }
}

/** An action that is ready to be carried out. */
interface Ready {
  readonly action: CopyIn;
  readonly parts: readonly Part[];
}

interface Part {
  readonly thing: Thing;
  readonly chunks: readonly AddedChunk[];
  readonly added: NewAdded;
  /** Absolute real path of the artifacts that are copied. */
  readonly original: string | null;
}

/**
 * Copies things in. Needs read permission for the other database and its artifacts, and write permission for this one
 * and its own.
 *
 * @param place Where.
 * @param actions What.
 * @param sources From where.
 * @param signal Stops copying artifacts.
 * @returns One outcome for each.
 */
export async function copyThings(
  place: CopyPlace,
  actions: readonly CopyIn[],
  sources: Sources,
  signal: AbortSignal | undefined,
): Promise<readonly ActionOutcome[]> {
  const outcomes = new Map<CopyIn, Came>();
  for (const [location, own] of Map.groupBy(actions, ({ source }) => source)) {
    const there = sources.at(location, place);
    const root = rootForMerge(place.rows, place.path);
    const both = bothOf(place.rows, there.rows, root?.named ?? null);
    let [ready, count]: [Ready[], number] = [[], 0];
    const putReady = async () => {
      const some = ready;
      [ready, count] = [[], 0];
      for (const noted of [both.coming, both.links, both.datasets]) noted.clear();
      const came = await putIn(place, root, some, signal);
      if (came.outcome === "applied" || some.length < 2) {
        for (const { action } of some) outcomes.set(action, came);
        return;
      }
      // What is in the way of one is not in that of the others, but of those that need it.
      for (const { action } of some) {
        await prepare(action);
        await putReady();
      }
    };
    const prepare = async (action: CopyIn) => {
      try {
        const one = await makeReady(root, both, action);
        if (typeof one === "string") outcomes.set(action, { outcome: "skipped", because: one });
        else {
          ready.push(one);
          count += rowsIn(one);
        }
      } catch (error) {
        outcomes.set(action, { outcome: "failed", message: place.explain(error) });
      }
    };
    for (const action of own) {
      await prepare(action);
      if (count > ROWS_AT_ONCE) await putReady();
    }
    await putReady();
  }
  return actions.map((action): ActionOutcome => {
    const { kind, path } = action;
    return { kind, path, ...outcomes.get(action)! };
  });
}

/** What came of an action. */
type Came =
  | { readonly outcome: "applied"; readonly usage: DiskUsage }
  | { readonly outcome: "skipped"; readonly because: SkipReason }
  | { readonly outcome: "failed"; readonly message: string }
  | { readonly outcome: "not-run"; readonly because: "interrupted" };

function rowsIn({ parts }: Ready): number {
  return parts.flatMap(({ chunks }) => chunks).reduce((sum, { rows }) => sum + rows.length, 0);
}

async function makeReady(
  root: MergeRoot | null,
  both: ReturnType<typeof bothOf>,
  action: CopyIn,
): Promise<Ready | SkipReason> {
  const { there } = both;
  const parts: (Pick<Part, "original"> & { readonly trees: readonly AddedTree[] })[] = [];
  const stamps: (readonly [Thing, string])[] = [];
  for (const { from, to, stamp } of action.trees) {
    const thing = thingAt(from);
    const rowStamp = rowStampsOf(there, thing.kind, [thing.id]).get(thing.id);
    if (rowStamp === undefined) return "gone";
    stamps.push([thing, rowStamp]);
    const artifacts = placeOfArtifacts(there, thing);
    const found = await measureThing(artifacts, rowStamp);
    if ("problem" in found) throw new Error(found.problem);
    if (found.stamp !== stamp) return "changed-since-plan";
    const target = targetOf(action, to);
    const original = target === null || artifacts === null ? null : realDirectoryOf(artifacts);
    if (original === null) {
      parts.push({ original, trees: [] });
      continue;
    }
    if (root === null || target !== `${root.named}/${to}/artifacts`) {
      throw new Error(`expected artifacts of this store below one directory, found ${target}`);
    }
    const place = join(root.place.root, to);
    if (isThere(place)) throw new Error(`${place} is there already`);
    const made = missingWay(root.place, to);
    const digest = await digestTree(original);
    parts.push({ original, trees: [{ root: root.place.root, path: to, digest, made }] });
  }
  if (!hasPlace(both.here, action, both.coming)) return "changed-since-plan";
  const prepared = inReading(
    there,
    () =>
      stamps.every(([{ kind, id }, stamp]) => rowStampsOf(there, kind, [id]).get(id) === stamp)
        ? prepareRows(both, action)
        : null,
  );
  if (prepared === null) return "changed-since-plan";
  const experiment = action.experimentId ?? "";
  return {
    action,
    parts: prepared.map(([thing, chunks], at) => {
      const { original, trees } = parts[at]!;
      const { kind, id } = thing;
      const run = action.what === "run" ? action.id : null;
      return { thing, chunks, original, added: { kind, experiment, run, id, trees } };
    }),
  };
}

/** Absolute path that the row of a thing is to name; `null`: it names what it named there. */
function targetOf({ records, texts }: CopyIn, to: string): string | null {
  const changes = records.find(({ path }) => path === to)?.changes;
  const text = texts.find(({ path }) => path === `${to}/tags/${LOCATION_TAG}`)?.text;
  const uri = text ?? changes?.["artifact_uri"] ?? changes?.["artifact_location"];
  return to.includes("/") && uri !== undefined ? localPathOf(uri) : null;
}

/** Whether what it needs is here: its experiment, by its name as well, since an id may be another one's by now. */
function hasPlace(
  rows: OwnedRows,
  { what, experimentId, parent, reasons }: CopyIn,
  coming: ReadonlySet<string> = new Set(),
): boolean {
  const isThere = (kind: Thing["kind"], id: string, sql: string, ...more: readonly string[]) =>
    coming.has(`${kind} ${id}`) || statementOf(rows, sql).get(id, ...more) !== undefined;
  const hasParent = parent === null ||
    isThere("run", parent, "SELECT 1 FROM runs WHERE run_uuid = ?");
  if (what === "experiment" || experimentId === null) return hasParent;
  const into = reasons.find((reason) => reason.kind === "copied-into");
  return hasParent && into !== undefined && isThere(
    "experiment",
    experimentId,
    "SELECT 1 FROM experiments WHERE experiment_id = ? AND name = ? AND lifecycle_stage = 'active'",
    into.name,
  );
}

/** Reads all of it as it is at one moment. */
function inReading<T>({ database }: OwnedRows, read: () => T): T {
  database.exec("BEGIN");
  try {
    return read();
  } finally {
    database.exec("COMMIT");
  }
}

/** All of these at once, or nothing. */
async function putIn(
  place: CopyPlace,
  root: MergeRoot | null,
  ready: readonly Ready[],
  signal: AbortSignal | undefined,
): Promise<Came> {
  if (ready.length === 0) return { outcome: "applied", usage: NO_USAGE };
  const { log, change, rows } = place;
  const parts = ready.flatMap((one) => one.parts);
  const logged = log.addAdded(change, parts.map(({ added, chunks }) => [added, chunks] as const));
  try {
    for (const { original, added: { trees: [tree] } } of parts) {
      if (original === null || tree === undefined) continue;
      await copyIn(root!.place, { change, path: tree.path }, original, { signal });
    }
    const batches = [...batchesOf(parts.flatMap(({ chunks }) => chunks), ROWS_AT_ONCE)];
    for (const [at, batch] of batches.entries()) {
      inTransaction(rows.database, () => {
        for (const chunk of batch) putNew(rows, chunk);
        if (at < batches.length - 1) return;
        const homeless = ready.find(({ action }) => !hasPlace(rows, action));
        if (homeless !== undefined) throw new Error(homelessText(homeless.action));
      });
    }
    return { outcome: "applied", usage: NO_USAGE };
  } catch (error) {
    // Nothing of it is to be there if not all is.
    log.markLeaving(logged);
    const { stays, failed } = await takeOutThings(place, logged);
    log.dropAdded(logged.filter((one) => !failed.has(one)));
    if (failed.size > 0) place.onUnsettled();
    if (isAbort(error, signal)) return { outcome: "not-run", because: "interrupted" };
    const message = [place.explain(error), ...stays.values(), ...failed.values()].join("; ");
    return { outcome: "failed", message };
  }
}

function homelessText({ path, experimentId, parent }: CopyIn): string {
  return `${path}: expected experiment ${experimentId}${
    parent === null ? "" : ` and run ${parent}`
  } to be here for it, found otherwise`;
}
