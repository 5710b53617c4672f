import { assertEquals } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import {
  pythonFloat,
  pythonLines,
  pythonLinesWithEnds,
  pythonStripped,
  pythonText,
  readPythonFloat,
  readPythonInteger,
} from "../../../lib/text/python_text.ts";

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

Deno.test("pythonLines() cuts where str.splitlines() does", () => {
  assertEquals(pythonLines(""), []);
  assertEquals(pythonLines("a"), ["a"]);
  assertEquals(pythonLines("a\n\nb\n"), ["a", "", "b"]);
  assertEquals(
    pythonLines("1\r\n2\r3\v4\f5\x1C6\x1D7\x1E8\x859\u2028a\u2029b\x1Fc\n\r"),
    ["1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b\x1Fc", ""],
  );
});

Deno.test("pythonLinesWithEnds() cuts where pythonLines() does, and loses nothing", () => {
  const unit = fc.constantFrom(..."ab\n\r\v\f\x1C\x1D\x1E\x1F\x85\u2028\u2029");
  fc.assert(fc.property(fc.string({ unit }), (text) => {
    const lines = pythonLinesWithEnds(text);
    assertEquals(lines.join(""), text);
    assertEquals(lines.flatMap(pythonLines), pythonLines(text));
  }));
});

Deno.test("pythonStripped() takes away what str.strip() does, so no byte order mark", () => {
  assertEquals(pythonStripped(" \t\x1C\x1F\x85\xA0\u3000a b\u2028 "), "a b");
  assertEquals(pythonStripped(" \uFEFFa\u200B "), "\uFEFFa\u200B");
  assertEquals(pythonStripped(" \n "), "");
});

Deno.test("readPythonInteger() reads what int() does", () => {
  const read: readonly (readonly [string, number | null])[] = [
    ["0017", 17],
    [" +1_777\x85", 1777],
    ["1\x1F", null],
    ["-１２", -12],
    ["٣٤", 34],
    ["𝟘𝟙𝟗", 19],
    ["1__0", null],
    ["_1", null],
    ["1.0", null],
    ["0x1", null],
    ["²", null],
    ["\uFEFF1", null],
    ["", null],
  ];
  assertEquals(read.map(([text]) => readPythonInteger(text)), read.map(([, number]) => number));
});

Deno.test("readPythonFloat() reads what float() does", () => {
  const read: readonly (readonly [string, number | null])[] = [
    ["1", 1],
    ["5.", 5],
    [" -.5\t", -0.5],
    ["1_0.2_5E-0_3", 0.01025],
    ["１.５", 1.5],
    ["1e999", Infinity],
    ["-Inf", -Infinity],
    ["+infinity", Infinity],
    ["\x1CNaN", null],
    ["NaN", NaN],
    ["-nan", NaN],
    [".", null],
    ["1._5", null],
    ["1e", null],
    ["infinit", null],
    ["\uFEFF1", null],
    ["", null],
  ];
  assertEquals(read.map(([text]) => readPythonFloat(text)), read.map(([, number]) => number));
});
