import { assertEquals, assertMatch } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { fingerprintOf } from "../../../lib/snapshot/fingerprint.ts";

Deno.test("fingerprintOf() is the same in every version: saved plans carry it", () => {
  assertEquals(fingerprintOf([]), "811c9dc59747b28c");
  assertEquals(fingerprintOf(["meta", "한글"]), "d030da1c9608131b");
});

Deno.test("fingerprintOf() is 16 hexadecimal digits, whatever it digests", () => {
  fc.assert(fc.property(fc.array(fc.string()), (parts) => {
    assertMatch(fingerprintOf(parts), /^[0-9a-f]{16}$/);
  }));
});

Deno.test("fingerprintOf() differs by content, order and boundaries", () => {
  const sequences = [
    [],
    [""],
    ["", ""],
    ["ab"],
    ["a", "b"],
    ["b", "a"],
    ["ab", ""],
    ["", "ab"],
    ["a\0b"],
    ["a\u0001", "b"],
    ["A", "b"],
    ["가"],
    ["\ud83d\ude00"],
  ];
  assertEquals(new Set(sequences.map(fingerprintOf)).size, sequences.length);
});

Deno.test("fingerprintOf() tells any two different sequences apart, as far as anyone tries", () => {
  const parts = fc.array(fc.string({ maxLength: 4 }), { maxLength: 4 });
  fc.assert(
    fc.property(parts, parts, (left, right) => {
      const same = JSON.stringify(left) === JSON.stringify(right);
      assertEquals(fingerprintOf(left) === fingerprintOf(right), same);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("fingerprintOf() reads its parts once, one by one", () => {
  function* parts() {
    yield "a";
    yield "b";
  }
  assertEquals(fingerprintOf(parts()), fingerprintOf(["a", "b"]));
});
