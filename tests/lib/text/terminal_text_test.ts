import { assertEquals } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import {
  jsonInLines,
  jsonPieces,
  jsonText,
  padText,
  shortenText,
  textWidth,
  visibleLines,
  visibleText,
} from "../../../lib/text/terminal_text.ts";
import { unicodeText } from "../../_support/unicode_text.ts";

Deno.test("visibleText() leaves names of any language alone", () => {
  for (
    const name of ["sunny-crane-1", "이미지 분류 실험", "naïve café", "🚀 rocket", "C:\\runs", ""]
  ) {
    assertEquals(visibleText(name), name);
  }
});

Deno.test("visibleText() shows control characters instead of sending them", () => {
  assertEquals(visibleText("a\x1b[31mb\x07\x00\x7f\x9b0m"), "a\\x1b[31mb\\x07\\x00\\x7f\\x9b0m");
  assertEquals(visibleText("two\r\n\tlines"), "two\\r\\n\\tlines");
});

Deno.test("visibleText() shows what would reverse or split a line", () => {
  assertEquals(
    visibleText("a\u202eb\u2066c\u200fd\u2028e\ufefff\ud800"),
    "a\\u202eb\\u2066c\\u200fd\\u2028e\\ufefff\\ud800",
  );
});

Deno.test("visibleText() never lets a control character through, and does so at once", () => {
  fc.assert(fc.property(unicodeText(), (text) => {
    const visible = visibleText(text);
    assertEquals(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(visible), false);
    assertEquals(visibleText(visible), visible);
  }));
});

Deno.test("textWidth() counts two columns for Korean, Chinese, Japanese and emoji", () => {
  const widths = ["한글", "漢字", "かな", "ｆｕ", "🚀", "ab", "é", "…", "ｱ", "①"].map(textWidth);
  assertEquals(widths, [4, 4, 4, 4, 2, 2, 1, 1, 1, 1]);
});

Deno.test("textWidth() counts a character that was written in parts once", () => {
  assertEquals(["한글", "é", "パ"].map((text) => textWidth(text.normalize("NFD"))), [4, 1, 2]);
});

Deno.test("textWidth() counts two columns for a flag and none for joiners", () => {
  assertEquals(["🇰🇷", "\u200b", "\u200d", "\u00ad"].map(textWidth), [2, 0, 0, 0]);
});

Deno.test("textWidth() counts two columns for an emoji of many parts", () => {
  const emoji = ["👨‍👩‍👧", "❤️", "1️⃣", "👍🏽", "🏳️‍🌈", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"];
  assertEquals(emoji.map(textWidth), emoji.map(() => 2));
  assertEquals(textWidth("가족 👨‍👩‍👧 1"), 9);
});

Deno.test("textWidth() counts parts that make no emoji one by one", () => {
  assertEquals(["a\u200db", "क्‍ष", "1\ufe0f", "\u{1f3fd}"].map(textWidth), [2, 2, 1, 2]);
});

Deno.test("shortenText() never cuts an emoji apart", () => {
  assertEquals(shortenText("run 👨‍👩‍👧👨‍👩‍👧", 7), "run 👨‍👩‍👧…");
  assertEquals(shortenText("run 👨‍👩‍👧👨‍👩‍👧", 6), "run …");
});

Deno.test("shortenText() cuts between characters and never exceeds the width", () => {
  assertEquals(shortenText("baseline", 8), "baseline");
  assertEquals(shortenText("baseline", 5), "base…");
  assertEquals(shortenText("이미지 분류", 6), "이미…");
  assertEquals(shortenText("🚀🚀🚀", 4), "🚀…");
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 20 }), (text, width) => {
      assertEquals(textWidth(shortenText(text, width)) <= width, true);
    }),
  );
});

Deno.test("shortenText() leaves everything alone where the width is endless", () => {
  assertEquals(shortenText("a".repeat(1_000), Infinity).length, 1_000);
});

Deno.test("padText() fills up on either side and leaves a text alone that is wide enough", () => {
  assertEquals(padText("한글", 6, "left"), "한글  ");
  assertEquals(padText("한글", 6, "right"), "  한글");
  assertEquals(padText("baseline", 6, "right"), "baseline");
});

Deno.test("jsonText() shows no terminal a control character, and whoever reads it the same names", () => {
  fc.assert(
    fc.property(
      fc.dictionary(unicodeText(), unicodeText()),
      (value) => {
        for (const text of [jsonText(value), jsonText(value, 2)]) {
          assertEquals(JSON.parse(text), JSON.parse(JSON.stringify(value)));
          assertEquals(visibleText(text.replaceAll("\n", "")), text.replaceAll("\n", ""));
        }
      },
    ),
  );
});

Deno.test("visibleLines() lets lines pass, our own colours where there are any, and nothing else that moves a terminal", () => {
  const text = "\x1b[31mred\x1b[39m\nnext\x1b[2J\x1b[31;5m\x9b\u202e\r\n";
  assertEquals(
    visibleLines(text, { color: true }),
    "\x1b[31mred\x1b[39m\nnext\\x1b[2J\\x1b[31;5m\\x9b\\u202e\\r\n",
  );
  assertEquals(
    visibleLines(text),
    "\\x1b[31mred\\x1b[39m\nnext\\x1b[2J\\x1b[31;5m\\x9b\\u202e\\r\n",
  );
});

Deno.test("jsonPieces() gives piece by piece what jsonText() gives at once, and jsonInLines() the same in lines", () => {
  const long = Array.from({ length: 1_201 }, (_, index) => ({ index, name: `a\u202e"${index}` }));
  const gaps = [undefined, ...long.map(({ index }) => index)];
  for (
    const document of [
      null,
      [],
      {},
      "text",
      { a: undefined },
      long,
      { a: 1, none: undefined, long, of: { long, "b\u0007": [] }, gaps, end: null },
      { at: new Date(0), long },
    ]
  ) {
    const pieces = [...jsonPieces(document)];
    assertEquals(pieces.join(""), jsonText(document));
    assertEquals(pieces.every(({ length }) => length < 40_000), true);
    const lines = [...jsonInLines(document)];
    assertEquals(JSON.parse(lines.join("")), JSON.parse(jsonText(document)));
    assertEquals(lines.every(({ length }) => length < 40_000), true);
  }
});
