import { assert, assertEquals } from "@std/assert";
import { renderRules, rulesTable } from "../../../lib/render/rules.ts";
import { RULES } from "../../../lib/verify/rules.ts";

Deno.test("renderRules() says of each rule how bad it is, what MLflow does and what to do", () => {
  const text = renderRules();
  assert(text.includes(`\
experiment-meta-empty
  stores       files
  MLflow 2.22  error
  MLflow 3.17  warning
  migration    skips
  then         MLflow before 3.2 lists no experiment at all, later ones warn on every listing
  remedy       \`deno task repair\`
`));
  assert(text.includes(`\
metric-point-twice
  stores       files
  MLflow 2.22  -
  MLflow 3.17  -
  migration    aborts
`));
  assertEquals(RULES.filter(({ id }) => !text.includes(id)), []);
});

Deno.test("rulesTable() has a row for each rule, errors first", () => {
  const [head, line, ...rows] = rulesTable().split("\n");
  assertEquals(
    head,
    "| Rule | Stores | MLflow 2.22 | MLflow 3.17 | Migration | What MLflow does | Remedy |",
  );
  assertEquals(line, "| --- | --- | --- | --- | --- | --- | --- |");
  assertEquals(rows.length, RULES.length);
  const ranks = rows.map((row) =>
    ["error", "warning", "info", ""].findIndex((each) => row.includes(each))
  );
  assertEquals(ranks.filter((rank) => rank === 0), ranks.slice(0, ranks.lastIndexOf(0) + 1));
  assert(rows.every((row) => row.split(" | ").length === 7));
});
