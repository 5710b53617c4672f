/**
 * Waiting at a terminal: how long a person sees nothing of what a task does with 100,000 runs.
 *
 * @module
 */

import { atTerminal } from "./at_terminal.ts";
import { type Bench, duration, type Figure } from "./measurement.ts";
import { taskWords } from "./programs.ts";

const RUNS = 100_000;
/** How many runs of how many, how fast, and the time that is left. */
const USEFUL = /Reading runs … [\d,]+ of [\d,]+ \(\d+ %\) · [\d,]+\/s · [^\r]+ left/;

/** From the start of a task to the first line that says how long all of it will take. */
export async function measureTerminal(bench: Bench): Promise<readonly Figure[]> {
  const flags = ["--store", bench.store(RUNS)];
  const figures: Figure[] = [];
  for (const task of ["cleanup", "verify"] as const) {
    const times: number[] = [];
    for (let round = 0; round < bench.rounds; round++) {
      times.push(await timeToUsefulLine(taskWords(task, flags)));
    }
    const what =
      `\`${task}\` of 100,000 runs, from its start to number, rate and time left at a terminal`;
    const samples = { times, work: [], wholeWork: [], memory: [] };
    figures.push(duration(what, samples, { atMost: 1 }));
  }
  return figures;
}

async function timeToUsefulLine(words: readonly string[]): Promise<number> {
  const start = performance.now();
  await using program = atTerminal(words);
  let last = "";
  for await (const screen of program.screens()) {
    if (USEFUL.test(screen)) return performance.now() - start;
    last = screen;
  }
  throw new Error(`${words.join(" ")} ended without a useful line: ${last}`);
}
