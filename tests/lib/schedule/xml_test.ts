import { assertEquals } from "@std/assert";
import { xmlLines } from "../../../lib/schedule/xml.ts";

Deno.test("xmlLines() escapes texts, and closes an element that holds nothing", () => {
  assertEquals(
    xmlLines([{ comment: "why" }, ["a", [["b", ""], ["c", "x < y && z > 1"]], ' d="e"']]),
    [
      "<!-- why -->",
      '<a d="e">',
      "  <b/>",
      "  <c>x &lt; y &amp;&amp; z &gt; 1</c>",
      "</a>",
    ],
  );
});
