/**
 * What a tracking server can be asked, as a table: these requests read, and no other leaves a process that plans.
 *
 * @module
 */

/** One request that a tracking server knows. */
export interface Endpoint {
  /** Whether it leaves the store as it is; only then is it made again where no answer came. */
  readonly kind: "reading" | "changing";
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Behind the server's address; a parameter in braces is put in, encoded; one with a slash is a path itself. */
  readonly path: string;
  /** What is sent: bytes are the parameter `bytes`. @default {"json"} */
  readonly sends?: "json" | "bytes";
  /** What comes back. @default {"json"} */
  readonly answer?: "json" | "text";
  /** What it is for, for people. */
  readonly does: string;
}

/** Requests by their names. */
export type Endpoints = Readonly<Record<string, Endpoint>>;

const V2 = "/api/2.0/mlflow";
const V3 = "/api/3.0/mlflow";

/** All requests that read. */
export const READING = {
  "version": {
    kind: "reading",
    method: "GET",
    path: "/version",
    answer: "text",
    does: "tells the version of MLflow",
  },
  "server-info": {
    kind: "reading",
    method: "GET",
    path: `${V3}/server-info`,
    does: "tells what kind of store the server keeps, from 3.x on",
  },
  "users/current": {
    kind: "reading",
    method: "GET",
    path: `${V2}/users/current`,
    does: "tells who asks, where the server has accounts",
  },
  "users/get": {
    kind: "reading",
    method: "GET",
    path: `${V2}/users/get`,
    does: "tells of one account, where the server has any",
  },
  "experiments/search": {
    kind: "reading",
    method: "POST",
    path: `${V2}/experiments/search`,
    does: "lists experiments",
  },
  "experiments/get": {
    kind: "reading",
    method: "GET",
    path: `${V2}/experiments/get`,
    does: "reads one experiment by its id",
  },
  "experiments/get-by-name": {
    kind: "reading",
    method: "GET",
    path: `${V2}/experiments/get-by-name`,
    does: "reads one experiment by its name",
  },
  "runs/search": {
    kind: "reading",
    method: "POST",
    path: `${V2}/runs/search`,
    does: "lists runs with their tags, parameters, latest metrics, inputs and outputs",
  },
  "runs/get": {
    kind: "reading",
    method: "GET",
    path: `${V2}/runs/get`,
    does: "reads one run, deleted or not",
  },
  "metrics/get-history": {
    kind: "reading",
    method: "GET",
    path: `${V2}/metrics/get-history`,
    does: "lists the values of one metric of one run",
  },
  "registered-models/search": {
    kind: "reading",
    method: "GET",
    path: `${V2}/registered-models/search`,
    does: "lists registered models with their aliases",
  },
  "model-versions/search": {
    kind: "reading",
    method: "GET",
    path: `${V2}/model-versions/search`,
    does: "lists model versions",
  },
  "logged-models/search": {
    kind: "reading",
    method: "POST",
    path: `${V2}/logged-models/search`,
    does: "lists logged models that are not deleted, from 3.x on",
  },
  "logged-models/get": {
    kind: "reading",
    method: "GET",
    path: `${V2}/logged-models/{model_id}`,
    does: "reads one logged model",
  },
  "traces/search": {
    kind: "reading",
    method: "POST",
    path: `${V3}/traces/search`,
    does: "lists traces with their assessments, from 3.x on",
  },
  "traces/list": {
    kind: "reading",
    method: "GET",
    path: `${V2}/traces`,
    does: "lists traces, as 2.14 to 2.22 have it",
  },
  "artifacts/list": {
    kind: "reading",
    method: "GET",
    path: `${V2}/artifacts/list`,
    does: "lists one directory of a run's artifacts",
  },
  "mlflow-artifacts/list": {
    kind: "reading",
    method: "GET",
    path: "/api/2.0/mlflow-artifacts/artifacts",
    does: "lists one directory of the artifacts that the server hands on",
  },
} as const satisfies Endpoints;

/** The requests that read. */
export type Reading = typeof READING;
