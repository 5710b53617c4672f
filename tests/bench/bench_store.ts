/**
 * Stores for measuring: as many runs as wanted, each with the files that a usual training script logs
 * (8 params, 3 metrics of 5 lines, 5 tags, no artifact), every fourth old enough to be pruned.
 *
 * @module
 */

/** The moment from which the ages of all runs count back, epoch ms. */
export const NOW = Date.UTC(2026, 10, 1);
const DAY = 86_400_000;
const FIRST_ID = 100_000_000_000_000_000n;
const STATUSES = [3, 3, 3, 3, 3, 3, 4, 5];

/** What a store holds. */
export interface BenchStore {
  readonly directory: string;
  readonly experiments: number;
  readonly runs: number;
}

/**
 * Makes a store, or takes the one that an earlier call has made.
 *
 * @param parent Where stores are kept between calls.
 * @param runs How many runs; 1,000 in each experiment, fewer in a small store.
 * @param holds What each run holds: all that training logs, or its metadata alone.
 * @returns The store.
 */
export function benchStore(
  parent: string,
  runs: number,
  holds: "everything" | "metadata" = "everything",
): BenchStore {
  const directory = `${parent}/${runs}`;
  const perExperiment = runs >= 100_000 ? 1_000 : runs >= 20_000 ? 400 : 77;
  const experiments = Math.ceil(runs / perExperiment);
  const done = `${parent}/${runs}.done`;
  try {
    Deno.statSync(done);
  } catch {
    Deno.mkdirSync(`${directory}/.trash`, { recursive: true });
    writeExperiment(directory, "0", "Default");
    for (let index = 0; index < experiments; index++) {
      const id = String(FIRST_ID + BigInt(index));
      const place = writeExperiment(directory, id, `experiment-${index}`);
      const some = Math.min(perExperiment, runs - index * perExperiment);
      for (let run = 0; run < some; run++) writeRun(place, index * 1_000 + run, holds);
    }
    Deno.writeTextFileSync(done, "");
  }
  return { directory, experiments, runs };
}

/** Where an experiment lies, and its id. */
interface Place {
  readonly path: string;
  readonly id: string;
}

function writeExperiment(root: string, id: string, name: string): Place {
  const path = `${root}/${id}`;
  Deno.mkdirSync(path, { recursive: true });
  Deno.writeTextFileSync(
    `${path}/meta.yaml`,
    `artifact_location: file://${path}
creation_time: ${NOW - 400 * DAY}
experiment_id: '${id}'
last_update_time: ${NOW - 400 * DAY}
lifecycle_stage: active
name: ${name}
`,
  );
  return { path, id };
}

function writeRun(experiment: Place, number: number, holds: "everything" | "metadata"): void {
  const id = fakeHex(number);
  const place = `${experiment.path}/${id}`;
  const end = NOW - (number % 4 === 0 ? 40 + number % 300 : number % 29) * DAY;
  const start = end - 3_600_000;
  const status = STATUSES[number % STATUSES.length];
  Deno.mkdirSync(place, { recursive: true });
  Deno.writeTextFileSync(
    `${place}/meta.yaml`,
    `artifact_uri: file://${place}/artifacts
end_time: ${end}
entry_point_name: ''
experiment_id: '${experiment.id}'
lifecycle_stage: active
run_id: ${id}
run_name: run-${number}
run_uuid: ${id}
source_name: ''
source_type: 4
source_version: ''
start_time: ${start}
status: ${status}
tags: []
user_id: kim
`,
  );
  if (holds === "metadata") return;
  for (const folder of ["artifacts", "metrics", "params", "tags"]) {
    Deno.mkdirSync(`${place}/${folder}`, { recursive: true });
  }
  for (let param = 0; param < 8; param++) {
    Deno.writeTextFileSync(`${place}/params/param_${param}`, String((number * 7 + param) % 1_000));
  }
  for (let metric = 0; metric < 3; metric++) {
    const lines = Array.from(
      { length: 5 },
      (_, step) =>
        `${start + step * 60_000} ${((number * 31 + step + metric) % 997) / 1_000} ${step}\n`,
    );
    Deno.writeTextFileSync(`${place}/metrics/metric_${metric}`, lines.join(""));
  }
  const tags = {
    "mlflow.runName": `run-${number}`,
    "mlflow.user": "kim",
    "mlflow.source.name": "train.py",
    "mlflow.source.type": "LOCAL",
    "team": number % 2 === 0 ? "vision" : "language",
  };
  for (const [key, value] of Object.entries(tags)) {
    Deno.writeTextFileSync(`${place}/tags/${key}`, value);
  }
}

/** 32 hexadecimal digits, scattered as a real id's are. */
function fakeHex(number: number): string {
  let state = (number + 1) >>> 0;
  let digits = "";
  for (let part = 0; part < 4; part++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 >>> 0;
    state = Math.imul(state ^ (state >>> 12), 0x297a2d39) >>> 0;
    digits += ((state ^ (state >>> 15)) >>> 0).toString(16).padStart(8, "0");
  }
  return digits.replace(/^0/, "1");
}
