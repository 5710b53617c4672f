import { assertEquals } from "@std/assert";
import { quoteText } from "../../../lib/text/quote_text.ts";

Deno.test("quoteText() writes a short text as JSON does", () => {
  assertEquals(quoteText('0.5 "\n'), '"0.5 \\"\\n"');
  assertEquals(quoteText("x".repeat(60)), `"${"x".repeat(60)}"`);
});

Deno.test("quoteText() shows the beginning of a long text, and never half a character", () => {
  assertEquals(quoteText("x".repeat(61)), `"${"x".repeat(60)}"…`);
  assertEquals(quoteText("😀".repeat(60)), `"${"😀".repeat(60)}"`);
  assertEquals(quoteText(`${"😀".repeat(61)}`), `"${"😀".repeat(60)}"…`);
});
