import { assertEquals } from "@std/assert";
import { readConfig } from "../../../lib/policy/config.ts";
import { writeConfig } from "../../../lib/policy/write_config.ts";
import { policyYaml } from "../../../lib/view/policy_yaml.ts";

const FILE = `
primary_metric: { name: "val: f1", mode: min }
retention:
  keep_last: 3
  keep_within: 14d
  keep_best: [{ metric: f1, mode: max, n: 2 }, { metric: "yes", mode: max, n: 1, per: "model" }]
  keep_tags: [keep, "stage=prod*", "true", "12"]
rules:
  - experiments: ["churn-*"]
    keep_last: 10
  - tags: ["팀=비전", "- a", "a: b"]
    group_by: team
protect: { experiments: ["Default"], unsafe_young: true }
limits: { max_share: 20%, max_runs: 200 }
`;

Deno.test("a policy is written as people write it, without what is so anyway", () => {
  assertEquals(
    policyYaml(readConfig(FILE, "mltidy.yaml")),
    `primary_metric:
  name: "val: f1"
  mode: min
retention:
  keep_last: 3
  keep_within: 14d
  keep_best:
    - metric: f1
      mode: max
      n: 2
      over: latest
    - metric: "yes"
      mode: max
      n: 1
      over: latest
      per: model
  keep_tags: [keep, "stage=prod*", "true", "12"]
protect:
  experiments: [Default]
  unsafe_young: true
limits:
  max_share: "20%"
  max_runs: 200
rules:
  - experiments: ["churn-*"]
    keep_last: 10
  - tags: ["팀=비전", "- a", "a: b"]
    group_by: team
`,
  );
});

Deno.test("what is written is read as what it was written from", () => {
  const files = [
    "",
    FILE,
    "retention: { group_by: team }\nrules: [{ experiments: [a], group_by: null }]",
    'protect: { pinned_tags: ["off", "1e3", "0x1f", "a,b", "\'", "\\"", "[x]", "{y}"] }',
  ];
  for (const file of files) {
    const config = readConfig(file, "mltidy.yaml");
    assertEquals(
      writeConfig(readConfig(policyYaml(config), "mltidy.yaml")),
      writeConfig(config),
      file,
    );
  }
});
