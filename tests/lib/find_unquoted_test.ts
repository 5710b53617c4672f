import { assertEquals, assertThrows } from "@std/assert";
import { findUnquoted } from "../../lib/find_unquoted.ts";
import { loadYaml, MetaYamlError } from "../../lib/load_yaml.ts";

function unquotedPaths(source: string, words: readonly string[], ...paths: readonly string[]) {
  const isUnquoted = findUnquoted(source, loadYaml(source), new Set(words));
  return paths.filter((path) => isUnquoted(path.split("/")));
}

Deno.test("findUnquoted() finds words among keys, longer text, comments and quoted text", () => {
  const source = `no: no # no
"no": {no: no, on: 'no', "a no b": no}
text: no, thank you
more: "say no \\
  no"
block: |-
  no
list: [no, "no", *x, &x no]
`.replace("*x, &x no", "&x no, *x");
  const paths = ["text", "more", "block", "no/no", "no/on", "no/a no b"];
  assertEquals(
    unquotedPaths(source, ["no"], ...paths, "list/0", "list/1", "list/2", "list/3"),
    ["no/no", "no/a no b", "list/0", "list/2", "list/3"],
  );
});

Deno.test("findUnquoted() finds a date whose spaces are a line break", () => {
  const source = "first:\n  2024-01-01\n  10:00:00\nsecond: '2024-01-01\n  10:00:00'\n";
  assertEquals(
    unquotedPaths(source, ["2024-01-01 10:00:00"], "first", "second"),
    ["first"],
  );
});

Deno.test("findUnquoted() reads a text of thousands of words once, unless they are keys, too", () => {
  const values = `a: [${"no, ".repeat(50_000)}]\n`;
  assertEquals(unquotedPaths(values, ["no"], "a/0", "a/49999", "a/50000"), ["a/0", "a/49999"]);
  const keys = `a: [${"no, {no: 'no'}, ".repeat(10_000)}]\n`;
  assertThrows(
    () => unquotedPaths(keys, ["no"], "a/0"),
    MetaYamlError,
    "too many words to tell apart",
  );
});
