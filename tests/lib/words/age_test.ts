import { assertEquals } from "@std/assert";
import { ageText } from "../../../lib/words/age.ts";
import { DAY } from "../../_support/builders.ts";

Deno.test("ageText() names the bounds of an age", () => {
  assertEquals(
    [{ from: 0, to: DAY }, { from: 30 * DAY, to: 90 * DAY }, { from: 730 * DAY, to: null }]
      .map(ageText),
    ["< 1 d", "30–90 d", "≥ 730 d"],
  );
});
