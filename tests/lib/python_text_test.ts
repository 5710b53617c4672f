import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { pythonFloat, pythonText } from "../../lib/python_text.ts";

Deno.test("pythonFloat() spells numbers as Python 3 does", () => {
  const spelled: readonly (readonly [number, string])[] = [
    [0, "0.0"],
    [-0, "-0.0"],
    [1, "1.0"],
    [-2.5, "-2.5"],
    [0.1 + 0.2, "0.30000000000000004"],
    [0.0001, "0.0001"],
    [0.00001, "1e-05"],
    [1.5e-7, "1.5e-07"],
    [9999999999999998, "9999999999999998.0"],
    [1e16, "1e+16"],
    [1.25e21, "1.25e+21"],
    [1e22, "1e+22"],
    [5e-324, "5e-324"],
    [Number.MAX_VALUE, "1.7976931348623157e+308"],
    [NaN, "nan"],
    [Infinity, "inf"],
    [-Infinity, "-inf"],
  ];
  assertEquals(spelled.map(([value]) => pythonFloat(value)), spelled.map(([, text]) => text));
});

Deno.test("pythonFloat() writes what reads back as the same number", () => {
  fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
    assertEquals(Number(pythonFloat(value)), value);
  }));
});

Deno.test("pythonText() spells values as str() does, and structures as JSON", () => {
  const spelled: readonly (readonly [unknown, string | null])[] = [
    ["", ""],
    ["  two\nlines ", "  two\nlines "],
    ["half \ud83d of a pair", "half \ufffd of a pair"],
    [3, "3"],
    [-0, "0"],
    [2 ** 53, "9007199254740992.0"],
    [12345678901234567890n, "12345678901234567890"],
    [1e-7, "1e-07"],
    [NaN, "nan"],
    [true, "True"],
    [false, "False"],
    [null, "None"],
    [undefined, "None"],
    [[1, "a"], '[1,"a"]'],
    [{ a: { b: null } }, '{"a":{"b":null}}'],
    [() => 1, null],
    [Symbol("s"), null],
    [{ big: 1n }, null],
  ];
  assertEquals(spelled.map(([value]) => pythonText(value)), spelled.map(([, text]) => text));
});

Deno.test("pythonText() has no text for what contains itself", () => {
  const loop: unknown[] = [];
  loop.push(loop);
  assertEquals(pythonText(loop), null);
});
