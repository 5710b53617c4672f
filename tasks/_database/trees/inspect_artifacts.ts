/**
 * Rows of which the artifacts tell more: logged models, traces and registered versions whose files are not where they
 * say, and runs that write artifacts alone.
 *
 * A run is not asked for its own: MLflow makes its directory with the first artifact, so most have none.
 *
 * @module
 */

import { checkLife } from "../../../lib/records/check_meta.ts";
import { localPathOf } from "../../../lib/records/relocate_uri.ts";
import { addressOf } from "../../../lib/snapshot/assemble_rows.ts";
import type { StorePath } from "../../../lib/store/path.ts";
import type { Problem } from "../../../lib/store/problem.ts";
import type { StoreSnapshot } from "../../../lib/store/snapshot.ts";
import { infoOf, isGone, problemAt } from "../../_io/read.ts";
import { newestArtifact } from "../scan/measure_artifacts.ts";
import { locations, selectRows, type Tables, text } from "../scan/tables.ts";

/** Something that is loaded from a place. */
interface Placed {
  readonly path: StorePath;
  readonly subject: "logged-model" | "trace";
  readonly location: string;
}

/** How MLflow writes that a logged model is ready: before that it may have no files yet. */
const READY = 2;

/**
 * Reads which rows must have artifacts: logged models that are ready, and traces whose spans are in a file.
 *
 * @param tables The database.
 * @returns What they are, and where their artifacts lie.
 */
export function readPlaces(tables: Tables): readonly Placed[] {
  const models = selectRows<{ id: string; experiment: string; location: string }>(tables, {
    table: "logged_models",
    fields: {
      id: text("model_id"),
      experiment: text("experiment_id"),
      location: locations(tables, "artifact_location"),
    },
    needs: ["status"],
    tail: `WHERE status = ${READY} AND lifecycle_stage = 'active' ORDER BY model_id`,
  });
  const hasSpans = tables.columns.has("spans")
    ? "AND NOT EXISTS (SELECT 1 FROM spans AS s WHERE s.trace_id = trace_tags.request_id)"
    : "";
  const traces = selectRows<{ id: string; experiment: string; location: string }>(tables, {
    table: "trace_tags",
    needs: ["request_id", "key", "value"],
    fields: {
      id: text("request_id"),
      experiment: {
        name: "request_id",
        sql: `(SELECT CAST(t.experiment_id AS TEXT) FROM trace_info AS t
          WHERE t.request_id = trace_tags.request_id AND t.status IN ('OK', 'ERROR'))`,
      },
      location: text("value"),
    },
    tail: `WHERE key = 'mlflow.artifactLocation' ${hasSpans} ORDER BY request_id`,
  });
  return [
    ...[...models].map(({ id, experiment, location }): Placed => ({
      path: addressOf(experiment, "models", id),
      subject: "logged-model",
      location,
    })),
    ...[...traces].filter(({ experiment }) => experiment !== null)
      .map(({ id, experiment, location }): Placed => ({
        path: addressOf(experiment, "traces", id),
        subject: "trace",
        location,
      })),
  ];
}

/**
 * Finds out which artifacts are not there. Needs read permission for the artifact root. Nothing is missed where the
 * root is not there itself: the database may be that of another machine.
 *
 * @param snapshot The store.
 * @param placed What was read of it by {@linkcode readPlaces}.
 * @returns One problem for each that is missed.
 */
export function findMissingArtifacts(
  { backend, registeredModels }: StoreSnapshot,
  placed: readonly Placed[],
): readonly Problem[] {
  const root = backend?.artifactRoot ?? null;
  if (root === null || !isThere(root)) return [];
  const missing = (location: string | null): string | null => {
    const place = localPathOf(location ?? "");
    return place?.startsWith(`${root}/`) && !isThere(place) ? place : null;
  };
  return [
    ...placed.flatMap(({ path, subject, location }) => {
      const place = missing(location);
      return place === null
        ? []
        : [problemAt(subject, path, "missing-folder", `its artifacts are not at ${place}`)];
    }),
    ...registeredModels.flatMap(({ versions }) =>
      versions.filter(({ stage }) => stage !== "Deleted_Internal").flatMap((version) => {
        const place = missing(version.storageLocation ?? version.source);
        return place === null
          ? []
          : [problemAt("model-version", version.path, "dangling", `its files are not at ${place}`)];
      })
    ),
  ];
}

/**
 * Leaves out that a run is stale of which an artifact was written lately. Needs read permission for the artifacts.
 *
 * @param snapshot The store, with what its rows say.
 * @returns All that is wrong, with what artifacts say.
 */
export async function withoutLiving(snapshot: StoreSnapshot): Promise<readonly Problem[]> {
  const { problems, backend, experiments, readAt } = snapshot;
  if (!problems.some(({ damage }) => damage === "stale")) return problems;
  const root = backend?.artifactRoot ?? null;
  // Asked once: to ask for each run's own directory in vain is most of the work where many have not ended.
  if (root === null || isGone(root)) return problems;
  const runs = new Map(experiments.flatMap(({ runs }) => runs).map((run) => [run.path, run]));
  const left: Problem[] = [];
  for (const problem of problems) {
    const run = problem.damage === "stale" ? runs.get(problem.path) : undefined;
    const sign = run === undefined ? null : await newestArtifact(run, root);
    if (run === undefined || sign === null || checkLife(run, sign, readAt).length > 0) {
      left.push(problem);
    }
  }
  return left;
}

/** What cannot be looked at may be there. */
function isThere(path: string): boolean {
  try {
    return infoOf(path) !== null;
  } catch {
    return true;
  }
}
