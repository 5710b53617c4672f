/**
 * What changes the store of a tracking server, as a table. Imported only by what carries out a plan, brings
 * something back, or trains.
 *
 * @module
 */

import type { Endpoints } from "./endpoints.ts";

const V2 = "/api/2.0/mlflow";

/** All requests that change something. */
export const CHANGING = {
  "runs/delete": {
    kind: "changing",
    method: "POST",
    path: `${V2}/runs/delete`,
    does: "soft-deletes a run; of a deleted one it renews the time, on some versions",
  },
  "runs/restore": {
    kind: "changing",
    method: "POST",
    path: `${V2}/runs/restore`,
    does: "makes a deleted run active again",
  },
  "runs/update": {
    kind: "changing",
    method: "POST",
    path: `${V2}/runs/update`,
    does: "sets the status, the end or the name of an active run",
  },
  "runs/set-tag": {
    kind: "changing",
    method: "POST",
    path: `${V2}/runs/set-tag`,
    does: "sets a tag of an active run",
  },
  "runs/delete-tag": {
    kind: "changing",
    method: "POST",
    path: `${V2}/runs/delete-tag`,
    does: "takes a tag from an active run",
  },
} as const satisfies Endpoints;

/** The requests that change something. */
export type Changing = typeof CHANGING;
