/**
 * A million runs, of which there is nothing but metadata: some 8 GB on disk.
 *
 * @module
 */

import { join } from "@std/path";
import { benchStore } from "./bench_store.ts";
import { type Bench, type Figure, peak, ratio } from "./measurement.ts";
import { floorPrograms, taskWords } from "./programs.ts";

const RUNS = 1_000_000;
const ROUNDS = 3;

/** What a snapshot of a million runs takes. */
export async function measureMillion(bench: Bench): Promise<readonly Figure[]> {
  const { directory } = benchStore(join(bench.directory, "metadata"), RUNS, "metadata");
  const { meta, warm } = await floorPrograms(bench, directory);
  const { floor, real } = await bench.compare({
    floor: { ...meta, before: warm },
    real: { words: taskWords("summary", ["--json", "--store", directory]), before: warm },
  }, Math.min(bench.rounds, ROUNDS));
  return [
    peak("peak memory of `summary --json`, 1,000,000 runs", real, { atMost: 450 }),
    ratio("its time ÷ C floor", real, floor, null),
  ];
}
