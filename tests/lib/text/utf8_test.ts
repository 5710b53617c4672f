import { assertEquals } from "@std/assert";
import { utf8Bytes, utf8Length } from "../../../lib/text/utf8.ts";

const TEXTS = [
  "",
  "plain %41\r\n\0",
  "정리됨 143",
  "a😀😀b",
  "é/?#&:@",
  "half \ud83d of a pair",
  "\udc00",
];

Deno.test("utf8Bytes() writes the same bytes as a TextEncoder", () => {
  for (const text of TEXTS) {
    assertEquals(utf8Bytes(text), new TextEncoder().encode(text), JSON.stringify(text));
  }
});

Deno.test("utf8Length() counts the bytes that a TextEncoder writes", () => {
  for (const text of TEXTS) {
    assertEquals(utf8Length(text), new TextEncoder().encode(text).length, JSON.stringify(text));
  }
});
