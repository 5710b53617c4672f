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

Deno.test({
  name: "shellWords() writes what bash reads as the same words",
  ignore: Deno.build.os === "windows",
  fn() {
    const words = ["a\x1b[2J'\\b\x07\u202e\u009b\u2028\n'", "it's", "$(x)", "한글 \u0001"];
    const { stdout } = new Deno.Command("bash", {
      args: ["-c", `printf '%s\\0' ${shellWords(words)}`],
      env: { LC_ALL: "C.UTF-8" },
    }).outputSync();
    assertEquals(new TextDecoder().decode(stdout), words.map((word) => `${word}\0`).join(""));
  },
});
