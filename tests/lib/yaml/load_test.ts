import { assertEquals } from "@std/assert";
import { locateYaml, type YamlPlace } from "../../../lib/yaml/load.ts";

/** Every value of a text by its path, with its line. */
function linesOf(text: string): Readonly<Record<string, number>> {
  const walk = (path: string, { line, members }: YamlPlace): readonly [string, number][] => [
    [path, line],
    ...[...members].flatMap(([part, inner]) => walk(`${path}/${part}`, inner)),
  ];
  return Object.fromEntries(walk("", locateYaml(text).root));
}

Deno.test("locateYaml() finds values, whatever comments, other sections and deeper keys are called", () => {
  const text = `# n: { m: 1 }
n: "#1" # m:
list:
- n: a # m: 2
  m: { n: 1 }
- m: ['it''s # one'] # n
  n:
    - n: 3
      # m: 1
      m: 4
m:
  # n: 20
  n: x
`;
  assertEquals(linesOf(text), {
    "": 1,
    "/n": 2,
    "/list": 3,
    "/list/0": 4,
    "/list/0/n": 4,
    "/list/0/m": 5,
    "/list/0/m/n": 5,
    "/list/1": 6,
    "/list/1/m": 6,
    "/list/1/m/0": 6,
    "/list/1/n": 7,
    "/list/1/n/0": 8,
    "/list/1/n/0/n": 8,
    "/list/1/n/0/m": 10,
    "/m": 11,
    "/m/n": 13,
  });
});

Deno.test("locateYaml() finds values in brackets and braces over several lines, and behind question marks", () => {
  assertEquals(linesOf("a: [\n  { b: 1,\n    c: 2 },\n  d: 3\n]\n"), {
    "": 1,
    "/a": 1,
    "/a/0": 2,
    "/a/0/b": 2,
    "/a/0/c": 3,
    "/a/1": 4,
    "/a/1/d": 4,
  });
  assertEquals(linesOf("? a\n:\n  ?\n    b\n  : - 1\n    -\n    - 3\n"), {
    "": 1,
    "/a": 1,
    "/a/b": 4,
    "/a/b/0": 5,
    "/a/b/1": 6,
    "/a/b/2": 7,
  });
});

Deno.test("locateYaml() names the first key that its mapping has already", () => {
  const repeatedIn = (text: string) => locateYaml(text).repeated;
  assertEquals(repeatedIn("a: { b: 1 }\nb: { b: 1 }\n"), null);
  assertEquals(repeatedIn("a: {\n  b: 1,\n  'b': 2 }\na: 3\n"), { key: "b", line: 3 });
  assertEquals(repeatedIn("? a\n: 1\n? a\n: 2\n"), { key: "a", line: 3 });
});

Deno.test("locateYaml() keeps what it found before the text ends to be YAML", () => {
  const { root, error } = locateYaml("a:\n  b: 1\n  c: *d\n");
  assertEquals(root.members.get("a")?.members.get("b")?.line, 2);
  assertEquals(error?.line, 3);
});

Deno.test("locateYaml() asks nothing of what Python would make of a word", () => {
  assertEquals(locateYaml("a: 2024-02-30\nb: =\nc: <<\n").error, null);
});
