import { assertEquals } from "@std/assert";
import { lineOf, repeatedKey, tabbedLine } from "../../../lib/policy/config_lines.ts";

const TEXT = `# limits: { max_runs: 1 }
store: "#1" # limits:
rules:
- experiments: a # keep_last: 2
  keep_best: { n: 1 }
  n: 3
- experiments: ['it''s # one'] # group_by
  keep_best:
    - metric: f1
      n: 2
    - metric: loss
      # mode: max
      n: 4
retention:
  # keep_last: 20
  keep_best:
    metric: loss
  keep_last: x
limits: { max_share: 2, max_runs: 0 }
`;

Deno.test("lineOf() finds a value, whatever comments, other sections and deeper keys are called", () => {
  const line = (...path: Parameters<typeof lineOf>[1]) => lineOf(TEXT, path);
  assertEquals(line("store"), 2);
  assertEquals(line("rules", 0), 4);
  assertEquals(line("rules", 0, "n"), 6);
  assertEquals(line("rules", 0, "keep_best", "n"), 5);
  assertEquals(line("rules", 1), 7);
  assertEquals(line("rules", 1, "keep_best", 0, "n"), 10);
  assertEquals(line("rules", 1, "keep_best", 1), 11);
  assertEquals(line("rules", 1, "keep_best", 1, "n"), 13);
  assertEquals(line("retention", "keep_best", 0, "metric"), 17);
  assertEquals(line("retention", "keep_last"), 18);
  assertEquals(line("limits", "max_runs"), 19);
});

Deno.test("lineOf() gives the line of the last key that there is", () => {
  assertEquals(lineOf(TEXT, ["retention", "keep_daily"]), 14);
  assertEquals(lineOf(TEXT, ["rules", 1, "keep_best", 7, "n"]), 8);
  assertEquals(lineOf("a: [\n  { b: 1 },\n  { b: x },\n]\n", ["a", 1, "b"]), 1);
  assertEquals(lineOf("", []), 1);
});

Deno.test("repeatedKey() names the key that a line has twice, or the only one", () => {
  assertEquals(repeatedKey("a: { n: 1, 'm': 2, n: 3 } # m: 4"), "n");
  assertEquals(repeatedKey("  keep_last: 3"), "keep_last");
});

Deno.test("tabbedLine() finds an indentation by tabs, not a tab elsewhere", () => {
  assertEquals(tabbedLine("a:\n \tb: 1\n"), 2);
  assertEquals(tabbedLine("a:\tb\n\t\n\t# c\n"), null);
});
