// deno-lint-ignore-file no-console -- a benchmark reports on the terminal.
/**
 * Measures a clean-up by a policy that uses best, last, weekly and tags: whole processes as users start
 * them, against the same by age alone and against a summary.
 *
 * Usage: `deno run -A tests/bench/policy_bench.ts [RUNS] [DIRECTORY]`; the store is kept between calls.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import { benchStore } from "./bench_store.ts";

const POLICY = `retention:
  keep_best: { metric: metric_0, mode: max, n: 10 }
  keep_last: 20
  keep_weekly: 8
  keep_tags: [keep, "team=never*"]
limits: { max_share: 100% }
`;

interface Measure {
  readonly seconds: number;
  /** Most memory that the process held at once. */
  readonly megabytes: number;
}

/** Runs a task in a process of its own, with the permissions that it has for users. */
async function measure(words: readonly string[]): Promise<Measure> {
  const start = performance.now();
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "-R", "--allow-env=MLFLOW_TRACKING_URI,INIT_CWD,NO_COLOR"],
      ...[fromFileUrl(new URL("../../tasks/cli.ts", import.meta.url)), ...words],
    ],
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  let megabytes = 0;
  const watch = setInterval(() => {
    megabytes = Math.max(megabytes, peakOf(process.pid));
  }, 20);
  const { code } = await process.status;
  clearInterval(watch);
  if (code !== 0) throw new Error(`${words.join(" ")} ended with ${code}`);
  return { seconds: (performance.now() - start) / 1000, megabytes };
}

function peakOf(pid: number): number {
  try {
    const kilobytes = /^VmHWM:\s*(\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
    return Number(kilobytes ?? 0) / 1024;
  } catch {
    return 0;
  }
}

const runs = Number(Deno.args[0] ?? 100_000);
const parent = Deno.args[1] ?? join(Deno.env.get("TMPDIR") ?? "/tmp", "mltidy-bench");
const { directory } = benchStore(parent, runs);
const policy = join(parent, "policy.yaml");
Deno.writeTextFileSync(policy, POLICY);

const rounds = 5;
const tasks = {
  "summary": ["summary", "--json", "-q"],
  "cleanup by age": ["cleanup", "-q"],
  "cleanup by policy": ["cleanup", "-q", "--config", policy],
  "cleanup by policy, --json": ["cleanup", "-q", "--json", "--config", policy],
};
const measured = new Map<string, Measure[]>(Object.keys(tasks).map((name) => [name, []]));
for (let round = 0; round <= rounds; round++) {
  for (const [name, words] of Object.entries(tasks)) {
    const one = await measure([...words, "--store", directory]);
    // The first round warms the cache up.
    if (round > 0) measured.get(name)?.push(one);
  }
}
console.log(`| ${runs} runs, medians of ${rounds} | s | MB |\n| --- | ---: | ---: |`);
for (const [name, list] of measured) {
  const median = (key: keyof Measure) =>
    list.map((one) => one[key]).toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;
  console.log(`| ${name} | ${median("seconds").toFixed(2)} | ${median("megabytes").toFixed(0)} |`);
}
