/**
 * How the rules of `verify` find what is wrong with a store that is a database.
 *
 * @module
 */

import { localPathOf } from "../records/relocate_uri.ts";
import type { StorePath } from "../store/path.ts";
import type { Experiment, StoreSnapshot } from "../store/snapshot.ts";
import { HEAD, REVISIONS, REVISIONS_OF_2 } from "../snapshot/revisions.ts";
import { placeOf } from "../store/store_uri.ts";
import { shellWords } from "../text/shell_words.ts";
import { formatCount, formatSize } from "../text/units.ts";
import { count, findProblems, wouldGo } from "./checks.ts";
import { byHand, type Check, type Violation } from "./rule.ts";

/** Python has SQLite with it, and MLflow has Python. */
const PROGRAM =
  "import sqlite3, sys; sqlite3.connect(sys.argv[1], isolation_level=None).execute(sys.argv[2])";

/**
 * Says how a statement is carried out.
 *
 * @param location The store's location.
 * @param sql The statement.
 * @returns What to type, between backticks.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 *
 * assertStringIncludes(statement("sqlite:////data/mlflow.db", "VACUUM"), "/data/mlflow.db VACUUM`");
 * assertStringIncludes(statement("postgresql://host/mlflow", "VACUUM"), "psql");
 * ```
 */
export function statement(location: string, sql: string): string {
  const place = placeOf(location);
  const words = place === null
    ? ["psql", location, "-c", sql]
    : ["python3", "-c", PROGRAM, place, sql];
  return `\`${shellWords(words)}\``;
}

function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Finds damaged pages. `.recover` would save more, and stumbles over MLflow's tables. */
export const findDamage: Check = withRemedy(
  findProblems("database", "unreadable"),
  (_, { location }) => {
    const place = placeOf(location);
    if (place === null) return "Bring the database back from a backup";
    const [from, to] = [place, `${place}.recovered`].map((each) => shellWords([each]));
    return `Bring the file back from a backup, or save what can be read: \`sqlite3 ${from} .dump | sed 's/^ROLLBACK.*/COMMIT;/' | sqlite3 ${to}\``;
  },
);

/** Finds rows that are not whole. A server can be asked for none of them by what they are. */
export const findCutRows: Check = withRemedy(
  findProblems("database", "cut-off"),
  (_, { backend }) =>
    backend?.server === undefined
      ? "Bring the rows back from a backup of the database, or delete them"
      : "Bring the rows back from a backup of the server's database, or delete them, on a machine that reaches it",
);

/** Finds rows that name others by a foreign key, where there are none. */
export const findBrokenKeys: Check = withRemedy(
  findProblems("database", "dangling"),
  ({ path }, { location }) =>
    `Bring back the rows that are missing, or delete these: ${
      statement(
        location,
        `DELETE FROM "${path}" WHERE rowid IN (SELECT rowid FROM pragma_foreign_key_check('${path}'))`,
      )
    }`,
  true,
);

/** Finds runs of which a row says what none can be. */
export const findUnusableRows: Check = withRemedy(
  findProblems("run", "incomplete"),
  ({ runId, message }, { location }) => {
    const [set, column] = message.includes("stored as bytes")
      ? ["run_uuid = CAST(run_uuid AS TEXT)", "CAST(run_uuid AS TEXT)"]
      : [
        message.includes("stage") ? "lifecycle_stage = 'active'" : "status = 'FAILED'",
        "run_uuid",
      ];
    return `Correct its row, such as by ${
      statement(location, `UPDATE runs SET ${set} WHERE ${column} = ${sqlText(runId ?? "")}`)
    }`;
  },
);

function withRemedy(
  check: Check,
  remedyOf: (violation: Violation, snapshot: StoreSnapshot) => string,
  mends = false,
): Check {
  return function* (snapshot) {
    for (const violation of check(snapshot)) {
      const isLeft = violation.mendable === false || !mends;
      yield isLeft ? { ...violation, remedy: byHand(remedyOf(violation, snapshot)) } : violation;
    }
  };
}

/**
 * Finds what was deleted nobody recorded when.
 *
 * @param snapshot The store.
 * @returns One violation for each run and experiment.
 */
export function findUndated({ experiments, backend }: StoreSnapshot): readonly Violation[] {
  if (backend === undefined) return [];
  return experiments.flatMap(({ id: experimentId, path, lifecycleStage, lastUpdateTime, runs }) => [
    ...(lifecycleStage === "deleted" && lastUpdateTime === null
      ? [{ ...ofExperiment(experimentId, path), message: undated("last_update_time") }]
      : []),
    ...runs.filter((run) => run.lifecycleStage === "deleted" && run.deletedTime === null)
      .map((run): Violation => ({
        ...ofExperiment(experimentId, run.path),
        runId: run.id,
        message: undated("deleted_time"),
      })),
  ]);
}

function undated(column: string): string {
  return `It is deleted, and its ${column} is NULL`;
}

/**
 * Finds artifact trees that no row names.
 *
 * @param snapshot The store.
 * @returns One violation for each.
 */
export function findNameless({ orphans, readAt, backend }: StoreSnapshot): readonly Violation[] {
  if (backend === undefined) return [];
  return orphans.map((orphan): Violation => {
    const { path, lostRuns, modelDirectories, traces, message } = orphan;
    const isLoss = lostRuns + modelDirectories + traces > 0;
    const [experimentId = null] = path.split("/");
    return {
      path,
      line: null,
      experimentId,
      runId: null,
      message: `Below ${backend.artifactRoot} ${
        isLoss ? `${message}, nor could one: its rows seem to be lost` : message
      }`,
      ...(wouldGo(orphan, readAt)
        ? {
          remedy: { kind: "cleanup", does: "quarantine", or: "bring its rows back from a backup" },
        }
        : isLoss
        ? { remedy: byHand("Bring the rows back from a backup of the database") }
        : {}),
    };
  });
}

/**
 * Finds places that two have: runs of one artifact URI, experiments of one artifact location, and an experiment
 * whose directory holds what was there before it was made, since SQLite gives the id of the last one out again.
 *
 * @param snapshot The store.
 * @returns One violation for each run and experiment that is not the first at its place.
 */
export function findClashes(snapshot: StoreSnapshot): readonly Violation[] {
  const { experiments, orphans, backend } = snapshot;
  if (backend === undefined || snapshot.depth !== "full") return [];
  const runs = experiments.flatMap(({ id, runs }) =>
    runs.map((run) => ({
      at: { ...ofExperiment(id, run.path), runId: run.id },
      place: run.artifactUri,
      what: "run",
      id: `${run.id}`,
    }))
  );
  const places = experiments.map(({ id, path, artifactLocation }) => ({
    at: ofExperiment(id, path),
    place: artifactLocation,
    what: "experiment",
    id: `${id}`,
  }));
  return [
    ...[runs, places].flatMap((all) => {
      const byPlace = Map.groupBy(all, ({ place }) => localPathOf(place) ?? place);
      return [...byPlace].filter(([place]) => place !== "").flatMap(([place, [first, ...others]]) =>
        others.map(({ at, what }): Violation => ({
          ...at,
          message: `Its artifacts lie at ${place}, as those of ${what} ${first!.id}`,
        }))
      );
    }),
    ...experiments.flatMap((experiment) => {
      const { id, path, creationTime } = experiment;
      const older = orphans.filter((one) =>
        one.path.startsWith(`${path}/`) && one.newestChange !== null &&
        one.newestChange < (creationTime ?? 0)
      );
      if (older.length === 0) return [];
      const message = `Its directory holds ${
        count(older.length, "artifact tree")
      } from before it was made, as of another that had its id`;
      const remedy = older.every((one) => wouldGo(one, snapshot.readAt))
        ? { kind: "cleanup", does: "quarantine", or: "move these away" } as const
        : byHand("Move what is older out of its directory");
      return [{ ...ofExperiment(id, path), message, remedy }];
    }),
  ];
}

/** Fewer are nobody's concern. */
const MANY = { share: 0.5, bytes: 100e6 };

/**
 * Finds a database that is filled by points of metrics.
 *
 * @param snapshot The store.
 * @returns At most one violation.
 */
export function findManyPoints({ backend }: StoreSnapshot): readonly Violation[] {
  const { bytes = 0, share = 0, most = null } = backend?.metrics ?? {};
  if (most === null || bytes < MANY.bytes || share < MANY.share) return [];
  const { path, points } = most;
  return [
    ofTable(
      "metrics",
      `It takes ${formatSize(bytes)}, ${Math.round(share * 100)} % of the database; most of it, ${
        formatCount(points)
      } points, is of run ${path}`,
    ),
  ];
}

/**
 * Finds a schema that mltidy does not know.
 *
 * @param snapshot The store.
 * @returns At most one violation.
 */
export function findUnknownSchema({ backend }: StoreSnapshot): readonly Violation[] {
  if (backend === undefined) return [];
  const { revision } = backend;
  if (revision !== null && REVISIONS.has(revision)) return [];
  return [
    ofTable(
      "alembic_version",
      revision === null
        ? "It says nothing of the schema"
        : `The schema is at revision ${revision}, which no known version of MLflow has`,
    ),
  ];
}

/**
 * Finds a schema that MLflow 3.17 lets no database have.
 *
 * @param snapshot The store.
 * @returns At most one violation.
 */
export function findOldSchema({ backend, location }: StoreSnapshot): readonly Violation[] {
  const revision = backend?.revision ?? HEAD;
  if (revision === HEAD || !REVISIONS.has(revision)) return [];
  return [{
    ...ofTable(
      "alembic_version",
      `The schema is at revision ${revision}, older than that of MLflow 3.17`,
    ),
    remedy: byHand(
      `Back it up, then upgrade it: \`${shellWords(["mlflow", "db", "upgrade", location])}\``,
    ),
  }];
}

/**
 * Finds a schema of which MLflow 2 knows nothing.
 *
 * @param snapshot The store.
 * @returns At most one violation.
 */
export function findNewSchema({ backend }: StoreSnapshot): readonly Violation[] {
  const revision = backend?.revision ?? null;
  if (revision === null || !REVISIONS.has(revision) || REVISIONS_OF_2.has(revision)) return [];
  return [ofTable("alembic_version", `The schema is at revision ${revision}, of MLflow 3`)];
}

/** Fewer are nobody's concern. */
const LEAST_FREE = 0.25;
const LEAST_PAGES = 1_000;

/**
 * Finds a file that is larger than what it holds.
 *
 * @param snapshot The store.
 * @returns At most one violation.
 */
export function findFreePages({ backend, location }: StoreSnapshot): readonly Violation[] {
  const { total = 0, free = 0 } = backend?.pages ?? {};
  if (free < LEAST_PAGES || free < total * LEAST_FREE) return [];
  return [{
    ...ofTable("database", `${free} of its ${total} pages hold nothing`),
    remedy: byHand(
      `Shrink it while nothing else has it open: ${statement(location, "VACUUM")}`,
    ),
  }];
}

function ofTable(table: string, message: string): Violation {
  const path = table as StorePath;
  return { path, line: null, experimentId: null, runId: null, message };
}

function ofExperiment(
  experimentId: Experiment["id"],
  path: StorePath,
): Omit<Violation, "message"> {
  return { path, line: null, experimentId, runId: null };
}
