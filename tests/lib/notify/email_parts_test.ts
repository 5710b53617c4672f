import { assert, assertEquals } from "@std/assert";
import { emailParts } from "../../../lib/notify/email_parts.ts";

Deno.test("emailParts() says the same in HTML, where nothing is markup that was none", () => {
  const { subject, text, html } = emailParts({
    title: `mltidy <b>"x"</b>`,
    mood: "attention",
    facts: [["Store", "/data/<script>"]],
    lines: ["Failed: <img src=x>"],
    undo: "deno task restore 'a&b'",
    link: 'https://ci.example.org/"onclick="x',
  });
  assertEquals(subject, `mltidy <b>"x"</b>`);
  assert(text.includes("Failed: <img src=x>\n"));
  const tags = [...html.matchAll(/<(\w+)[^>]*>/g)].map(([, name]) => name);
  assertEquals(tags, [
    ...["html", "body", "h1", "table", "tr", "td", "td", "ul", "li", "p", "code", "p", "a"],
  ]);
  assert(html.includes('<a href="https://ci.example.org/&quot;onclick=&quot;x">'), html);
});

Deno.test("emailParts() makes nothing to click of what is no address of the web", () => {
  const parts = emailParts({
    ...{ title: "t", mood: "good", facts: [], lines: [], undo: null },
    link: "javascript:alert(1)",
  });
  assert(!parts.html.includes("<a "));
});
