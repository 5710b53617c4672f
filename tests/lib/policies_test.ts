/**
 * Whole plans of many policies for one long history, each named for what it shows.
 *
 * Under each heading the runs by name; what stays is grouped by all its reasons. An orphan, a deleted
 * experiment and two soft-deleted runs are in the store as well.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { planCleanup } from "../../lib/cleanup/plan_cleanup.ts";
import { policyOf, readConfig } from "../../lib/policy/config.ts";
import type { Budget } from "../../lib/policy/policy.ts";
import { NOW } from "../_support/builders.ts";
import { deepFreeze } from "../_support/deep_freeze.ts";
import { inShort, longHistory } from "../_support/long_history.ts";

interface Golden {
  readonly shows: string;
  readonly policy: string;
  readonly budget?: Budget;
  readonly plan: string;
}

const GOLDENS: readonly Golden[] = [
  {
    shows: "nothing but a purge lets no run go",
    policy: `
purge: { after: 30d }
`,
    plan: `
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently: today
  in-the-future: tomorrow
  no-rule: gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first sweep trial-1 trial-2 trial-3 teacher student plain try-1 try-2 try-3 try-4
  no-rule + logged-model-in-use: serving
  no-rule + registered: champion archived
  no-rule + trace-source: traced
  not-finished: live
  pinned: pinned
`,
  },
  {
    shows: "an empty file lets no run go",
    policy: `

`,
    plan: `
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently: today
  in-the-future: tomorrow
  no-rule: gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first sweep trial-1 trial-2 trial-3 teacher student plain try-1 try-2 try-3 try-4
  no-rule + logged-model-in-use: serving
  no-rule + registered: champion archived
  no-rule + trace-source: traced
  not-finished: live
  pinned: pinned
`,
  },
  {
    shows: "a week of runs",
    policy: `
retention: { keep_within: 7d }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first sweep trial-1 trial-2 trial-3 teacher student plain try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-within: today
  in-the-future: tomorrow
  keep-within: gru-3 gru-2 gru-nan
  logged-model-in-use: serving
  not-finished + keep-within: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "too much at once is stopped",
    policy: `
retention: { keep_within: 7d }
`,
    plan: `
stop: max-share churn, 10 runs
stop: max-share vision, 7 runs
stop: max-share scratch, 4 runs
soft-delete-run: gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first sweep trial-1 trial-2 trial-3 teacher student plain try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-within: today
  in-the-future: tomorrow
  keep-within: gru-3 gru-2 gru-nan
  logged-model-in-use: serving
  not-finished + keep-within: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "more runs than allowed are stopped",
    policy: `
retention: { keep_within: 7d }
limits: { max_share: 100%, max_runs: 5 }
`,
    plan: `
stop: 21 of all, 5 allowed
soft-delete-run: gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first sweep trial-1 trial-2 trial-3 teacher student plain try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-within: today
  in-the-future: tomorrow
  keep-within: gru-3 gru-2 gru-nan
  logged-model-in-use: serving
  not-finished + keep-within: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "the last five of each experiment",
    policy: `
retention: { keep_last: 5, children: own }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first plain
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-last: today
  in-the-future: tomorrow
  input-of-kept: teacher
  keep-last: gru-3 gru-2 gru-nan sweep trial-1 trial-2 trial-3 student try-1 try-2 try-3 try-4
  logged-model-in-use: serving
  not-finished + keep-last: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "the best by the primary metric",
    policy: `
retention: { keep_best: { n: 2 }, children: own }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-nan gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first trial-1 trial-3 teacher student plain try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently: today
  in-the-future: tomorrow
  keep-best: gru-3 gru-2 trial-2
  keep-best + registered: champion
  logged-model-in-use: serving
  not-finished: live
  parent-of-kept: sweep
  pinned: pinned
  registered: archived
  trace-source: traced
`,
  },
  {
    shows: "the best that they ever were",
    policy: `
retention: { keep_best: { n: 2, over: history }, children: own }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-3 gru-2 gru-1 crash cnn-4 cnn-3 cnn-1 baseline-2 killed baseline-1 first trial-1 trial-3 teacher student plain try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently: today
  in-the-future: tomorrow
  keep-best: gru-nan cnn-2 trial-2
  keep-best + registered: champion
  logged-model-in-use: serving
  not-finished: live
  parent-of-kept: sweep
  pinned: pinned
  registered: archived
  trace-source: traced
`,
  },
  {
    shows: "the worst, for error analysis",
    policy: `
retention: { keep_best: { metric: f1, mode: min, n: 2 }, children: own }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 baseline-1 sweep trial-1 trial-2 trial-3 teacher student try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently: today
  in-the-future: tomorrow
  keep-best: killed first plain
  logged-model-in-use: serving
  not-finished: live
  pinned + keep-best: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "the best of each family of models",
    policy: `
retention: { keep_best: { n: 1, per: model }, children: own }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-2 gru-nan gru-1 crash cnn-4 cnn-3 cnn-1 killed baseline-1 first trial-1 trial-3 teacher student plain try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently: today
  in-the-future: tomorrow
  keep-best: gru-3 cnn-2 baseline-2 trial-2
  logged-model-in-use: serving
  not-finished: live
  parent-of-kept: sweep
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "of equals the newer one is better",
    policy: `
retention: { keep_best: { n: 2, per: model }, children: own }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-nan gru-1 crash cnn-3 cnn-1 killed first trial-1 trial-3 teacher student plain try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently: today
  in-the-future: tomorrow
  keep-best: gru-3 gru-2 cnn-4 cnn-2 baseline-2 baseline-1 trial-2
  keep-best + registered: champion
  logged-model-in-use: serving
  not-finished: live
  parent-of-kept: sweep
  pinned: pinned
  registered: archived
  trace-source: traced
`,
  },
  {
    shows: "one a day for three days",
    policy: `
retention: { keep_daily: 3, children: own }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-nan gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first trial-2 trial-3 plain try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-period: today
  in-the-future: tomorrow
  input-of-kept: teacher
  keep-period: gru-3 gru-2 sweep trial-1 student try-1 try-2 try-3
  logged-model-in-use: serving
  not-finished: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "one a week for three weeks",
    policy: `
retention: { keep_weekly: 3, children: own }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-3 gru-2 gru-nan crash cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first trial-1 trial-2 trial-3 plain try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-period: today
  in-the-future: tomorrow
  input-of-kept: teacher
  keep-period: gru-1 cnn-4 sweep student try-1
  keep-period + registered: champion
  logged-model-in-use: serving
  not-finished: live
  pinned: pinned
  registered: archived
  trace-source: traced
`,
  },
  {
    shows: "one a month for six months",
    policy: `
retention: { keep_monthly: 6, children: own }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 cnn-1 trial-1 trial-2 trial-3 plain try-2 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-period: today
  in-the-future: tomorrow
  input-of-kept: teacher
  keep-period: cnn-2 baseline-2 killed baseline-1 first sweep student try-1 try-3
  keep-period + logged-model-in-use: serving
  keep-period + registered: champion archived
  not-finished: live
  pinned: pinned
  trace-source: traced
`,
  },
  {
    shows: "grandfather, father, son",
    policy: `
retention: { keep_daily: 2, keep_weekly: 2, keep_monthly: 2, children: own }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-2 gru-nan crash cnn-4 cnn-3 cnn-1 baseline-2 killed baseline-1 first trial-1 trial-2 trial-3 plain try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-period + keep-period + keep-period: today
  in-the-future: tomorrow
  input-of-kept: teacher
  keep-period: gru-3 gru-1 cnn-2 try-2 try-3
  keep-period + keep-period + keep-period: sweep student try-1
  logged-model-in-use: serving
  not-finished: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "a tag",
    policy: `
retention: { keep_tags: keep }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-2 cnn-1 baseline-2 killed baseline-1 first sweep trial-1 trial-2 trial-3 teacher student plain try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently: today
  in-the-future: tomorrow
  keep-tag: cnn-3
  logged-model-in-use: serving
  not-finished: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "a tag with a value",
    policy: `
retention: { keep_tags: "stage=prod*" }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 killed baseline-1 first sweep trial-1 trial-2 trial-3 teacher student plain try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently: today
  in-the-future: tomorrow
  keep-tag: baseline-2
  logged-model-in-use: serving
  not-finished: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "failures, to be looked at",
    policy: `
retention: { keep_status: [FAILED, KILLED] }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-3 gru-2 gru-nan gru-1 cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 baseline-1 first sweep trial-1 trial-2 trial-3 teacher student plain try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently: today
  in-the-future: tomorrow
  keep-status: crash killed
  logged-model-in-use: serving
  not-finished: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "names",
    policy: `
retention: { keep_named: ["baseline-*", "trial-?"], children: own }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 killed first teacher student plain try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently: today
  in-the-future: tomorrow
  keep-named: baseline-2 baseline-1 trial-1 trial-2 trial-3
  logged-model-in-use: serving
  not-finished: live
  parent-of-kept: sweep
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "a sweep stays together",
    policy: `
retention: { keep_best: { n: 1 } }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-2 gru-nan gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first teacher student plain try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  child-of-kept: trial-1 trial-3
  deleted-recently: binned-lately
  ended-recently: today
  in-the-future: tomorrow
  keep-best: gru-3 trial-2
  logged-model-in-use: serving
  not-finished: live
  parent-of-kept: sweep
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "of a sweep the best trial and its parent stay",
    policy: `
retention: { keep_best: { n: 1 }, children: own }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-2 gru-nan gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first trial-1 trial-3 teacher student plain try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently: today
  in-the-future: tomorrow
  keep-best: gru-3 trial-2
  logged-model-in-use: serving
  not-finished: live
  parent-of-kept: sweep
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "several rules, any is enough",
    policy: `
retention: { keep_last: 2, keep_best: { n: 1 }, keep_tags: keep, keep_within: 10d, children: own }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: crash cnn-4 cnn-2 cnn-1 baseline-2 killed baseline-1 first trial-1 trial-3 plain try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-last + keep-within: today
  in-the-future: tomorrow
  input-of-kept: teacher
  keep-best: trial-2
  keep-best + keep-within: gru-3
  keep-last: sweep try-1 try-2
  keep-last + keep-within: student
  keep-tag: cnn-3
  keep-within: gru-2 gru-nan gru-1
  logged-model-in-use: serving
  not-finished + keep-last + keep-within: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "a rule for one experiment, by name",
    policy: `
retention: { keep_last: 1 }
rules: [{ experiments: chu*, keep_last: 8 }]
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first sweep trial-1 trial-2 trial-3 plain try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-last: today
  in-the-future: tomorrow
  input-of-kept: teacher
  keep-last: gru-3 gru-2 gru-nan gru-1 crash cnn-4 student try-1
  logged-model-in-use: serving
  not-finished + keep-last: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "a rule for one experiment, by id",
    policy: `
retention: { keep_within: 1d }
rules: [{ experiments: 3, keep_last: 2 }]
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first sweep trial-1 trial-2 trial-3 teacher student plain try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-within: today
  in-the-future: tomorrow
  keep-last: try-1 try-2
  logged-model-in-use: serving
  not-finished + keep-within: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "a rule for some runs",
    policy: `
retention: { keep_last: 1 }
rules: [{ tags: team, keep_last: 5 }]
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first sweep trial-1 trial-2 trial-3
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-last: today
  in-the-future: tomorrow
  input-of-kept: teacher
  keep-last: student plain try-1 try-2 try-3 try-4
  logged-model-in-use: serving
  not-finished: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "the first rule that fits counts",
    policy: `
retention: { keep_within: 1d }
rules:
  - { experiments: [churn, scratch], keep_last: 1 }
  - { experiments: "*", keep_within: 100d }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first plain try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-last + keep-within: today
  in-the-future: tomorrow
  input-of-kept: teacher
  keep-last: try-1
  keep-within: sweep trial-1 trial-2 trial-3 student
  logged-model-in-use: serving
  not-finished + keep-within: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "a rule that keeps nothing removes nothing",
    policy: `
retention: { keep_last: 1 }
rules: [{ experiments: churn, keep_last: 0 }]
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: sweep trial-1 trial-2 trial-3 plain try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently: today
  in-the-future: tomorrow
  input-of-kept: teacher
  keep-last: student try-1
  logged-model-in-use: serving
  no-rule: gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first
  not-finished: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "ranks by group",
    policy: `
retention: { keep_last: 1, group_by: model, children: own }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-3 gru-2 gru-nan gru-1 crash cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first sweep trial-1 trial-2 trial-3 plain try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-last: today
  in-the-future: tomorrow
  input-of-kept: teacher
  keep-last: cnn-4 student try-1
  logged-model-in-use: serving
  not-finished + keep-last: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "a protected experiment must not lose its last run",
    policy: `
retention: { keep_within: 30d, keep_last: 0 }
protect: { experiments: scratch }
limits: { max_share: 100% }
`,
    plan: `
stop: empties-protected scratch, 4 runs
soft-delete-run: cnn-2 cnn-1 baseline-2 killed baseline-1 first sweep trial-1 trial-2 trial-3 plain try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-within: today
  in-the-future: tomorrow
  input-of-kept: teacher
  keep-within: gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 student
  logged-model-in-use: serving
  not-finished + keep-within: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "a group must not lose its last run",
    policy: `
retention: { keep_within: 30d, keep_named: try-1, group_by: team }
protect: { experiments: scratch }
limits: { max_share: 100% }
`,
    plan: `
stop: empties-protected scratch, 1 runs
stop: empties-protected scratch, 1 runs
soft-delete-run: cnn-2 cnn-1 baseline-2 killed baseline-1 first sweep trial-1 trial-2 trial-3 plain try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-within: today
  in-the-future: tomorrow
  input-of-kept: teacher
  keep-named: try-1
  keep-within: gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 student
  logged-model-in-use: serving
  not-finished + keep-within: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "another tag pins, too",
    policy: `
retention: { keep_within: 30d }
protect: { pinned_tags: [stage=production] }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: cnn-2 cnn-1 killed baseline-1 first sweep trial-1 trial-2 trial-3 plain try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-within: today
  in-the-future: tomorrow
  input-of-kept: teacher
  keep-within: gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 student
  logged-model-in-use: serving
  not-finished + keep-within: live
  pinned: baseline-2 pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "running ones, if one dares",
    policy: `
retention: { keep_within: 6h }
protect: { unsafe_running: true }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: live gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first sweep trial-1 trial-2 trial-3 teacher student plain try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently: today
  in-the-future: tomorrow
  logged-model-in-use: serving
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "young ones, if one dares",
    policy: `
retention: { keep_within: 1h }
protect: { unsafe_young: true }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: today gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first sweep trial-1 trial-2 trial-3 teacher student plain try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  in-the-future: tomorrow
  logged-model-in-use: serving
  not-finished: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "registered ones, if one dares",
    policy: `
retention: { keep_within: 7d }
protect: { unsafe_registered: true }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first sweep trial-1 trial-2 trial-3 champion archived teacher student plain try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-within: today
  in-the-future: tomorrow
  keep-within: gru-3 gru-2 gru-nan
  logged-model-in-use: serving
  not-finished + keep-within: live
  pinned: pinned
  trace-source: traced
`,
  },
  {
    shows: "what others use, if one dares",
    policy: `
retention: { keep_within: 30d }
protect: { unsafe_inputs: true, unsafe_traces: true, unsafe_logged_models: true, unsafe_pinned: true }
limits: { max_share: 100% }
`,
    plan: `
soft-delete-run: cnn-2 cnn-1 baseline-2 killed baseline-1 first sweep trial-1 trial-2 trial-3 teacher traced serving pinned plain try-1 try-2 try-3 try-4
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-within: today
  in-the-future: tomorrow
  keep-within: gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 student
  not-finished + keep-within: live
  registered: champion archived
`,
  },
  {
    shows: "purged after a day",
    policy: `
retention: { keep_within: 365d }
purge: { after: 1d }
`,
    plan: `
soft-delete-run: first
purge-run: binned binned-lately
purge-experiment: .trash/9
quarantine-orphan: 7
  ended-recently + keep-within: today
  in-the-future: tomorrow
  keep-within: gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 sweep trial-1 trial-2 trial-3 teacher student plain try-1 try-2 try-3 try-4
  keep-within + logged-model-in-use: serving
  keep-within + registered: champion archived
  keep-within + trace-source: traced
  not-finished + keep-within: live
  pinned + keep-within: pinned
`,
  },
  {
    shows: "heavy files of runs that stay",
    policy: `
retention: { keep_within: 365d }
purge: { after: 7d, artifacts_only: checkpoints }
`,
    plan: `
soft-delete-run: first
drop-artifact: cnn-4 cnn-2 baseline-1
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-within: today
  in-the-future: tomorrow
  keep-within: gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 sweep trial-1 trial-2 trial-3 teacher student plain try-1 try-2 try-3 try-4
  keep-within + logged-model-in-use: serving
  keep-within + registered: champion archived
  keep-within + trace-source: traced
  not-finished + keep-within: live
  pinned + keep-within: pinned
`,
  },
  {
    shows: "heavy files of all but the best",
    policy: `
retention: { keep_best: { metric: f1, mode: max, n: 3 }, artifacts_only: true }
purge: { after: 7d, artifacts_only: checkpoints }
`,
    plan: `
drop-artifact: cnn-4 cnn-2 baseline-1
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  artifacts-only: gru-nan crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 first sweep trial-1 trial-3 teacher plain try-1 try-2 try-3 try-4
  artifacts-only + logged-model-in-use: serving
  artifacts-only + registered: archived
  artifacts-only + trace-source: traced
  deleted-recently: binned-lately
  ended-recently: today
  in-the-future: tomorrow
  keep-best: gru-3 gru-2 gru-1 trial-2 student
  keep-best + registered: champion
  not-finished: live
  pinned: pinned
`,
  },
  {
    shows: "a target that is met",
    policy: `
retention: { keep_within: 7d, children: own }
limits: { max_share: 100% }
`,
    budget: { kind: "free", bytes: 30000, first: "oldest" },
    plan: `
target: 36384 of 30000
soft-delete-run: first
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-within: today
  in-the-future: tomorrow
  keep-within: gru-3 gru-2 gru-nan
  logged-model-in-use: serving
  not-finished + keep-within: live
  not-needed: gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 killed baseline-1 sweep trial-1 trial-2 trial-3 teacher student plain try-1 try-2 try-3 try-4
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "a target, the largest first",
    policy: `
retention: { keep_within: 7d, children: own }
limits: { max_share: 100% }
`,
    budget: { kind: "free", bytes: 1500000, first: "largest" },
    plan: `
target: 2026384 of 1500000
soft-delete-run: cnn-4 cnn-2
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-within: today
  in-the-future: tomorrow
  keep-within: gru-3 gru-2 gru-nan
  logged-model-in-use: serving
  not-finished + keep-within: live
  not-needed: gru-1 crash cnn-3 cnn-1 baseline-2 killed baseline-1 first sweep trial-1 trial-2 trial-3 teacher student plain try-1 try-2 try-3 try-4
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "a target that is out of reach",
    policy: `
retention: { keep_within: 100d, children: own }
limits: { max_share: 100% }
`,
    budget: { kind: "max-size", bytes: 1000, first: "oldest" },
    plan: `
target: 1056384 of 6391880
soft-delete-run: killed baseline-1 first plain
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-within: today
  in-the-future: tomorrow
  input-of-kept: teacher
  keep-within: gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 sweep trial-1 trial-2 trial-3 student try-1 try-2 try-3 try-4
  logged-model-in-use: serving
  not-finished + keep-within: live
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
  {
    shows: "a number of files",
    policy: `
retention: { keep_within: 100d, children: own }
limits: { max_share: 100% }
`,
    budget: { kind: "max-files", files: 102, first: "oldest" },
    plan: `
target: 8 of 6
soft-delete-run: first
purge-run: binned
purge-experiment: .trash/9
quarantine-orphan: 7
  deleted-recently: binned-lately
  ended-recently + keep-within: today
  in-the-future: tomorrow
  input-of-kept: teacher
  keep-within: gru-3 gru-2 gru-nan gru-1 crash cnn-4 cnn-3 cnn-2 cnn-1 baseline-2 sweep trial-1 trial-2 trial-3 student try-1 try-2 try-3 try-4
  logged-model-in-use: serving
  not-finished + keep-within: live
  not-needed: killed baseline-1 plain
  pinned: pinned
  registered: champion archived
  trace-source: traced
`,
  },
];

for (const { shows, policy: yaml, budget, plan } of GOLDENS) {
  Deno.test(`policies: ${shows}`, () => {
    const byFile = policyOf(readConfig(yaml, "mltidy.yaml"));
    const policy = budget === undefined ? byFile : { ...byFile, budget };
    const store = deepFreeze(longHistory(byFile.retention?.artifactsOnly ?? null));
    const planned = planCleanup(store, policy, { now: NOW });
    assertEquals(inShort(planned), plan.replace(/^\n|\n$/g, "").split("\n"));
  });
}
