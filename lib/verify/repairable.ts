/**
 * Which rules `repair` can mend.
 *
 * @module
 */

/** The remedy for what `repair` can mend. */
export const REPAIR = "Run `deno task repair` to plan its repair";

/** Ids of the rules whose violations `repair` plans to mend, where what is there proves how. */
export const REPAIRABLE: ReadonlySet<string> = new Set([
  "missing-trash-directory",
  "backup-directory",
  "metadata-cut-off",
  "experiment-meta-missing",
  "experiment-meta-empty",
  "experiment-meta-unreadable",
  "experiment-meta-incomplete",
  "stage-disagrees-with-location",
  "experiment-stage-unknown",
  "deletion-not-recorded",
  "run-meta-missing",
  "run-meta-empty",
  "run-meta-unreadable",
  "run-meta-incomplete",
  "run-id-missing",
  "run-artifact-uri-missing",
  "run-folder-missing",
  "deleted-time-null",
  "stale-run",
  "metric-empty",
  "metric-line-malformed",
  "metric-line-torn",
  "stray-file-among-keys",
]);
