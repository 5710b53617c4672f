import { assertEquals } from "@std/assert";
import { OneEntry } from "../../../../tasks/_database/scan/one_entry.ts";

Deno.test("a map of one entry says all that a map says of one", () => {
  const [one, map] = [new OneEntry("loss", 0.5), new Map([["loss", 0.5]])];
  const all = (of: ReadonlyMap<string, number>) => {
    const given: [string, number][] = [];
    of.forEach((value, key) => given.push([key, value]));
    return {
      given,
      size: of.size,
      found: of.get("loss"),
      missing: of.get("accuracy"),
      has: [of.has("loss"), of.has("accuracy")],
      lists: [[...of], [...of.entries()], [...of.keys()], [...of.values()]],
    };
  };
  assertEquals(all(one), all(map));
});

Deno.test("a map of one entry finds a key that equals nothing, as a map does", () => {
  assertEquals([new OneEntry(NaN, 1).get(NaN), new OneEntry(0, 1).get(-0)], [1, 1]);
});
