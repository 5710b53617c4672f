/**
 * The review page's server on 100,000 runs, in a database and in directories: how long the first plan takes,
 * each step of a slider, and the findings; and what memory all of it takes.
 *
 * @module
 */

import { join } from "@std/path";
import { benchStore } from "./bench_store.ts";
import { benchDatabase } from "./database_bench.ts";
import { type Bench, duration, type Figure, peak, type Samples } from "./measurement.ts";
import { repository, taskWords } from "./programs.ts";

const RUNS = 100_000;
/** Where a slider is moved to, days. */
const STEPS = [60, 90, 120, 200, 300];

/** From the start of the task to the first plan on the page, then step by step. */
export async function measureReview(bench: Bench): Promise<readonly Figure[]> {
  const path = benchDatabase(join(bench.directory, "databases", `mlflow-${RUNS}.db`), {
    runs: RUNS,
    root: "/srv/mlflow/mlruns",
  });
  return [
    ...await measureStore(bench, "a database", `sqlite:///${path}`),
    ...await measureStore(bench, "directories", benchStore(bench.directory, RUNS).directory),
  ];
}

async function measureStore(
  bench: Bench,
  kind: string,
  store: string,
): Promise<readonly Figure[]> {
  const rounds: Round[] = [];
  for (let round = 0; round < bench.rounds; round++) rounds.push(await reviewOnce(store));
  const samples = (times: readonly number[]): Samples => ({
    times,
    work: [],
    wholeWork: [],
    memory: rounds.map(({ memory }) => memory),
  });
  return [
    duration(
      `\`review\` of ${kind}, 100,000 runs, from its start to its first plan`,
      samples(rounds.map(({ first }) => first)),
      { atMost: 5 },
    ),
    duration("a step of a slider there", samples(rounds.flatMap(({ steps }) => steps)), {
      atMost: 1,
    }),
    duration(
      "its findings, for which all is verified",
      samples(rounds.map(({ found }) => found)),
      null,
    ),
    peak("peak memory of its server", samples(rounds.map(({ first }) => first)), { atMost: 400 }),
  ];
}

interface Round {
  /** Ms from the start to the first plan. */
  readonly first: number;
  /** Ms of each step. */
  readonly steps: readonly number[];
  /** Ms of the findings. */
  readonly found: number;
  /** MB. */
  readonly memory: number;
}

async function reviewOnce(store: string): Promise<Round> {
  const [command = "", ...args] = taskWords("review", [
    ...["--store", store, "--port", "0"],
  ]);
  const start = performance.now();
  await using child = new Deno.Command(command, {
    args,
    cwd: repository,
    ...{ stdin: "null", stdout: "piped", stderr: "inherit" },
  }).spawn();
  const { origin, headers } = await openPage(child.stdout);
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${origin}/api/${path}`, { ...init, headers });
  const events = await ask("events");
  for await (const lines of events.body!.pipeThrough(new TextDecoderStream())) {
    if (lines.includes('"ready"')) break;
  }
  const planFor = async (values: Readonly<Record<string, number>>) => {
    const body = JSON.stringify({ values, leftOut: [] });
    const { plan } = await (await ask("plan", { method: "POST", body })).json();
    await (await ask(`rows?plan=${plan}&list=goes&from=0&to=100`)).body?.cancel();
  };
  await planFor({});
  const first = performance.now() - start;
  const steps: number[] = [];
  for (const days of STEPS) {
    const begun = performance.now();
    await planFor({ days_old: days });
    steps.push(performance.now() - begun);
  }
  const asked = performance.now();
  await (await ask("findings?from=0&to=100")).json();
  const found = performance.now() - asked;
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(
    await Deno.readTextFile(`/proc/${child.pid}/status`),
  ) ?? [];
  return { first, steps, found, memory: Number(kilobytes) / 1024 };
}

async function openPage(
  stdout: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<{ readonly origin: string; readonly headers: Readonly<Record<string, string>> }> {
  let said = "";
  for await (const text of stdout.pipeThrough(new TextDecoderStream())) {
    said += text;
    const [, origin, token] = /(http:\/\/127\.0\.0\.1:\d+)\/#token=(\S+)\s/.exec(said) ?? [];
    if (origin === undefined) continue;
    return {
      origin,
      headers: { "authorization": `Bearer ${token}`, "content-type": "application/json" },
    };
  }
  throw new Error(`deno task review ended without an address: ${said}`);
}
