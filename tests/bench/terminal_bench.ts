/**
 * Waiting at a terminal: how long a person sees nothing of what a task does with 100,000 runs.
 *
 * @module
 */

import { type Bench, duration, type Figure, Unmeasurable } from "./measurement.ts";
import { repository, taskWords } from "./programs.ts";

const RUNS = 100_000;

/** From the start of a task to the first number of runs that it shows. */
export async function measureTerminal(bench: Bench): Promise<readonly Figure[]> {
  if (Deno.build.os !== "linux") throw new Unmeasurable("only Linux's script plays a terminal");
  const flags = ["--store", bench.store(RUNS)];
  const figures: Figure[] = [];
  for (const task of ["cleanup", "verify"] as const) {
    const times: number[] = [];
    for (let round = 0; round < bench.rounds; round++) {
      times.push(await timeToFirstNumber(taskWords(task, flags)));
    }
    const what = `\`${task}\` of 100,000 runs, from its start to the first number at a terminal`;
    const samples = { times, work: [], wholeWork: [], memory: [] };
    figures.push(duration(what, samples, { atMost: 1 }));
  }
  return figures;
}

async function timeToFirstNumber(words: readonly string[]): Promise<number> {
  const command = words.map((word) => `'${word}'`).join(" ");
  const start = performance.now();
  await using child = new Deno.Command("script", {
    args: ["--quiet", "--flush", "--command", `exec ${command}`, "/dev/null"],
    cwd: repository,
    env: { TERM: "xterm" },
    ...{ stdin: "null", stdout: "piped", stderr: "null" },
  }).spawn();
  let screen = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    screen += text;
    if (/Reading runs \D*\d/.test(screen)) return performance.now() - start;
  }
  throw new Error(`${command} ended without a number: ${screen}`);
}
