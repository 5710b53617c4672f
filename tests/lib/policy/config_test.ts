import { assert, assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../../lib/errors.ts";
import { configSchema, configTemplate, policyOf, readConfig } from "../../../lib/policy/config.ts";
import { configRows } from "../../../lib/policy/config_rows.ts";
import { fileKey } from "../../../lib/policy/config_value.ts";
import { isEmptyRule } from "../../../lib/policy/policy.ts";
import { primaryMetric } from "../../../lib/policy/primary_metric.ts";
import { DAY, retentionRule } from "../../_support/builders.ts";

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
  assertEquals(config.purge, {
    after: 30 * DAY,
    undated: "keep",
    artifactsOnly: null,
    thinMetrics: null,
  });
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
  keep_where: auc >= 0.9
  group_by: team
  children: own
rules:
  - experiments: 420101650667246494
    keep_last: 1
protect:
  pinned_tags: thesis
  experiments: [churn]
  unsafe_young: true
purge: { after: 7, undated: last-sign-of-life, artifacts_only: "checkpoints/**", thin_metrics: 500 }
limits: { max_share: 25%, max_runs: 1000 }
schedule: { every: saturday, at: 4:05, task: prune:apply }
notify:
  on: always
  names: true
  link: https://ci.example.org/mltidy
  email: { to: ml@example.org, from: mltidy@example.org, server: smtp.example.org, port: 465 }
  slack: { url: { env: MLTIDY_SLACK_URL } }
  webhook: { url: { file: secrets/hook }, format: teams }
review: { port: 9000, mlflow_ui: "http://localhost:5000", allow_hosts: mltidy.example.org }
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
      keepWhere: ["auc >= 0.9"],
      artifactsOnly: false,
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
    purge: {
      after: 7 * DAY,
      undated: "last-sign-of-life",
      artifactsOnly: "checkpoints/**",
      thinMetrics: 500,
    },
    limits: { maxShare: 0.25, maxRuns: 1000 },
    schedule: { every: "saturday", at: "04:05", task: "prune:apply" },
    notify: {
      on: ["always"],
      names: true,
      link: "https://ci.example.org/mltidy",
      email: {
        to: ["ml@example.org"],
        from: "mltidy@example.org",
        server: "smtp.example.org",
        port: 465,
        user: null,
        password: null,
        ca: null,
      },
      slack: { url: { env: "MLTIDY_SLACK_URL" } },
      webhook: { url: { file: "secrets/hook" }, format: "teams" },
      ping: null,
    },
    review: {
      port: 9000,
      mlflowUi: "http://localhost:5000",
      allowHosts: ["mltidy.example.org"],
    },
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
  keep_where: ["auc >= 0.9", auc = 0.9]
  keep_lots: 1
limits: { max_share: 150%, max_runs: 0 }
rules:
  - experiments: churn
    keep_last: 3
  - experiments: vision
    kep_last: 3
protect:
  unsafe_young: yes
review: { port: 70000 }
`),
    [
      'mltidy.yaml:2: Unknown key "retension" in the file: did you mean retention?',
      'mltidy.yaml:5: Cannot use "many" for retention.keep_last: expected a whole number, 0 or more',
      'mltidy.yaml:6: Cannot use "a month" for retention.keep_within: expected days or hours, such as 30d, 12h or 1d6h',
      'mltidy.yaml:7: Cannot use "best" for retention.keep_best.mode: expected max or min',
      'mltidy.yaml:8: Cannot use "DONE" for retention.keep_status[2]: expected one of RUNNING, SCHEDULED, FINISHED, FAILED, KILLED',
      'mltidy.yaml:9: Cannot use "auc = 0.9" for retention.keep_where[2]: expected a metric, >=, >, <= or <, and a number, such as auc >= 0.9',
      'mltidy.yaml:10: Unknown key "keep_lots" in retention: did you mean keep_last?',
      'mltidy.yaml:11: Cannot use "150%" for limits.max_share: expected a share from 0% to 100%, such as 50%',
      'mltidy.yaml:11: Cannot use "0" for limits.max_runs: expected a whole number, 1 or more',
      'mltidy.yaml:16: Unknown key "kep_last" in rules[2]: did you mean keep_last?',
      'mltidy.yaml:18: Cannot use "yes" for protect.unsafe_young: expected true or false',
      'mltidy.yaml:19: Cannot use "70000" for review.port: expected a whole number, 0 to 65535',
    ],
  );
});

Deno.test("readConfig() takes no mistyped comparison for the end of a metric's name", () => {
  for (const typed of ["acc => 0.9", "acc =< 0.9", "acc >> 0.9", "acc !> 0.9", "0.5 < acc < 0.9"]) {
    assertEquals(faultsOf(`retention: { keep_where: ["${typed}"] }`), [
      `mltidy.yaml:1: Cannot use "${typed}" for retention.keep_where[1]: expected a metric, >=, >, <= or <, and a number, such as auc >= 0.9`,
    ]);
  }
  assertEquals(faultsOf('retention: { keep_where: ["val/auc: top-5_b.c > 1"] }'), []);
});

Deno.test("readConfig() names the word that may be meant, with all that there are", () => {
  const every =
    "daily, weekly, monthly, sunday, monday, tuesday, wednesday, thursday, friday, saturday";
  assertEquals(
    faultsOf(
      "schedule:\n  every: fortnight\n  task: clenup:apply\nretention: { Keep_last: 3, keep_status: [finished] }\n",
    ),
    [
      `mltidy.yaml:2: Cannot use "fortnight" for schedule.every: expected one of ${every}`,
      'mltidy.yaml:3: Cannot use "clenup:apply" for schedule.task: expected one of cleanup:apply, prune:apply, repair:apply, backup, cleanup, prune, repair, verify; did you mean cleanup:apply?',
      'mltidy.yaml:4: Unknown key "Keep_last" in retention: did you mean keep_last?',
      'mltidy.yaml:4: Cannot use "finished" for retention.keep_status[1]: expected one of RUNNING, SCHEDULED, FINISHED, FAILED, KILLED; did you mean FINISHED?',
    ],
  );
  assertEquals(faultsOf("schedule: { every: Weekly }\n"), [
    `mltidy.yaml:1: Cannot use "Weekly" for schedule.every: expected one of ${every}; did you mean weekly?`,
  ]);
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

Deno.test("readConfig() wants to know which way is better of any metric but the default one", () => {
  const missing = (place: string, metric: string) =>
    `mltidy.yaml:${place}: Missing mode of ${metric} in primary_metric: expected max or min`;
  assertEquals(faultsOf("# x\nprimary_metric: { name: loss }\n"), [missing("2", "loss")]);
  assertEquals(faultsOf("primary_metric: { name: loss, mode: null }\n"), [missing("1", "loss")]);
  assertEquals(faultsOf("primary_metric: { name: loss, mode: min }\n"), []);
  assertEquals(faultsOf("primary_metric: { name: f1 }\n"), []);
});

Deno.test("readConfig() takes every word for nothing for what is not given", () => {
  for (const word of ["null", "~", "Null", "NULL", "", " null # none"]) {
    const text = `
store: ${word}
primary_metric: ${word}
backups: { directory: ${word}, expire_after: ${word}, keep_last: ${word} }
retention: { group_by: ${word}, keep_last: ${word}, keep_tags: ${word} }
purge: { after: ${word}, artifacts_only: ${word} }
limits: { max_runs: ${word}, max_share: ${word} }
protect: { unsafe_young: ${word} }
rules: ${word}
`;
    const block = text.replace(
      /^(\w+): \{ (.*) \}$/gm,
      (_match, key: string, inner: string) => `${key}:\n  ${inner.replaceAll(", ", "\n  ")}`,
    );
    assertEquals(read(block), read(""), word);
    assertEquals(read(word), read(""), word);
  }
  assertEquals(read("retention: { keep_best: { metric: ~, mode: null, per: null } }"), {
    ...read(""),
    retention: {
      ...read("").retention,
      keepBest: [{ metric: null, mode: null, per: null }],
    },
  });
  assertEquals(faultsOf("retention: { keep_tags: [null] }"), [
    'mltidy.yaml:1: Cannot use "null" for retention.keep_tags[1]: expected a text',
  ]);
});

Deno.test("policyOf() lets a rule unset what it has from retention", () => {
  const { retention } = policyOf(read(`
retention: { keep_last: 5, group_by: team }
rules:
  - { experiments: churn, group_by: null }
  - experiments: vision
    group_by:
  - experiments: scratch
    keep_last: null
`));
  assertEquals(retention?.rules.map(({ groupBy, keepLast }) => [groupBy, keepLast]), [
    [null, 5],
    [null, 5],
    ["team", 5],
    ["team", 5],
  ]);
});

Deno.test("readConfig() refuses units that may be mistaken for others", () => {
  const duration = (key: string, word: string) =>
    `Cannot use "${word}" for ${key}: expected days or hours, such as 30d, 12h or 1d6h`;
  assertEquals(
    faultsOf("retention: { keep_within: 6m }\npurge: { after: 90min }\nlimits: { max_share: 1 }\n"),
    [
      `mltidy.yaml:1: ${duration("retention.keep_within", "6m")}`,
      `mltidy.yaml:2: ${duration("purge.after", "90min")}`,
      'mltidy.yaml:3: Cannot use "1" for limits.max_share: expected a share from 0% to 100%, such as 50%',
    ],
  );
});

Deno.test("readConfig() names the cause where YAML hides it, or a key stands in the wrong place", () => {
  assertEquals(faultsOf("# a\nretention:\n\tkeep_last: 3\n"), [
    "mltidy.yaml:3: Cannot read an indentation by tabs: expected spaces",
  ]);
  assertEquals(faultsOf("retention:\n  keep_last: 3 \t# three\n\n\t# more\n"), []);
  assertEquals(faultsOf("keep_last: 3\nkeep_within: 3d\nunsafe_young: true\n"), [
    'mltidy.yaml:1: Unknown key "keep_last" in the file: it belongs into retention or backups',
    'mltidy.yaml:2: Unknown key "keep_within" in the file: it belongs into retention',
    'mltidy.yaml:3: Unknown key "unsafe_young" in the file: it belongs into protect',
  ]);
  assertEquals(faultsOf("retention:\n  keep_last: 3\n  keep_daily: 1\n  keep_last: 2\n"), [
    'mltidy.yaml:4: Duplicate key "keep_last": expected each key of a section once',
  ]);
  assertEquals(faultsOf("retention: { keep_best: { n: 1, metric: f1, n: 2 } } # n: 3\n"), [
    'mltidy.yaml:1: Duplicate key "n": expected each key of a section once',
  ]);
  assertEquals(faultsOf("rules:\n  - experiments: *\n    keep_last: 1\n"), [
    "mltidy.yaml:2: Cannot read alias: alias name must contain at least one character: " +
    'put a glob that begins with * in quotes, such as "*-test"',
  ]);
});

Deno.test("readConfig() names the line of a fault in lists over several lines and behind question marks", () => {
  assertEquals(
    faultsOf(`rules: [
  { experiments: a, keep_last: 1 },
  { experiments: b,
    keep_last: x },
]
? limits
:
  ? max_runs
  : y
retention:
  keep_best: {
    metric: f1, n: z }
`).map((fault) => fault.replace(/: expected.*/, "")),
    [
      'mltidy.yaml:4: Cannot use "x" for rules[2].keep_last',
      'mltidy.yaml:8: Cannot use "y" for limits.max_runs',
      'mltidy.yaml:12: Cannot use "z" for retention.keep_best.n',
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

Deno.test("readConfig() finds the line of a fault in a file that began as the template", () => {
  const template = configTemplate();
  for (const key of ["keep_last", "max_runs", "expire_after", "keep_best"]) {
    const section = { keep_last: "retention", max_runs: "limits", expire_after: "backups" }[key] ??
      "retention";
    const text = `${template}\n${section}:\n  # ${key}: none\n  ${key}: none\n`;
    const [fault] = faultsOf(text);
    assertEquals(fault?.split(":")[1], `${text.split("\n").length - 1}`, fault);
  }
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

Deno.test("configSchema() takes nothing for a value wherever readConfig() does", () => {
  const takesNull = (schema: unknown): boolean => {
    const { type, enum: words, anyOf } = schema as Readonly<Record<string, readonly unknown[]>>;
    return [...type ?? [], ...words ?? [], ...anyOf ?? []].some((one) =>
      one === null || one === "null" || (one as { readonly type?: string }).type === "null"
    );
  };
  const check = (schema: unknown, path: string) => {
    const { properties = {} } = schema as { readonly properties?: Record<string, unknown> };
    for (const [key, inner] of Object.entries(properties)) {
      assert(takesNull(inner), `${path}.${key}`);
      check(inner, `${path}.${key}`);
    }
  };
  check(configSchema(), "");
});

Deno.test("configSchema() takes the durations and shares that readConfig() takes", () => {
  interface Schema {
    readonly properties: Readonly<Record<string, Schema>>;
    readonly pattern: string;
  }
  const { properties } = configSchema() as unknown as Schema;
  const agree = (section: string, key: string, words: readonly string[]) => {
    const { pattern } = properties[section]!.properties[key]!;
    for (const word of words) {
      const isRead = faultsOf(`${section}: { ${key}: ${JSON.stringify(word)} }`).length === 0;
      assertEquals(new RegExp(pattern).test(word), isRead, word);
    }
  };
  agree("retention", "keep_within", [
    ..."30d|12h|1d6h|1d 6 h|1.5h|.5d|30|30 d|0".split("|"),
    ..."6m|90min|10s|1d5m|h|d|6h1d|a month|-1d|1..5d".split("|"),
  ]);
  agree("limits", "max_share", "50%|100%|0%|33.3 %|.5%|1|0.5|150%|101%|half|%|-1%".split("|"));
});

Deno.test("configSchema() refuses unknown keys as readConfig() does", () => {
  const closed = (schema: unknown): boolean => {
    if (typeof schema !== "object" || schema === null) return true;
    const { type, additionalProperties } = schema as Readonly<Record<string, unknown>>;
    return (!`${type}`.includes("object") || additionalProperties === false) &&
      Object.values(schema).every(closed);
  };
  assert(closed(configSchema()));
});

Deno.test("readConfig() says where a text is nested too deeply, however it is", () => {
  const texts = ["[".repeat(100_000), "{a: ".repeat(20_000), "- ".repeat(50_000), "a: &a [*a]"];
  for (const text of texts) {
    assertThrows(
      () => readConfig(text, "mltidy.yaml"),
      ConfigError,
      "mltidy.yaml:1: Cannot read what is nested so deeply: expected sections of keys",
    );
  }
});
