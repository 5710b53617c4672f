import { assertEquals } from "@std/assert";
import {
  integerOf,
  isAbsent,
  type MetaNode,
  scalar,
  textOf,
  unquoted,
} from "../../../lib/yaml/node.ts";

const COLLECTIONS: readonly MetaNode[] = [
  { kind: "sequence", items: [scalar("a")] },
  { kind: "mapping", entries: new Map([["a", scalar(1)]]) },
];

Deno.test("textOf() gives the text of any scalar but null, whatever Python takes it for", () => {
  const written = ["churn", "3", "no", "2024-01-01", "~", ""].map(unquoted);
  assertEquals(written.map(textOf), ["churn", "3", "no", "2024-01-01", null, null]);
  assertEquals(["null", "~", ""].map((text) => textOf(scalar(text))), ["null", "~", ""]);
  assertEquals([undefined, ...COLLECTIONS].map(textOf), [null, null, null]);
});

Deno.test("integerOf() gives what is an integer to Python, and can be counted with", () => {
  const written = ["3", "0123", "-1", "1.5", "1e5", "9007199254740991", "9007199254740992", "no"];
  assertEquals(written.map((text) => integerOf(unquoted(text))), [
    ...[3, 83, -1, null, null],
    ...[9007199254740991, null, null],
  ]);
  assertEquals([undefined, scalar("3"), ...COLLECTIONS].map(integerOf), [null, null, null, null]);
});

Deno.test("isAbsent() takes null for nothing, and an empty text for something", () => {
  assertEquals([undefined, scalar(null), unquoted("~"), unquoted("")].map(isAbsent), [
    ...[true, true, true, true],
  ]);
  assertEquals([scalar(""), scalar("null"), scalar(0), ...COLLECTIONS].map(isAbsent), [
    ...[false, false, false, false, false],
  ]);
});
