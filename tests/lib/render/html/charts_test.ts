import { assertEquals, assertStringIncludes } from "@std/assert";
import { ageChart, bar } from "../../../../lib/render/html/charts.ts";
import { DAY } from "../../../_support/builders.ts";

Deno.test("bar() draws what stays, then what goes, as parts of the longest bar", () => {
  assertEquals(
    bar({ stays: 30, goes: 10 }, 80).html.match(/<rect .*?>/gs)?.map((rectangle) =>
      rectangle.replace(/\s+/g, " ")
    ),
    [
      '<rect class="stays" x="0" y="0" width="37.5" height="10" />',
      '<rect class="goes" x="37.5" y="0" width="12.5" height="10" />',
    ],
  );
  assertEquals(bar({ stays: 0, goes: 0 }, 0).html.includes("rect"), false);
});

Deno.test("ageChart() says in words what it draws", () => {
  const { html } = ageChart([
    { from: 0, to: DAY, runs: 0, goes: 0 },
    { from: DAY, to: 7 * DAY, runs: 1_200, goes: 0 },
    { from: 7 * DAY, to: null, runs: 3, goes: 2 },
  ]);
  assertStringIncludes(
    html,
    'aria-label="Runs by age. 1–7 d: 1,200; ≥ 7 d: 3, of which 2 go"',
  );
  assertEquals(html.match(/<rect\s/g)?.length, 3);
});
