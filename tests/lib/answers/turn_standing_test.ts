import { assert, assertEquals } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { above, below } from "../../../lib/answers/turn_standing.ts";
import { parseDuration, typedDuration } from "../../../lib/text/units.ts";

const DAY = 86_400_000;

Deno.test("above() and below() give limits in days, or hours up to two days", () => {
  const limits = (age: string) =>
    [above, below].map((limit) => typedDuration(limit(parseDuration(age))));
  assertEquals(limits("45d9m"), ["47d", "45d"]);
  assertEquals(limits("45d"), ["46d", "44d"]);
  assertEquals(limits("1d23h1m"), ["3d", "1d23h"]);
  assertEquals(limits("30m"), ["1d1h", "0d"]);
  assertEquals(typedDuration(below(parseDuration("1d1h"), parseDuration("15m"))), "1d45m");
  assert(below(0) < 0);
});

Deno.test("above() is not passed within a day, and below() has been", () => {
  fc.assert(fc.property(fc.nat({ max: 1000 * DAY }), (age) => {
    assert(above(age) >= age + DAY && above(age) < age + 2 * DAY);
    assert(below(age) < age && below(age) >= age - DAY);
  }));
});
