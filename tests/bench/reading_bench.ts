/**
 * Reading a store: in bare C and by our tasks, warm and cold, and how it grows with the store.
 *
 * @module
 */

import { join } from "@std/path";
import { outputOf } from "./compare_programs.ts";
import { type Bench, type Figure, LINEAR, peak, ratio, Unmeasurable } from "./measurement.ts";
import { bareWords, floorPrograms, taskWords } from "./programs.ts";

const FEW = 1_293;
const MANY = 20_000;
const MOST = 100_000;

/** To read metadata takes little time, so that some rounds more can make up for what disturbs it. */
const ROUNDS = 7;

const DROP_CACHES = "/proc/sys/vm/drop_caches";

/** Metadata alone: `summary`. */
export async function measureSummary(bench: Bench): Promise<readonly Figure[]> {
  const [many, most] = [bench.store(MANY), bench.store(MOST)];
  const summary = (root: string) => ["--json", "--store", root];
  const programs = {
    floor: (await floorPrograms(bench, most)).meta,
    real: { words: taskWords("summary", summary(most)) },
    all: { words: taskWords("summary", summary(most), "all") },
    fewer: { words: taskWords("summary", summary(many)) },
    allFewer: { words: taskWords("summary", summary(many), "all") },
    find: {
      words: ["sh", "-c", `find ${many} -maxdepth 3 -name meta.yaml -print0 | xargs -0 cat`],
    },
  };
  const { floor, real, all, fewer, allFewer, find } = await bench.compare(
    programs,
    Math.max(bench.rounds, ROUNDS),
  );
  return [
    ratio("`summary --json`, 100,000 runs ÷ C floor", real, floor, { atMost: 2.2 }),
    ratio("the same with `-A`", all, floor, { atMost: 1.4 }),
    ratio("the same by processor time", real, floor, { atMost: 2.2 }, "work"),
    peak("its peak memory", real, { atMost: 140 }),
    ratio("`summary --json`, 20,000 runs ÷ `find` and `xargs cat`", fewer, find, { atMost: 0.6 }),
    ratio("`summary --json`, 100,000 ÷ 20,000 runs", real, fewer, LINEAR),
    ratio("the same with `-A`", all, allFewer, LINEAR),
    ratio("the same by processor time", real, fewer, LINEAR, "work"),
  ];
}

/**
 * Everything: `verify`, and against it a rule that needs one named metric, and what an index of what was read
 * would have to look at.
 */
export async function measureVerify(bench: Bench): Promise<readonly Figure[]> {
  const [many, most] = [bench.store(MANY), bench.store(MOST)];
  const config = join(bench.directory, "one_metric.yaml");
  Deno.writeTextFileSync(
    config,
    "retention:\n  keep_best: { metric: metric_0, mode: max, n: 10 }\nlimits: { max_share: 100% }\n",
  );
  const [floorMany, floorMost] = [
    await floorPrograms(bench, many),
    await floorPrograms(bench, most),
  ];
  const verify = (root: string) => ["--json", "--store", root];
  const prune = (root: string) => ["--config", config, ...verify(root)];
  const stamps = (root: string) => bareWords("stamps", root);
  const programs = {
    floor: floorMost.full,
    real: { words: taskWords("verify", verify(most)), before: floorMost.warm },
    all: { words: taskWords("verify", verify(most), "all"), before: floorMost.warm },
    fewer: { words: taskWords("verify", verify(many)), before: floorMany.warm },
    allFewer: { words: taskWords("verify", verify(many), "all"), before: floorMany.warm },
    stamps: { words: stamps(most), before: floorMost.warm },
    stampsFewer: { words: stamps(many), before: floorMany.warm },
    metric: { words: taskWords("prune", prune(most)) },
    metricFewer: { words: taskWords("prune", prune(many)) },
  };
  const measured = await bench.compare(programs);
  const { floor, real, all, fewer, allFewer, stamps: looked, stampsFewer, metric, metricFewer } =
    measured;
  return [
    ratio("`verify`, 100,000 runs ÷ C floor", real, floor, { atMost: 2.3 }),
    ratio("the same with `-A`", all, floor, { atMost: 1.1 }),
    ratio("the same by processor time", real, floor, { atMost: 2.2 }, "work"),
    peak("its peak memory", real, null),
    ratio("`verify`, 100,000 ÷ 20,000 runs", real, fewer, LINEAR),
    ratio("the same with `-A`", all, allFewer, LINEAR),
    ratio("the same by processor time", real, fewer, LINEAR, "work"),
    ratio(
      "stamps of all files, without which no index can be trusted, in bare Deno and two threads ÷ `verify`, 100,000 runs",
      looked,
      real,
      { atMost: 0.35 },
    ),
    ratio("the same by processor time", looked, real, null, "work"),
    ratio("these stamps, 100,000 ÷ 20,000 runs", looked, stampsFewer, LINEAR),
    ratio("`prune` by one named metric ÷ `verify`, 100,000 runs", metric, real, { atMost: 0.2 }),
    ratio("`prune` by one named metric, 100,000 ÷ 20,000 runs", metric, metricFewer, LINEAR),
  ];
}

/** What everything takes on disk: `summary --sizes`, which must come to what `du` says. */
export async function measureSizes(bench: Bench): Promise<readonly Figure[]> {
  const [many, most] = [bench.store(MANY), bench.store(MOST)];
  const sizes = (root: string) => ["--sizes", "--json", "--store", root];
  for (const root of [many, most]) await compareTotals(root, sizes(root));
  const before = (await floorPrograms(bench, most)).warm;
  const programs = {
    du: { words: ["du", "-s", most], before },
    real: { words: taskWords("summary", sizes(most)), before },
    all: { words: taskWords("summary", sizes(most), "all"), before },
    fewer: { words: taskWords("summary", sizes(many)) },
  };
  const { du, real, all, fewer } = await bench.compare(programs);
  return [
    ratio("`summary --sizes`, 100,000 runs ÷ `du -s`, same total", real, du, { atMost: 1.3 }),
    ratio("the same with `-A`", all, du, { atMost: 0.9 }),
    ratio("`summary --sizes`, 100,000 ÷ 20,000 runs", real, fewer, LINEAR),
  ];
}

/** `du` counts the root, the trash and our own directory besides, which `summary` does not. */
async function compareTotals(root: string, flags: readonly string[]): Promise<void> {
  const usage = await outputOf(["du", "-s", "--block-size=1", "--exclude=.mltidy.trash", root]);
  const apart = [root, `${root}/.trash`].map((path) => (Deno.lstatSync(path).blocks ?? 0) * 512);
  const expected = apart.reduce((rest, bytes) => rest - bytes, parseInt(usage));
  const { bytes } = JSON.parse(await outputOf(taskWords("summary", flags))).usage;
  if (bytes !== expected) {
    throw new Error(`summary --sizes says ${bytes} bytes of ${root}, and du ${expected}`);
  }
}

/** Metadata of a store that is not in memory; the programs themselves are. */
export async function measureCold(bench: Bench): Promise<readonly Figure[]> {
  try {
    Deno.openSync(DROP_CACHES, { write: true }).close();
  } catch {
    throw new Unmeasurable("this process may not drop the caches");
  }
  const [few, many] = [bench.store(FEW), bench.store(MANY)];
  const summary = (root: string) => taskWords("summary", ["--json", "--quiet", "--store", root]);
  const floorFew = (await floorPrograms(bench, few)).meta;
  const steps = [
    `sync; echo 3 > ${DROP_CACHES}`,
    floorFew.words.join(" "),
    summary(few).join(" "),
  ];
  const before = ["sh", "-c", steps.join(" && ")];
  const { floor, real } = await bench.compare({
    floor: { ...(await floorPrograms(bench, many)).meta, before },
    real: { words: summary(many), before },
  });
  return [
    ratio("`summary --json`, 20,000 runs, caches dropped ÷ C floor", real, floor, { atMost: 0.5 }),
  ];
}
