/**
 * Where a server of MLflow's keeps the artifacts that it serves by itself: rows say
 * `mlflow-artifacts:/EXP/RUN/artifacts`, and only the server is told of which place: by
 * `MLFLOW_ARTIFACTS_DESTINATION`, else it is `mlartifacts` beside its database.
 *
 * Nothing in the database tells that it is that place and no other. But an id of a run is that of one run alone: a
 * place in which one of them lies where its row says is that of this database.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { isLocalRoot, servedPlaceOf } from "../../../lib/snapshot/artifact_root.ts";
import { asStorePath, type StorePath } from "../../../lib/store/path.ts";
import type { ArtifactPlace, OpenPlace } from "../../_artifacts/artifact_place.ts";
import { realPathOrNull } from "../../_io/read.ts";
import { atOnce } from "../../_io/take_turns.ts";
import type { Database, Tables } from "../scan/tables.ts";

/** A place from which a server may serve artifacts. */
export interface ServedArtifacts {
  /** Absolute path, or `s3://BUCKET/KEY`. */
  readonly root: string;
  /** Whether artifacts of this database lie in it. */
  readonly isProven: boolean;
  /** Whether nobody can tell, since it cannot be looked at. */
  readonly isHidden: boolean;
}

/** What knows where a server keeps the artifacts of a database. */
export interface Serving {
  /** Finds the place; `null` where rows say nothing of a server, or there is none. Needs read permission. */
  of(database: Database): ServedArtifacts | null;
  /** Looks into a bucket, which takes requests. Needs net permission for its host; of a directory it does nothing. */
  look(ask: AskDatabase): Promise<void>;
}

/** Looks into a database as it is at one moment. */
export type AskDatabase = <T>(use: (tables: Pick<Tables, "database">) => T) => T | Promise<T>;

/**
 * Knows where a server without options keeps artifacts. Touches nothing.
 *
 * @param path Absolute real path of the database's file.
 * @returns What knows it.
 */
export function servedBeside(path: string): Serving {
  return servedFrom(join(dirname(path), "mlartifacts"));
}

/**
 * Knows where a server keeps artifacts that was told where. Touches nothing.
 *
 * @param destination Absolute path, or `s3://BUCKET/KEY`; `null` where mltidy cannot look.
 * @param places Opens a place in a bucket.
 * @returns What knows it.
 */
export function servedAt(destination: string | null, places: OpenPlace): Serving {
  if (destination === null) return NOWHERE;
  return isLocalRoot(destination) ? servedFrom(destination) : servedInBucket(destination, places);
}

const NOWHERE: Serving = { of: () => null, look: () => Promise.resolve() };

function servedFrom(root: string): Serving {
  return {
    of: (database) =>
      namesServer(database) && isDirectory(root)
        ? { root, isProven: isAnyIn(root, servedRuns(root, database)), isHidden: false }
        : null,
    look: () => Promise.resolve(),
  };
}

/** What was found in a bucket stays true: what proves it may leave it, but nobody else's comes there. */
function servedInBucket(root: string, places: OpenPlace): Serving {
  let found: "proven" | "unproven" | "hidden" = "unproven";
  const served: ServedArtifacts = {
    root,
    get isProven() {
      return found === "proven";
    },
    get isHidden() {
      return found === "hidden";
    },
  };
  return {
    of: (database) => namesServer(database) ? served : null,
    async look(ask) {
      if (found === "proven") return;
      const runs = await ask(({ database }) => servedRuns(root, database));
      if (runs.length === 0) return;
      const holds = await holdsAny(await places(root), runs);
      found = typeof holds === "string" ? "hidden" : holds ? "proven" : "unproven";
    },
  };
}

/**
 * Lets the rows of a database tell where artifacts lie that a server serves, where that is beyond doubt; and where
 * nobody can look, so that nothing goes without them.
 *
 * @param serving What knows it.
 * @param tables The database.
 * @returns The same.
 */
export function withServed<D extends Database>(serving: Serving, tables: Tables<D>): Tables<D> {
  const found = serving.of(tables.database);
  return found?.isProven || found?.isHidden ? { ...tables, served: found.root } : tables;
}

/**
 * Asks a database what would prove that a server keeps its artifacts at a place that nobody names but a record of ours.
 *
 * @param root Absolute real path, or `s3://BUCKET/KEY`.
 * @param database The database.
 * @param places Opens the place.
 * @returns Tells whether a run of the database lies there, or why nobody can look: needs read permission for it, or
 *   net permission for its host.
 */
export function proofOf(
  root: string,
  database: Database,
  places: OpenPlace,
): () => Promise<boolean | string> {
  const runs = servedRuns(root, database);
  if (runs.length === 0) return () => Promise.resolve(false);
  if (!isLocalRoot(root)) return async () => await holdsAny(await places(root), runs);
  const isProven = realPathOrNull(root) === root && isAnyIn(root, runs);
  return () => Promise.resolve(isProven);
}

const SERVED = "mlflow-artifacts:/%";

/**
 * Tells whether rows say that a server serves artifacts.
 *
 * @param database The database.
 * @returns Whether one does.
 */
export function namesServer(database: Database): boolean {
  return database.prepare(
    `SELECT 1 AS one FROM experiments WHERE artifact_location LIKE '${SERVED}' LIMIT 1`,
  ).get() !== undefined;
}

/** The newest runs, then the oldest. */
const ORDERS = ["DESC", "ASC"] as const;

/** How many runs are looked for: many have logged no artifact. */
const MOST = 500;

/** How many are asked for at once. */
const AT_ONCE = 16;

/** Where artifacts of runs would be below a root. */
function servedRuns(root: string, database: Database): readonly StorePath[] {
  const paths = ORDERS.flatMap((order) =>
    database.prepare(
      `SELECT run_uuid AS id, artifact_uri AS location FROM runs
        WHERE artifact_uri LIKE '${SERVED}' ORDER BY rowid ${order} LIMIT ${MOST}`,
    ).all().flatMap(({ id, location }) => {
      const place = servedPlaceOf(`${location}`, root);
      const isOwn = /^[0-9a-f]{32}$/.test(`${id}`) && place.startsWith(`${root}/`) &&
        place.endsWith(`/${id}/artifacts`);
      return isOwn ? [asStorePath(place.slice(root.length + 1))] : [];
    })
  );
  return [...new Set(paths)];
}

function isAnyIn(root: string, paths: readonly StorePath[]): boolean {
  return paths.some((path) => isDirectory(`${root}/${path}`));
}

/** A text says why nobody can tell. */
async function holdsAny(
  place: ArtifactPlace,
  paths: readonly StorePath[],
): Promise<boolean | string> {
  for (let at = 0; at < paths.length; at += AT_ONCE) {
    const some = paths.slice(at, at + AT_ONCE);
    const found = await atOnce(AT_ONCE, some, (path) => place.has(path));
    if (found.includes(true)) return true;
    const hidden = found.find((one) => typeof one === "object");
    if (hidden !== undefined) return hidden.message;
  }
  return false;
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
