/**
 * The tags that decide something: MLflow's, and our own.
 *
 * @module
 */

/** The tag that pins a run, whatever the policy says. */
export const PIN_TAG = "mltidy.pin";

/** MLflow's tag that names the parent of a nested run. */
export const PARENT_TAG = "mlflow.parentRunId";

/** The tag on an experiment that says that its name was lost. */
export const RECOVERED_TAG = "mltidy.recovered";

/** The tag on a run that says when heavy files of it were dropped. */
export const DROPPED_TAG = "mltidy.artifacts_dropped";

/**
 * The tag on a run that we have deleted over a tracking server, which tells nobody when something was deleted: epoch
 * ms, as decimal digits, and behind a space by which change.
 */
export const DELETED_AT_TAG = "mltidy.deleted_at";

/**
 * The tag on a run that we have started over a tracking server: by it the run is found again where the server's answer
 * was lost.
 */
export const RUN_KEY_TAG = "mltidy.run_key";
