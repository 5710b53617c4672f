import { assertEquals } from "@std/assert";
import { markup, NOTHING } from "../../../../lib/render/html/markup.ts";

Deno.test("markup() escapes all that it is given, but for what it made itself", () => {
  const bold = markup`<b title="${`a"b'c`}">${"<script>&"}</b>`;
  assertEquals(bold.html, '<b title="a&quot;b&#39;c">&lt;script&gt;&amp;</b>');
  assertEquals(markup`${[bold, " ", 12, NOTHING, ["</p>"]]}`.html, `${bold.html} 12&lt;/p&gt;`);
});

Deno.test("markup() spells out what would change the order of a text, and shortens a page of it", () => {
  assertEquals(
    markup`${"a\u202eb\u0000\n"}${"한".repeat(5000)}`.html,
    `a\\u202eb\\x00\\n${"한".repeat(199)}…`,
  );
});
