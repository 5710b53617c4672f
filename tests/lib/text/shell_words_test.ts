import { assertEquals } from "@std/assert";
import { shellWords } from "../../../lib/text/shell_words.ts";

Deno.test("shellWords() quotes what a shell would take for something else", () => {
  assertEquals(
    shellWords(["--store", "/a/b-c", "my runs", "it's", "$(x)", ""]),
    `--store /a/b-c 'my runs' 'it'\\''s' '$(x)' ''`,
  );
});

Deno.test("shellWords() lets no word end its quotes, in a shell that cannot spell characters out either", () => {
  assertEquals(
    shellWords(["a\x01'; touch b; '"]),
    String.raw`$'a\u0001\x27; touch b; \x27'`,
  );
});

Deno.test("shellWords() spells out what no terminal may be sent, so that it can be typed", () => {
  assertEquals(
    shellWords(["a\x1b[2J'\\\u202e\n"]),
    String.raw`$'a\u001b[2J\x27\\\u202e\u000a'`,
  );
});
