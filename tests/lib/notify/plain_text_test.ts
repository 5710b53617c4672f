import { assert, assertEquals } from "@std/assert";
import { cutText, plainText } from "../../../lib/notify/plain_text.ts";
import { utf8Length } from "../../../lib/text/utf8.ts";

Deno.test("plainText() sets what was not done apart from the facts", () => {
  const text = plainText({
    title: "t",
    mood: "bad",
    facts: [["Store", "/data"]],
    lines: ["Failed: purge-run"],
    undo: "deno task restore x",
    link: "https://ci.example.org",
  });
  assertEquals(
    text,
    "Store: /data\n\nFailed: purge-run\n\nTo undo: deno task restore x\nReport: https://ci.example.org\n",
  );
});

Deno.test("cutText() keeps to its measure, and cuts no character in two", () => {
  for (const text of ["정리됨 143", "a😀😀😀b", "plain"]) {
    for (let most = 3; most < 20; most++) {
      const cut = cutText(text, most, utf8Length);
      assert(utf8Length(cut) <= most && cut.isWellFormed());
      assertEquals(cut === text, utf8Length(text) <= most);
    }
  }
});
