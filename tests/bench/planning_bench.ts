/**
 * Planning: a clean-up by age, and one by a policy that uses best, last, weekly and tags, up to the
 * plan's last printed line.
 *
 * @module
 */

import { join } from "@std/path";
import { type Bench, duration, type Figure, peak, ratio } from "./measurement.ts";
import { type Permissions, repository, taskWords } from "./programs.ts";

const RUNS = 100_000;
const READS = join(repository, "tests/bench/bare_reads.ts");
/** Best, last, weekly and tags. */
export const POLICY = `retention:
  keep_best: { metric: metric_0, mode: max, n: 10 }
  keep_last: 20
  keep_weekly: 8
  keep_tags: [keep, "team=never*"]
limits: { max_share: 100% }
`;

/** Plans of a clean-up, against a summary of the same store. */
export async function measurePlanning(bench: Bench): Promise<readonly Figure[]> {
  const store = ["--store", bench.store(RUNS)];
  const policy = join(bench.directory, "policy.yaml");
  Deno.writeTextFileSync(policy, POLICY);
  const cleanup = (flags: readonly string[], permissions?: Permissions) => ({
    words: taskWords("cleanup", [...flags, ...store], permissions),
  });
  const bare = (...permissions: readonly string[]) => ({
    words: [Deno.execPath(), "run", ...permissions, READS, bench.store(RUNS)],
  });
  const { summary, byAge, byPolicy, granted, json, reads, grantedReads } = await bench.compare({
    summary: { words: taskWords("summary", ["--json", ...store]) },
    byAge: cleanup([]),
    byPolicy: cleanup(["--config", policy]),
    granted: cleanup(["--config", policy], "all"),
    json: cleanup(["--json", "--config", policy]),
    reads: bare("--no-prompt", "-R"),
    grantedReads: bare("-A"),
  });
  return [
    duration("`cleanup` by best, last, weekly and tags, 100,000 runs", byPolicy, { atMost: 3 }),
    duration("the same with `-A`", granted, null),
    duration("what it must read, in bare Deno and two threads", reads, null),
    duration("the same with `-A`", grantedReads, null),
    ratio("`cleanup` by age, 100,000 runs ÷ `summary --json`", byAge, summary, null),
    ratio("`cleanup` by a policy ÷ `cleanup` by age", byPolicy, byAge, null),
    ratio("`cleanup --json` by a policy ÷ its text", json, byPolicy, null),
    peak("peak memory of `cleanup` by a policy", byPolicy, null),
  ];
}
