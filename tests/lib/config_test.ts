import { assert, assertEquals, assertThrows } from "@std/assert";
import { configSchema, configTemplate, policyOf, readConfig } from "../../lib/config.ts";
import { configRows } from "../../lib/config_rows.ts";
import { fileKey } from "../../lib/config_value.ts";
import { ConfigError } from "../../lib/errors.ts";
import { isEmptyRule } from "../../lib/policy.ts";
import { primaryMetric } from "../../lib/primary_metric.ts";
import { DAY, retentionRule } from "../_support/builders.ts";

const read = (text: string) => readConfig(text, "mltidy.yaml");

/** The faults of a text, one on each line. */
function faultsOf(text: string): readonly string[] {
  try {
    read(text);
    return [];
  } catch (error) {
    assert(error instanceof ConfigError);
    return error.message.split("\n");
  }
}

Deno.test("readConfig() takes an empty file for all defaults, which keep and remove nothing", () => {
  const config = read("");
  assertEquals(config, read("retention:\nrules: []\n# a comment\n"));
  assertEquals(config.store, null);
  assertEquals(config.primaryMetric, { name: "f1", mode: "max" });
  assertEquals(config.purge, { after: 30 * DAY, artifactsOnly: null });
  assertEquals(config.limits, { maxShare: 0.5, maxRuns: null });
  assert(isEmptyRule(policyOf(config).retention!.rules[0]!));
});

Deno.test("readConfig() reads every section", () => {
  const config = read(`
store: ../mlruns
backups: { directory: /backups, expire_after: 90d, keep_last: 2 }
primary_metric: { name: val/loss, mode: min }
retention:
  keep_last: 10
  keep_within: 1d12h
  keep_best:
    - { metric: f1, mode: max, n: 3, over: history, per: model }
    - { n: 1 }
  keep_daily: 7
  keep_weekly: 4
  keep_monthly: 12
  keep_tags: [keep, "stage=prod*"]
  keep_status: FAILED
  keep_named: baseline*
  group_by: team
  children: own
rules:
  - experiments: 420101650667246494
    keep_last: 1
protect:
  pinned_tags: thesis
  experiments: [churn]
  unsafe_young: true
purge: { after: 7, artifacts_only: "checkpoints/**" }
limits: { max_share: 25%, max_runs: 1000 }
`);
  assertEquals(config, {
    store: "../mlruns",
    backups: { directory: "/backups", expireAfter: 90 * DAY, keepLast: 2 },
    primaryMetric: { name: "val/loss", mode: "min" },
    retention: {
      keepLast: 10,
      keepWithin: 1.5 * DAY,
      keepBest: [{ metric: "f1", mode: "max", n: 3, over: "history", per: "model" }, { n: 1 }],
      keepDaily: 7,
      keepWeekly: 4,
      keepMonthly: 12,
      keepTags: ["keep", "stage=prod*"],
      keepStatus: ["FAILED"],
      keepNamed: ["baseline*"],
      groupBy: "team",
      children: "own",
    },
    rules: [{ experiments: ["420101650667246494"], keepLast: 1 }],
    protect: {
      pinnedTags: ["thesis"],
      experiments: ["churn"],
      unsafe_running: false,
      unsafe_young: true,
      unsafe_registered: false,
      unsafe_logged_models: false,
      unsafe_inputs: false,
      unsafe_traces: false,
      unsafe_pinned: false,
      unsafe_unreadable: false,
    },
    purge: { after: 7 * DAY, artifactsOnly: "checkpoints/**" },
    limits: { maxShare: 0.25, maxRuns: 1000 },
  });
});

Deno.test("readConfig() names every fault with its line, what it expects and the nearest key", () => {
  assertEquals(
    faultsOf(`# what is worth keeping
retension:
  keep_last: 3
retention:
  keep_last: many
  keep_within: a month
  keep_best: { metric: f1, mode: best, n: 3 }
  keep_status: [FINISHED, DONE]
  keep_lots: 1
limits: { max_share: 150%, max_runs: 0 }
rules:
  - experiments: churn
    keep_last: 3
  - experiments: vision
    kep_last: 3
protect:
  unsafe_young: yes
`),
    [
      'mltidy.yaml:2: Unknown key "retension" in the file: did you mean retention?',
      'mltidy.yaml:5: Cannot use "many" for retention.keep_last: expected a whole number, 0 or more',
      'mltidy.yaml:6: Cannot use "a month" for retention.keep_within: expected a duration such as 30d, 12h or 1d6h',
      'mltidy.yaml:7: Cannot use "best" for retention.keep_best.mode: expected max or min',
      'mltidy.yaml:8: Cannot use "DONE" for retention.keep_status[2]: expected one of RUNNING, SCHEDULED, FINISHED, FAILED, KILLED',
      'mltidy.yaml:9: Unknown key "keep_lots" in retention: did you mean keep_last?',
      'mltidy.yaml:10: Cannot use "150%" for limits.max_share: expected a share from 0% to 100%, such as 50% or 0.5',
      'mltidy.yaml:10: Cannot use "0" for limits.max_runs: expected a whole number, 1 or more',
      'mltidy.yaml:15: Unknown key "kep_last" in rules[2]: did you mean keep_last?',
      'mltidy.yaml:17: Cannot use "yes" for protect.unsafe_young: expected true or false',
    ],
  );
});

Deno.test("readConfig() finds the line of the same key in another section", () => {
  assertEquals(
    faultsOf("backups:\n  keep_last: 3\nretention:\n  keep_daily: 1\n  keep_last: -1\n"),
    [
      'mltidy.yaml:5: Cannot use "-1" for retention.keep_last: expected a whole number, 0 or more',
    ],
  );
});

Deno.test("readConfig() refuses what contradicts itself", () => {
  assertEquals(
    faultsOf("retention:\n  keep_best: { metric: loss, n: 3 }\nrules:\n  - keep_last: 3\n"),
    [
      "mltidy.yaml:2: Missing mode of loss in keep_best: expected max or min",
      "mltidy.yaml:4: Missing experiments or tags of a rule: what is for all runs belongs into retention",
    ],
  );
});

Deno.test("readConfig() refuses what is no YAML, or no section, with its line", () => {
  assertThrows(() => read("retention: [1\nb: 2"), ConfigError, "mltidy.yaml:2: ");
  assertThrows(() => read("a: 1\na: 2"), ConfigError, "mltidy.yaml:2: ");
  assertEquals(
    faultsOf("- a\n")[0]?.replace(/a section with.*/, "…"),
    "mltidy.yaml:1: Cannot use a list for the file: expected …",
  );
  assertEquals(
    faultsOf("limits: 3\n"),
    ['mltidy.yaml:1: Cannot use "3" for limits: expected a section with max_share, max_runs'],
  );
});

Deno.test("policyOf() lets rules inherit what retention says, and puts them before it", () => {
  const { retention } = policyOf(read(`
retention: { keep_last: 5, keep_tags: keep }
rules: [{ experiments: churn, keep_last: 50 }, { tags: team, keep_tags: [] }]
`));
  assertEquals(retention?.rules, [
    retentionRule({ name: "rule 1", experiments: ["churn"], keepLast: 50, keepTags: ["keep"] }),
    retentionRule({ name: "rule 2", tags: ["team"], keepLast: 5 }),
    retentionRule({ keepLast: 5, keepTags: ["keep"] }),
  ]);
});

Deno.test("policyOf() compares by the primary metric where keep_best names none", () => {
  const { retention } = policyOf(read(`
primary_metric: { name: loss, mode: min }
retention: { keep_best: [{ n: 3 }, { metric: f1, mode: max, per: model }] }
`));
  assertEquals(retention?.rules[0]?.keepBest, [
    { metric: "loss", mode: "min", n: 3, over: "latest", per: null },
    { metric: "f1", mode: "max", n: 1, over: "latest", per: "model" },
  ]);
});

Deno.test("policyOf() switches protections off by their names alone", () => {
  const off = (text: string) => policyOf(read(text)).retention?.protect.unsafe;
  assertEquals(off(""), []);
  assertEquals(off("protect: { unsafe_registered: true, unsafe_young: false }"), ["registered"]);
});

Deno.test("primaryMetric() takes a configuration", () => {
  assertEquals(primaryMetric(read("")), { name: "f1", mode: "max" });
  assertEquals(primaryMetric(read("primary_metric: { mode: min, name: loss }")), {
    name: "loss",
    mode: "min",
  });
});

Deno.test("configTemplate() says nothing, and everything once its comments are taken away", () => {
  const template = configTemplate();
  assertEquals(read(template), read(""));
  const said = template.split("\n").filter((line) => !/:$/.test(line) || /^# [a-z_]+:$/.test(line))
    .slice(2).map((line) => line.replace(/^# /, "")).join("\n");
  const config = read(said);
  assertEquals(config.retention.keepLast, 20);
  for (const name of Object.keys(configRows)) assert(said.includes(`${fileKey(name)}:`), name);
  assertEquals(policyOf(config).retention?.rules.length, 2);
});

Deno.test("configSchema() knows exactly the keys that readConfig() knows", () => {
  const keysOf = (schema: unknown, path: string): readonly string[] => {
    const { properties = {}, anyOf } = schema as {
      readonly properties?: Readonly<Record<string, unknown>>;
      readonly anyOf?: readonly unknown[];
    };
    const [item] = anyOf ?? [];
    return [
      ...(item === undefined ? [] : keysOf(item, `${path}[]`)),
      ...Object.entries(properties).flatMap(([key, inner]) => [
        `${path}.${key}`,
        ...keysOf(inner, `${path}.${key}`),
      ]),
    ];
  };
  const keys = keysOf(configSchema(), "");
  assert(keys.length > 60, `${keys.length} keys`);
  // A key that is known is never an unknown one, whatever is wrong with its value.
  for (const path of keys) {
    const names = path.slice(1).split(".");
    const text = names.map((name, depth) => {
      const indent = "  ".repeat(depth);
      return `${indent}${name.replace("[]", "")}:`;
    }).join("\n");
    assertEquals(faultsOf(text).filter((fault) => fault.includes("Unknown key")), [], path);
  }
});

Deno.test("configSchema() refuses unknown keys as readConfig() does", () => {
  const closed = (schema: unknown): boolean => {
    if (typeof schema !== "object" || schema === null) return true;
    const { type, additionalProperties } = schema as Readonly<Record<string, unknown>>;
    return (type !== "object" || additionalProperties === false) &&
      Object.values(schema).every(closed);
  };
  assert(closed(configSchema()));
});
