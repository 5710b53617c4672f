import { assertEquals } from "@std/assert";
import { policyOf, readConfig } from "../../../lib/policy/config.ts";
import { writeConfig } from "../../../lib/policy/write_config.ts";

const read = (text: string) => readConfig(text, "mltidy.yaml");

const POLICY = `
store: ../mlruns
primary_metric: { name: loss, mode: min }
retention:
  keep_within: 1.5h
  keep_best: [{ n: 3 }, { metric: f1, mode: max, per: model }]
  keep_tags: [keep, "stage=prod*"]
  group_by: team
rules:
  - { experiments: "churn-*", keep_last: 50, group_by: null }
  - { tags: [team=vision, 7], keep_within: 36h }
protect: { pinned_tags: thesis, unsafe_young: true }
purge: { after: 14d, artifacts_only: "checkpoints/**" }
limits: { max_share: 33.3%, max_runs: 500 }
backups: { expire_after: 90d }
`;

Deno.test("writeConfig() writes what readConfig() reads as the same policy", () => {
  for (const text of ["", POLICY]) {
    const config = read(text);
    const written = read(writeConfig(config));
    assertEquals(policyOf(written), policyOf(config));
    assertEquals([written.store, written.backups], [config.store, config.backups]);
    assertEquals(writeConfig(written), writeConfig(config));
  }
});

Deno.test("writeConfig() says all that counts, as one types it", () => {
  const { retention, rules, purge, limits } = JSON.parse(writeConfig(read(POLICY)));
  assertEquals(retention.keep_best, [
    { metric: "loss", mode: "min", n: 3, over: "latest" },
    { metric: "f1", mode: "max", n: 1, over: "latest", per: "model" },
  ]);
  assertEquals(retention.keep_within, "1.5h");
  const [churn, vision] = rules;
  assertEquals(churn.group_by, null);
  assertEquals([churn.keep_last, churn.keep_within, churn.keep_best], [
    50,
    "1.5h",
    retention.keep_best,
  ]);
  assertEquals([vision.group_by, vision.keep_within, vision.tags], [
    "team",
    "36h",
    ["team=vision", "7"],
  ]);
  assertEquals(purge.after, "14d");
  assertEquals(limits, { max_share: "33.3%", max_runs: 500 });
});
