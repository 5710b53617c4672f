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
  "runs/create": {
    kind: "changing",
    method: "POST",
    path: `${V2}/runs/create`,
    does: "starts a run; asked twice it starts two",
  },
  "runs/log-batch": {
    kind: "changing",
    method: "POST",
    path: `${V2}/runs/log-batch`,
    does: "logs metrics, parameters and tags of an active run; the same twice is as once",
  },
  "runs/log-inputs": {
    kind: "changing",
    method: "POST",
    path: `${V2}/runs/log-inputs`,
    does: "says which datasets a run used; the same twice is as once",
  },
  "experiments/create": {
    kind: "changing",
    method: "POST",
    path: `${V2}/experiments/create`,
    does: "makes an experiment, unless one has its name, deleted or not",
  },
  "experiments/restore": {
    kind: "changing",
    method: "POST",
    path: `${V2}/experiments/restore`,
    does: "makes a deleted experiment active again, with all its runs",
  },
  "experiments/set-experiment-tag": {
    kind: "changing",
    method: "POST",
    path: `${V2}/experiments/set-experiment-tag`,
    does: "sets a tag of an experiment",
  },
  "mlflow-artifacts/put": {
    kind: "changing",
    method: "PUT",
    path: "/api/2.0/mlflow-artifacts/artifacts/{path/}",
    sends: "bytes",
    // MLflow 3.17 says nothing, others `{}`.
    answer: "text",
    does: "writes a file among the artifacts that the server hands on; the same twice is as once",
  },
} as const satisfies Endpoints;

/** The requests that change something. */
export type Changing = typeof CHANGING;
