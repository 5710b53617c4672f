import { assertEquals, assertThrows } from "@std/assert";
import { deepFreeze } from "./deep_freeze.ts";

Deno.test("deepFreeze() makes objects, arrays and maps refuse changes, however deep", () => {
  const fixture = { list: [{ name: "a" }], map: new Map([["key", { value: 1 }]]) };
  const frozen = deepFreeze(fixture);
  assertThrows(() => frozen.list.push({ name: "b" }), TypeError);
  assertThrows(() => frozen.list[0]!.name = "b", TypeError);
  assertThrows(() => frozen.map.get("key")!.value = 2, TypeError);
  assertThrows(() => frozen.map.set("key", { value: 2 }), TypeError, "frozen map");
  assertThrows(() => frozen.map.delete("key"), TypeError, "frozen map");
  assertThrows(() => frozen.map.clear(), TypeError, "frozen map");
  assertEquals(deepFreeze(frozen), {
    list: [{ name: "a" }],
    map: new Map([["key", { value: 1 }]]),
  });
});
