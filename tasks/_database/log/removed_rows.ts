/**
 * Rows that have been taken away, as the log has them: with the exact type of every value, be it larger than a
 * number of JavaScript or text that is none.
 *
 * @module
 */

import type { SQLInputValue } from "node:sqlite";
import { DamagedBackupError } from "../../../lib/errors.ts";
import { isRecord } from "../../../lib/text/json.ts";
import type { StorePath } from "../../../lib/store/path.ts";
import { s3PlaceOf } from "../../../lib/store/artifact_uri.ts";
import { OWNED_TABLES, type Owner, ownTableOf } from "../../../lib/snapshot/owned_tables.ts";

/** A value: in JSON, an integer or a number as text where JSON has none like it, bytes in Base64. */
export type LoggedValue = string | number | null;

/**
 * A row: a letter for the type of each of its values, then the values. `n`: NULL, `i`: integer, `r`: real, `t`: text,
 * `x`: text that is not UTF-8, or has a NUL in it, `b`: bytes.
 */
export type RemovedRow = readonly [types: string, ...values: readonly LoggedValue[]];

/** Rows of one table that go, or come, at once and belong to the same thing. */
export interface RowChunk<O extends string = Owner> {
  readonly owner: O;
  /** The id of what they belong to. */
  readonly id: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly RemovedRow[];
}

/**
 * What of an action is taken away, with all that belongs to it; of points of a metric the id is its key, and of rows
 * that belong to runs which are gone, that of their table, and they are of no experiment.
 */
export interface Subject {
  readonly kind: "run" | "logged-model" | "experiment" | "metric-points" | "dangling-rows";
  readonly experiment: string;
  /** The run that it is, or that has logged it; `null` where there is none, as of rows of runs that are gone. */
  readonly run: string | null;
  readonly id: string;
}

/**
 * Artifacts of which no row was there, or some of a run that stays. `experiment`: the directory in which they lie, or
 * which they are; `id`: where they lie below the artifact root.
 */
export type TreeSubject = Omit<Subject, "kind"> & { readonly kind: "orphan" | "artifact" };

/** A tree of artifacts. */
export interface LoggedTree {
  /** The artifact root: an absolute real path, or `s3://BUCKET/KEY`. */
  readonly root: string;
  /** Where it belongs, below the root. */
  readonly path: StorePath;
  /** The tree with which it went, see `ChangedTree`. */
  readonly within?: StorePath;
}

/** The same, as it is logged. */
export type LoggedSubject = (Subject | TreeSubject) & Logged;

interface Logged {
  readonly number: number;
  /** The change that has taken it away. */
  readonly change: string;
  /** Its artifacts, as far as they go with it. */
  readonly trees: readonly LoggedTree[];
  /** Whether bringing it back has begun. */
  readonly isGoingBack: boolean;
}

/** What is about to go. */
export type NewSubject = Omit<LoggedSubject, "number" | "change" | "isGoingBack">;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * Writes a row for the log.
 *
 * @param kinds The first letter of the type of each of its values, as SQLite names it.
 * @param values The values; integers as `bigint`, text that is not plain as its bytes.
 * @param isUtf8 Whether that is how the database encodes text.
 * @returns The row.
 */
export function removedRow(
  kinds: string,
  values: readonly SQLInputValue[],
  isUtf8: boolean,
): RemovedRow {
  let types = "";
  const written = values.map((value, index): LoggedValue => {
    const kind = kinds[index]!;
    if (value === null) return types += "n", null;
    if (typeof value === "bigint") {
      types += "i";
      const near = Number(value);
      return Number.isSafeInteger(near) ? near : `${value}`;
    }
    if (typeof value === "number") {
      types += "r";
      return Number.isFinite(value) && !Object.is(value, -0) ? value : realText(value);
    }
    if (typeof value === "string") return types += "t", value;
    const bytes = value as Uint8Array<ArrayBuffer>;
    if (kind !== "t") return types += "b", bytes.toBase64();
    const text = isUtf8 ? textIn(bytes) : null;
    return text === null ? (types += "x", bytes.toBase64()) : (types += "t", text);
  });
  return [types, ...written];
}

/** `null` for what SQLite would be handed otherwise: it ends at the first NUL. */
function textIn(bytes: Uint8Array<ArrayBuffer>): string | null {
  try {
    const text = decoder.decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}

function realText(value: number): string {
  return Object.is(value, -0) ? "-0" : `${value}`;
}

/** By letter: how SQL takes a value of that type, which it would change otherwise. */
const PLACES: Readonly<Record<string, string>> = {
  n: "?",
  i: "?",
  r: "CAST(? AS REAL)",
  t: "?",
  x: "CAST(? AS TEXT)",
  b: "?",
};

/**
 * Makes the places of a row's values in SQL.
 *
 * @param row The row.
 * @returns One for each value.
 */
export function placesOf([types]: RemovedRow): readonly string[] {
  return [...types].map((type) => PLACES[type]!);
}

/**
 * Reads the values of a row.
 *
 * @param row The row.
 * @returns What is to be put into its places.
 */
export function valuesOf([types, ...values]: RemovedRow): readonly SQLInputValue[] {
  return values.map((value, index) => {
    switch (types[index]) {
      case "i":
        return BigInt(value!);
      case "r":
        return Number(value);
      case "t":
        return `${value}`;
      case "x":
      case "b":
        return Uint8Array.fromBase64(`${value}`);
      default:
        return null;
    }
  });
}

/**
 * Writes rows for the log that go at once with the same thing.
 *
 * @param chunks The rows.
 * @returns What is logged of them.
 */
export function chunksText(chunks: readonly RowChunk<string>[]): Uint8Array<ArrayBuffer> {
  return encoder.encode(JSON.stringify(chunks));
}

/**
 * Reads what was taken away from the log. Who may write there may have put anything into it.
 *
 * @param row As SQLite gives it.
 * @returns What it was.
 * @throws {DamagedBackupError} When it is nothing that is ever taken away.
 */
export function subjectOf(row: Readonly<Record<string, unknown>>): LoggedSubject {
  const { number, kind, experiment, run, id } = row;
  const known = KINDS.find((each) => each === kind);
  const trees = parsed(row["trees"]);
  const isSound = known !== undefined && isTexts([experiment, run ?? "", id]) &&
    Array.isArray(trees) && trees.every(known === "artifact" ? isArtifact : isTree) &&
    (known !== "run" && known !== "logged-model" ||
      trees.every(({ path }) => path.endsWith(`/${id}`))) &&
    (known !== "experiment" || id === experiment) &&
    (known !== "orphan" && known !== "artifact" || trees.length === 1 && trees[0]?.path === id) &&
    (known !== "artifact" || `${id}`.startsWith(`${experiment}/${run}/`)) &&
    (known !== "metric-points" || run !== null && trees.length === 0) &&
    (known !== "dangling-rows" || run === null && experiment === "" && trees.length === 0) &&
    (known !== "run" || id === run);
  if (!isSound) {
    throw new DamagedBackupError(
      `Cannot read ${number} of change ${
        row["change"]
      }: expected a run, a logged model, an experiment or rows`,
    );
  }
  return {
    number: Number(number),
    change: `${row["change"]}`,
    kind: known,
    experiment: `${experiment}`,
    run: run === null ? null : `${run}`,
    id: `${id}`,
    trees,
    isGoingBack: row["is_going_back"] === 1,
  };
}

/**
 * Tells whether something may be a tree that goes with rows: below a root, called by an id, as MLflow makes it.
 * Nothing else is ever moved.
 *
 * @param value What it is.
 * @returns Whether it may.
 */
export function isTree(value: unknown): value is LoggedTree {
  return isTreeLike(value, TREE);
}

/**
 * Tells whether something may be a part of a run's artifacts, or of the checkpoints beside them, that is moved while
 * the run stays.
 *
 * @param value What it is.
 * @returns Whether it may.
 */
export function isArtifact(value: unknown): value is LoggedTree {
  return isTreeLike(value, ARTIFACT);
}

const TREE = /^(?:(?!\.{0,2}\/)[^/\0]+\/)*(?:\d+|(?:m-|tr-)?[\da-f]{32})$/;
const ARTIFACT =
  /^\d+\/[\da-f]{32}\/(?:artifacts(?=\/)|checkpoints)(?:\/(?!\.{0,2}(?:\/|$))[^/\0]+)*$/;

function isTreeLike(value: unknown, pattern: RegExp): value is LoggedTree {
  if (!isRecord(value)) return false;
  const { root, path, within = path } = value;
  return typeof root === "string" && typeof path === "string" && typeof within === "string" &&
    (/^(?:\/(?!\.{0,2}(?:\/|$))[^/\0]+)+$/.test(root) || s3PlaceOf(root) === root) &&
    pattern.test(path) &&
    (path === within || /^\d+$/.test(within) && path.startsWith(`${within}/`));
}

const KINDS = [
  "run",
  "logged-model",
  "experiment",
  "orphan",
  "artifact",
  "metric-points",
  "dangling-rows",
] as const;

/**
 * Reads rows that were taken away from the log.
 *
 * @param row As SQLite gives it.
 * @param subject With what they went.
 * @returns The rows, as {@linkcode chunksText} has them.
 * @throws {DamagedBackupError} When they do not belong to it.
 */
export function chunksIn(
  row: Readonly<Record<string, unknown>>,
  subject: LoggedSubject,
): readonly RowChunk[] {
  const refuse = (why: string): never => {
    throw new DamagedBackupError(
      `Cannot read rows ${row["number"]} of ${subject.kind} ${subject.id}: ${why}`,
    );
  };
  const chunks = parsed(decoded(row["rows"]));
  return Array.isArray(chunks)
    ? chunks.map((chunk) => isRecord(chunk) ? chunkOf(chunk, subject, refuse) : refuse("no rows"))
    : refuse("expected rows");
}

function chunkOf(
  found: Readonly<Record<string, unknown>>,
  subject: LoggedSubject,
  refuse: (why: string) => never,
): RowChunk {
  const { id, columns, rows } = found;
  const owner = OWNERS.find((each) => each === found["owner"]);
  const isOfRun = subject.kind === "dangling-rows" && owner === "run" &&
    found["table"] === subject.id && subject.id !== ownTableOf(owner).table;
  const isOwn = owner === subject.kind ? id === subject.id : subject.kind === "experiment";
  const isPoint = subject.kind === "metric-points" && owner === "run" && id === subject.run &&
    found["table"] === "metrics";
  if (owner === undefined || typeof id !== "string" || !isOwn && !isOfRun && !isPoint) {
    return refuse(`expected what belongs to it, found what belongs to ${found["owner"]} ${id}`);
  }
  const table = OWNED_TABLES[owner].find((one) => one.table === found["table"])?.table ??
    refuse(`expected a table of a ${owner}, found ${found["table"]}`);
  const areSound = isTexts(columns) && columns.every((name) => /^\w+$/.test(name)) &&
    new Set(columns).size === columns.length && Array.isArray(rows) &&
    rows.every((one) => isRow(one, columns.length));
  if (!areSound) return refuse("expected rows");
  const chunk: RowChunk = { owner, id, table, columns, rows };
  for (const [column, value] of boundsOf(chunk, subject)) {
    const at = columns.indexOf(column) + 1;
    if (at > 0 && chunk.rows.some((one) => `${one[at]}` !== value)) {
      return refuse(`expected ${column} ${value}, found another one`);
    }
  }
  return chunk;
}

const OWNERS = Object.keys(OWNED_TABLES) as Owner[];

/** What every row of a chunk has in a column. */
function boundsOf(
  { owner, id, table }: RowChunk,
  { experiment }: LoggedSubject,
): readonly (readonly [column: string, value: string])[] {
  const direct = OWNED_TABLES[owner]
    .filter((one) => one.table === table && one.through === undefined);
  // A table that has the owner on either side says by its other columns on which.
  const own = direct.length === 1 ? [[direct[0]!.owner, id] as const] : [];
  const isItself = ownTableOf(owner).table === table;
  return isItself ? [...own, ["experiment_id", experiment]] : own;
}

/**
 * Tells whether something may be a row of the log.
 *
 * @param row What it is.
 * @param columns How many columns it has.
 * @returns Whether it may.
 */
export function isRow(row: unknown, columns: number): row is RemovedRow {
  if (!Array.isArray(row) || row.length !== columns + 1) return false;
  const [types, ...values] = row;
  return typeof types === "string" && types.length === columns &&
    values.every((value, index) => isValue(types[index], value));
}

function isValue(type: string | undefined, value: unknown): boolean {
  switch (type) {
    case "n":
      return value === null;
    case "i":
      return Number.isSafeInteger(value) || typeof value === "string" && /^-?\d+$/.test(value);
    case "r":
      return typeof value === "number" || typeof value === "string" && REALS.has(value);
    case "t":
      return typeof value === "string";
    case "x":
    case "b":
      return typeof value === "string" && /^[\w+/]*=*$/.test(value);
    default:
      return false;
  }
}

const REALS: ReadonlySet<string> = new Set(["-0", "Infinity", "-Infinity"]);

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

/**
 * Reads the text of rows of the log.
 *
 * @param value As SQLite gives it.
 * @returns The text; none where it is no bytes.
 */
export function decoded(value: unknown): string {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : "";
}

function parsed(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return null;
  }
}
