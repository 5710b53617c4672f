/**
 * What the servers of the live suite hold, written and asked over their own requests.
 *
 * @module
 */

import { ADMINISTRATOR } from "./start_server.ts";

/** Whoever asks a server. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** What a server answers. */
export interface Answered {
  readonly status: number;
  /** `null` where it is no JSON. */
  readonly body: Readonly<Record<string, unknown>> | null;
}

/** Asks one server by one name. */
export interface Asker {
  (method: "GET" | "POST", path: string, parameters?: object): Promise<Answered>;
}

/**
 * Makes what asks a server.
 *
 * @param uri The server.
 * @param login By whose name. @default {the administrator's}
 * @returns Asks it what stands behind `/api/2.0/mlflow/`.
 */
export function askerOf(uri: string, login: Login = ADMINISTRATOR): Asker {
  return async (method, path, parameters = {}) => {
    const query = method === "GET"
      ? `?${new URLSearchParams(parameters as Record<string, string>)}`
      : "";
    const base = path.startsWith("/") ? path : `/api/2.0/mlflow/${path}`;
    const response = await fetch(uri + base + query, {
      method,
      headers: {
        "Content-Type": "application/json",
        Authorization: `Basic ${btoa(`${login.user}:${login.password}`)}`,
      },
      ...(method === "GET" ? {} : { body: JSON.stringify(parameters) }),
    });
    const text = await response.text();
    try {
      return { status: response.status, body: JSON.parse(text) };
    } catch {
      return { status: response.status, body: null };
    }
  };
}

const DAY = 86_400_000;

/** What a server is filled with, by names. */
export interface Filled {
  readonly experiment: string;
  readonly runs: Readonly<Record<string, string>>;
}

/** What becomes of the runs: those of `old` go. */
const RUNS = {
  old1: { days: 50 },
  old2: { days: 45, tags: { team: "이름" } },
  old3: { days: 40 },
  pinned: { days: 60, tags: { "mltidy.pin": "" } },
  registered: { days: 70 },
  young: { days: 1 },
  running: { days: 80, status: "RUNNING" },
  deleted: { days: 90 },
} as const;

/** The names of those that a clean-up after 30 days lets go. */
export const GOING = ["old1", "old2", "old3"] as const;

/**
 * Fills a server with one run of each kind, and many that are alike.
 *
 * @param ask Asks it.
 * @param name What the experiment is called.
 * @param more How many old runs besides. @default {0}
 * @returns The ids.
 */
export async function fillServer(ask: Asker, name: string, more = 0): Promise<Filled> {
  const { body } = await ask("POST", "experiments/create", { name });
  const experiment = `${body!["experiment_id"]}`;
  const runs: Record<string, string> = {};
  const all: Record<string, { days: number; tags?: Record<string, string>; status?: string }> = {
    ...RUNS,
    ...Object.fromEntries(
      Array.from({ length: more }, (_, at) => [`more${at}`, { days: 35 + at }]),
    ),
  };
  for (const [run_name, { days, tags = {}, status = "FINISHED" }] of Object.entries(all)) {
    const start_time = Date.now() - (days + 1) * DAY;
    const { body } = await ask("POST", "runs/create", {
      ...{ experiment_id: experiment, run_name, start_time },
      tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
    });
    const { run } = body as unknown as { run: { info: { run_id: string } } };
    const { run_id } = run.info;
    runs[run_name] = run_id;
    await ask("POST", "runs/log-metric", {
      ...{ run_id, key: "loss", value: days / 100, timestamp: start_time, step: 1 },
    });
    if (status === "RUNNING") continue;
    await ask("POST", "runs/update", { run_id, status, end_time: start_time + DAY });
  }
  await ask("POST", "runs/delete", { run_id: runs["deleted"] });
  await ask("POST", "registered-models/create", { name });
  const version = { name, source: `runs:/${runs["registered"]}/model`, run_id: runs["registered"] };
  await ask("POST", "model-versions/create", version);
  return { experiment, runs };
}

/**
 * Asks a server for all that it has.
 *
 * @param ask Asks it.
 * @param experiment An experiment's id.
 * @returns Its answers.
 */
export async function allOf(ask: Asker, experiment: string): Promise<readonly Answered[]> {
  const everything = { max_results: 1_000 };
  const search = { experiment_ids: [experiment], run_view_type: "ALL", ...everything };
  return [
    await ask("POST", "experiments/search", { view_type: "ALL", ...everything }),
    await ask("POST", "runs/search", { ...search, order_by: ["attributes.start_time ASC"] }),
    await ask("GET", "registered-models/search", everything),
    await ask("GET", "model-versions/search", everything),
  ];
}
