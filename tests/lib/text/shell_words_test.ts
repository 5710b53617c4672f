import { assertEquals } from "@std/assert";
import { shellWords } from "../../../lib/text/shell_words.ts";

Deno.test("shellWords() quotes what a shell would take for something else", () => {
  assertEquals(
    shellWords(["--store", "/a/b-c", "my runs", "it's", "$(x)", ""]),
    `--store /a/b-c 'my runs' 'it'\\''s' '$(x)' ''`,
  );
});

Deno.test("shellWords() spells out what no terminal may be sent, so that it can be typed", () => {
  assertEquals(
    shellWords(["a\x1b[2J'\\\u202e\n"]),
    String.raw`$'a\u001b[2J\'\\\u202e\u000a'`,
  );
});
