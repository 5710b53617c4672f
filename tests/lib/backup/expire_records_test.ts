import { assertEquals } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { expireRecords, type RecordCopy } from "../../../lib/backup/expire_records.ts";

const copyOf = (path: string, keptAt: number): RecordCopy => ({
  path,
  stamp: "s",
  text: `${path} ${keptAt}`,
  keptAt,
});
const going = (copies: readonly RecordCopy[], olderThan: number, there: readonly string[]) => {
  const rules = { olderThan, now: 100, isThere: (path: string) => there.includes(path) };
  return [...expireRecords(copies, rules)].map(({ text }) => text);
};

Deno.test("expireRecords() lets old copies go that a newer one follows", () => {
  const copies = [copyOf("a", 10), copyOf("b", 10), copyOf("a", 50), copyOf("a", 95)];
  assertEquals(going(copies, 20, ["a", "b"]), ["a 10", "a 50"]);
  assertEquals(going(copies, 60, ["a", "b"]), ["a 10"]);
});

Deno.test("expireRecords() lets old copies go of what has left the store, and young ones stay", () => {
  const copies = [copyOf("a", 10), copyOf("b", 95)];
  assertEquals(going(copies, 20, []), ["a 10"]);
  assertEquals(going(copies, 90, []), []);
});

Deno.test("expireRecords() never takes the newest copy of what is in the store, nor a young one", () => {
  const copies = fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.nat({ max: 100 })))
    .map((drawn) =>
      drawn.toSorted(([, left], [, right]) => left - right).map(([path, at]) => copyOf(path, at))
    );
  const there = fc.uniqueArray(fc.constantFrom<string>("a", "b", "c"));
  fc.assert(fc.property(copies, fc.nat({ max: 120 }), there, (all, olderThan, present) => {
    const rules = {
      olderThan,
      now: 100,
      isThere: (path: string) => present.includes(path),
    };
    const gone = expireRecords(all, rules);
    for (const path of present) {
      const newest = all.findLast((copy) => copy.path === path);
      assertEquals(newest !== undefined && gone.has(newest), false);
    }
    assertEquals([...gone].filter(({ keptAt }) => 100 - keptAt <= olderThan), []);
  }));
});
