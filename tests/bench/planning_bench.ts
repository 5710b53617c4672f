/**
 * Planning: a clean-up by age, and one by a policy that uses best, last, weekly and tags, up to the
 * plan's last printed line.
 *
 * @module
 */

import { join } from "@std/path";
import { type Bench, duration, type Figure, LINEAR, peak, ratio } from "./measurement.ts";
import { bareWords, type Permissions, taskWords } from "./programs.ts";

const MANY = 20_000;
const MOST = 100_000;
/** Best, last, weekly and tags. */
export const POLICY = `retention:
  keep_best: { metric: metric_0, mode: max, n: 10 }
  keep_last: 20
  keep_weekly: 8
  keep_tags: [keep, "team=never*"]
limits: { max_share: 100% }
`;

/** Plans of a clean-up, against their reads in bare Deno and a summary of the same store. */
export async function measurePlanning(bench: Bench): Promise<readonly Figure[]> {
  const [many, most] = [bench.store(MANY), bench.store(MOST)];
  const policy = join(bench.directory, "policy.yaml");
  Deno.writeTextFileSync(policy, POLICY);
  const cleanup = (store: string, flags: readonly string[], permissions?: Permissions) => ({
    words: taskWords("cleanup", [...flags, "--store", store], permissions),
  });
  const byRules = ["--config", policy];
  const measured = await bench.compare({
    summary: { words: taskWords("summary", ["--json", "--store", most]) },
    byAge: cleanup(most, []),
    byAgeFewer: cleanup(many, []),
    byPolicy: cleanup(most, byRules),
    fewer: cleanup(many, byRules),
    granted: cleanup(most, byRules, "all"),
    grantedFewer: cleanup(many, byRules, "all"),
    json: cleanup(most, ["--json", ...byRules]),
    jsonFewer: cleanup(many, ["--json", ...byRules]),
    reads: { words: bareWords("reads", most) },
    grantedReads: { words: bareWords("reads", most, "all") },
  });
  const { summary, byAge, byPolicy, granted, json, reads, grantedReads } = measured;
  const { byAgeFewer, fewer, grantedFewer, jsonFewer } = measured;
  return [
    ratio(
      "`cleanup` by best, last, weekly and tags, 100,000 runs ÷ its reads in bare Deno and two threads",
      byPolicy,
      reads,
      { atMost: 1.3 },
    ),
    ratio("the same with `-A`", granted, grantedReads, null),
    ratio("the same by processor time", byPolicy, reads, null, "work"),
    duration("`cleanup` by a policy, 100,000 runs", byPolicy, null),
    ratio("`cleanup` by a policy, 100,000 ÷ 20,000 runs", byPolicy, fewer, LINEAR),
    ratio("the same with `-A`", granted, grantedFewer, LINEAR),
    ratio("the same with `--json`", json, jsonFewer, LINEAR),
    ratio("`cleanup` by age, 100,000 runs ÷ `summary --json`", byAge, summary, null),
    ratio("`cleanup` by age, 100,000 ÷ 20,000 runs", byAge, byAgeFewer, LINEAR),
    ratio("`cleanup` by a policy ÷ `cleanup` by age", byPolicy, byAge, null),
    ratio("`cleanup --json` by a policy ÷ its text", json, byPolicy, null),
    peak("peak memory of `cleanup` by a policy", byPolicy, null),
  ];
}
