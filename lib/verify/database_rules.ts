/**
 * The rules about a store that is a database: one row each.
 *
 * @module
 */

import type { StorePath } from "../store/path.ts";
import type { StoreSnapshot } from "../store/snapshot.ts";
import { findProblems, wouldGo } from "./checks.ts";
import { byHand, byTaking, type RuleRow, toBoth, type Violation } from "./rule.ts";
import { REVISIONS } from "./revisions.ts";

/** Rules about databases alone. */
export const DATABASE_RULES: readonly RuleRow[] = [
  {
    id: "database-damaged",
    in: toBoth("error"),
    describes: "MLflow fails wherever it needs that part",
    migration: null,
    stores: "database",
    remedy: byHand("Bring the file back from a backup, or save what can be read with `.recover`"),
    check: findProblems("database", "unreadable"),
  },
  {
    id: "foreign-key-broken",
    in: toBoth("warning"),
    describes: "MLflow never shows these rows, and never removes them",
    migration: null,
    stores: "database",
    remedy: byHand("Bring back the rows that are missing, or delete these"),
    check: findProblems("database", "dangling"),
  },
  {
    id: "row-dangling",
    in: toBoth("info"),
    describes: "MLflow never shows these rows: `mlflow gc` leaves them behind",
    migration: null,
    stores: "database",
    remedy: null,
    check: findProblems("database", "unused"),
  },
  {
    id: "run-row-unusable",
    in: toBoth("warning"),
    describes: "MLflow lists the run nowhere, or raises when it does",
    migration: null,
    stores: "database",
    remedy: byHand("Correct the row in the table runs"),
    check: findProblems("run", "incomplete"),
  },
  {
    id: "deletion-time-missing",
    in: toBoth("warning"),
    describes: "`mlflow gc` never removes it: before 2022 MLflow did not write when",
    migration: null,
    stores: "database",
    remedy: byHand("Restore it in MLflow, and delete it again"),
    check: findUndated,
  },
  {
    id: "artifacts-without-row",
    in: toBoth("info"),
    describes: "MLflow never shows these files, nor removes them",
    migration: null,
    stores: "database",
    remedy: byTaking("Move them out of the artifact root if nobody needs them"),
    check: findNameless,
  },
  {
    id: "schema-unknown",
    in: toBoth("info"),
    describes: "mltidy goes by the tables and columns that it knows",
    migration: null,
    stores: "database",
    remedy: null,
    check: findUnknownSchema,
  },
  {
    id: "free-pages",
    in: toBoth("info"),
    describes: "the file does not shrink by itself; what is written next takes their place",
    migration: null,
    stores: "database",
    remedy: byHand("Run VACUUM on it while nothing else has it open"),
    check: findFreePages,
  },
];

function findUndated({ experiments }: StoreSnapshot): readonly Violation[] {
  return experiments.flatMap(({ id: experimentId, runs }) =>
    runs.filter((run) => run.lifecycleStage === "deleted" && run.deletedTime === null)
      .map(({ id, path }) => ({
        path,
        line: null,
        experimentId,
        runId: id,
        message: "It is deleted, and its deleted_time is NULL",
      }))
  );
}

function findNameless({ orphans, readAt, backend }: StoreSnapshot): readonly Violation[] {
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
        isLoss ? "more trees than not have no row, so that rows seem to be lost" : message
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

function findUnknownSchema({ backend }: StoreSnapshot): readonly Violation[] {
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

/** Fewer are nobody's concern. */
const LEAST_FREE = 0.25;
const LEAST_PAGES = 1_000;

function findFreePages({ backend }: StoreSnapshot): readonly Violation[] {
  const { total = 0, free = 0 } = backend?.pages ?? {};
  if (free < LEAST_PAGES || free < total * LEAST_FREE) return [];
  return [ofTable("database", `${free} of its ${total} pages hold nothing`)];
}

function ofTable(table: string, message: string): Violation {
  const path = table as StorePath;
  return { path, line: null, experimentId: null, runId: null, message };
}
