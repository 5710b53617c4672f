import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { makeRunName } from "../../../lib/tracking/run_name.ts";

Deno.test("makeRunName() gives two words and a number, at most 20 characters", () => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(fc.property(chance, chance, chance, (...numbers) => {
    const left = [...numbers];
    const name = makeRunName(() => left.shift() ?? 0);
    assertMatch(name, /^[a-z]+-[a-z]+-\d{1,3}$/);
    assert(name.length <= 20, name);
  }));
});

Deno.test("makeRunName() uses its first and last words", () => {
  assertEquals(makeRunName(() => 0), "able-auk-0");
  assertEquals(makeRunName(() => 1 - Number.EPSILON), "wise-zebra-999");
});
