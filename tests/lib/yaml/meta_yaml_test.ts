import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import {
  editMetaYaml,
  type MetaDocument,
  type MetaNode,
  MetaYamlError,
  parseAnyMetaYaml,
  parseFlatMetaYaml,
  parseMetaYaml,
  pythonType,
  scalar,
  stringifyMetaYaml,
} from "../../../lib/yaml/meta_yaml.ts";
import { pythonInteger, unquoted } from "../../../lib/yaml/node.ts";
import { unicodeText } from "../../_support/unicode_text.ts";

function sequence(...items: readonly MetaNode[]): MetaNode {
  return { kind: "sequence", items };
}

function mapping(entries: Readonly<Record<string, MetaNode>>): MetaNode {
  return { kind: "mapping", entries: document(entries) };
}

function document(entries: Readonly<Record<string, MetaNode>>): MetaDocument {
  return new Map(Object.entries(entries));
}

/** Words that YAML 1.1, YAML 1.2 or their syntax give a meaning. */
const WORDS = [
  ..."yes no on off y n null ~ true False None 0 -1 +1 12 0123 0899 1e5 1.5 1.e+5 .5 5. inf nan .inf .nan",
  ..." : : # ' \" \\ [ ] { } , ? ! & * | > % @ ` - -- --- ... = << <<: a hello /b file:///a s3://b?c=d C:\\x",
].join("").split(" ").concat(
  ["1:30", "12:30:45", "2024-01-01", "2024-1-1", "0x1F", "0o17", "0b101", "1_000", "", " ", "  "],
  [": ", " #", "- ", "it's", "12345678901234567890123456789e12", "\\n", "__proto__"],
  [
    "\t",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    "\0",
    "\x07",
    "\x1b",
    "\x7f",
    "\x85",
    "\x9f",
    "\xa0",
    "\u2028",
  ],
  ["\u2029", "\ufeff", "\ufffd", "\ufffe", "\uffff", "가나", "é", "e\u0301", "٣", "Ⅷ", "😀", "𝒳"],
);

const anyText = fc.oneof(
  fc.array(fc.constantFrom(...WORDS), { maxLength: 5 }).map((words) => words.join("")),
  fc.array(fc.constantFrom(...WORDS), { maxLength: 5 }).map((words) => words.join(" ")),
  unicodeText(),
);
const anyScalar = fc.oneof(
  anyText.map(scalar),
  fc.constantFrom(...WORDS.filter((word) => !["", "=", "<<"].includes(word))).map(unquoted),
  fc.maxSafeInteger().map(scalar),
);
const { node: anyNode } = fc.letrec<{ node: MetaNode }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    anyScalar,
    fc.array(tie("node"), { maxLength: 3 }).map((items) => sequence(...items)),
    fc.uniqueArray(fc.tuple(anyText, tie("node")), { maxLength: 3, selector: ([key]) => key })
      .map((entries) => ({ kind: "mapping" as const, entries: new Map(entries) })),
  ),
}));
const anyDocument = fc.uniqueArray(fc.tuple(anyText, anyNode), {
  maxLength: 5,
  selector: ([key]) => key,
}).map((entries) => new Map(entries));

/** Lines as MLflow writes them, and lines that are nearly so. */
const anyLines = fc.array(
  fc.tuple(
    fc.constantFrom("name", "run_id", "tags", "a b", "yes", "'q'"),
    fc.constantFrom(": ", ":", " : ", ":  "),
    fc.oneof(
      anyText,
      anyText.map((text) => `'${text.replaceAll("'", "''")}'`),
      anyText.map((text) => `"${text}"`),
      fc.constantFrom("[]", "{}", "[] # empty", "\n- a", "\n  b: c"),
    ),
  ).map((parts) => parts.join("")),
  { maxLength: 4 },
).chain((lines) => fc.constantFrom("\n", "").map((end) => lines.join("\n") + end));

function outcome<T>(run: () => T): T | string {
  try {
    return run();
  } catch (error) {
    assert(error instanceof MetaYamlError);
    return error.message;
  }
}

Deno.test("parseMetaYaml() reads every scalar form of MLflow's own files", () => {
  const text = `artifact_uri: file:///data/my%20runs/1/artifacts
end_time: null
entry_point_name: ''
experiment_id: '420101650667246494'
quoted: 'it''s: 5'
run_id: 12345678901234567890123456789e12
start_time: 1700000000000
tags: []
aliases: {}
user_id: 0899
long: a name that goes on until the eightieth column has passed by, and so
  it folds
lines: 'one

  two'
escaped: "\\U0001F600\\N\\_\\L\\P\\e\\x41\\uAC00\\t and \\
  more"
`;
  const expected = document({
    artifact_uri: scalar("file:///data/my%20runs/1/artifacts"),
    end_time: scalar(null),
    entry_point_name: scalar(""),
    experiment_id: scalar("420101650667246494"),
    quoted: scalar("it's: 5"),
    run_id: scalar("12345678901234567890123456789e12"),
    start_time: scalar(1700000000000),
    tags: sequence(),
    aliases: mapping({}),
    user_id: scalar("0899"),
    long: scalar("a name that goes on until the eightieth column has passed by, and so it folds"),
    lines: scalar("one\ntwo"),
    escaped: scalar("😀\x85\xa0\u2028\u2029\x1bA가\t and more"),
  });
  assertEquals(parseMetaYaml(text), expected);
  assertEquals(parseMetaYaml(text.replaceAll("\n", "\r\n")), expected);
  assertEquals(parseMetaYaml(`\uFEFF${text}`), expected);
});

Deno.test("parseMetaYaml() reads hand edits", () => {
  const text = `%YAML 1.1
# a comment
---
name: &name on   # unquoted
same: *name
'on': "on"
list:
- 1:30
- '1:30'
- {when: 2024-01-01, "then": '2024-01-01'}
empty:
text: |
  yes
name2: first
name2: yes
...
`;
  assertEquals(
    parseMetaYaml(text),
    document({
      name: unquoted("on"),
      same: unquoted("on"),
      on: scalar("on"),
      list: sequence(
        unquoted("1:30"),
        scalar("1:30"),
        mapping({ when: unquoted("2024-01-01"), then: scalar("2024-01-01") }),
      ),
      empty: unquoted(""),
      text: scalar("yes\n"),
      name2: unquoted("yes"),
    }),
  );
});

Deno.test("parseMetaYaml() is not misled by a word that occurs elsewhere too", () => {
  assertEquals(
    parseMetaYaml("no: no\nnote: \"no\\nothing\"\nnot: 'no'\nnow: [no, 'no']\n"),
    document({
      no: unquoted("no"),
      note: scalar("no\nothing"),
      not: scalar("no"),
      now: sequence(unquoted("no"), scalar("no")),
    }),
  );
});

Deno.test("parseMetaYaml() is not misled by a word within a key, or made of an escape in one", () => {
  assertEquals(
    parseMetaYaml('"\\noff":\n  "": no\n  "no": \'no\'\n"1 no 2": off\n'),
    document({
      "\noff": mapping({ "": unquoted("no"), no: scalar("no") }),
      "1 no 2": unquoted("off"),
    }),
  );
});

Deno.test("parseMetaYaml() tells keys apart that are equal numbers", () => {
  assertEquals(
    parseMetaYaml("1e5: 'no'\n100000: no\n1_0: 5\n10: '5'\n"),
    document({
      "1e5": scalar("no"),
      "100000": unquoted("no"),
      "1_0": unquoted("5"),
      "10": scalar("5"),
    }),
  );
});

Deno.test("parseMetaYaml() knows words in every place where no quotes stand", () => {
  const text = `a: [no,off, "no , off", {on: yes,off : 1:30 }]
b: {"x":on, 'y': "on", z: {}}
c: &c   ~
d: *c
e: !!str 12
f:
  2024-01-01
   10:00:00
g: |-
  12
h: no, thank you
i: "\\
  12"
j: no # 'off'
`;
  assertEquals(
    parseMetaYaml(text),
    document({
      a: sequence(
        unquoted("no"),
        unquoted("off"),
        scalar("no , off"),
        mapping({ on: unquoted("yes"), off: unquoted("1:30") }),
      ),
      b: mapping({ x: unquoted("on"), y: scalar("on"), z: mapping({}) }),
      c: unquoted("~"),
      d: unquoted("~"),
      e: scalar("12"),
      f: unquoted("2024-01-01 10:00:00"),
      g: scalar("12"),
      h: scalar("no, thank you"),
      i: scalar("12"),
      j: unquoted("no"),
    }),
  );
});

Deno.test("parseMetaYaml() breaks lines where PyYAML does", () => {
  // What PyYAML's SafeDumper writes for these names.
  assertEquals(parseMetaYaml("name: 'a\u2028  b'\n"), document({ name: scalar("a\u2028b") }));
  assertEquals(parseMetaYaml("name: 'a\u2028\n  b'\n"), document({ name: scalar("a\u2028\nb") }));
  assertEquals(parseMetaYaml("name: 'a\n\n\u2029  b'\n"), document({ name: scalar("a\n\u2029b") }));
  assertEquals(parseMetaYaml("name: 'a\x85\x85  b'\n"), document({ name: scalar("a\nb") }));
});

Deno.test("parseMetaYaml() returns an empty document for nothing", () => {
  for (const text of ["", "\n", "# only\n# comments", "---\n", "---\n...\n", "~\n", "null", "{}"]) {
    assertEquals(parseMetaYaml(text), new Map());
  }
});

Deno.test("parseMetaYaml() says where it cannot go on", () => {
  const texts = {
    "a: 1\nb: 'torn\n": [3, 1],
    "a: 1\nb: [1\n": [3, 1],
    "a: 1\n  b: 2\n": [2, 4],
    "a: 1\r\nb: \0\n": [2, 4],
    "a: \x7f": [1, 4],
    "a: 1\n---\na: 2\n": [2, 1],
    "a: !!python/object x\n": [1, 4],
    "a: *b\n": [1, 4],
    'a: "\\ud83d"\n': [1, 6],
    "- a\n": [1, 1],
    "a\n": [1, 1],
    "a: &a [*a]\n": [1, 8],
  };
  assertEquals(
    Object.fromEntries(
      Object.keys(texts).map((text) => {
        const error = assertThrows(() => parseMetaYaml(text), MetaYamlError);
        return [text, [error.line, error.column]];
      }),
    ),
    texts,
  );
});

Deno.test("parseMetaYaml() refuses what libyaml refuses", () => {
  const refused = [
    "a: 1\n\tb: 2\n",
    "a: 1\n\t# note\n",
    "a: 1\n\t\nb: 2\n",
    "a: '1'b: 2\n",
    "a: 'b'c\n",
    "a: 1\n\uFEFFb: 2\n",
    "a: x\u2028y\n",
    "a\u2028b: 1\n",
    "a: =\n",
    "a: <<\n",
    "a: ? b\n",
    "? a: []\n",
    "a: 2026-02-30\n",
    "a: 0x_\n",
    "<<: a\n",
    "%YAML 2.0\n---\na: 1\n",
    "a: !!int b\n",
    "a: [1 2: 3\n",
    "a: &b 1\nc: &b 2\n",
    "a: |1x\n",
    'a: "\\q"\n',
    `${"k".repeat(1025)}: 1\n`,
  ];
  assertEquals(
    refused.filter((text) => typeof outcome(() => parseMetaYaml(text)) !== "string"),
    [],
  );
});

Deno.test("parseMetaYaml() reads tabs, separators and tags where libyaml does", () => {
  const texts = {
    "a:\t1\n": unquoted("1"),
    "a: !!int 4\n": unquoted("4"),
    "a: !!int '4'\n": unquoted("4"),
    "a: !!str 4\n": scalar("4"),
    "a: !!null x\n": unquoted(""),
    "b: 1\u2028a: 3\n": unquoted("3"),
    "\u2028a: 3\n": unquoted("3"),
    "<<: {a: 1}\n": unquoted("1"),
    "<<: [{a: 1}, {a: 2}]\n": unquoted("1"),
    "<<: {a: 1}\na: 2\n": unquoted("2"),
    "a: [\t1,\n\t2\t]\n": sequence(unquoted("1"), unquoted("2")),
    "a: [b: 1]\n": sequence(mapping({ b: unquoted("1") })),
    "a:\n- b\n-\n- c: d\n": sequence(scalar("b"), unquoted(""), mapping({ c: scalar("d") })),
    "? a\n: >+\n  x\n  y\n\n": scalar("x y\n\n"),
    "a: !<tag:yaml.org,2002:str> 1\n": scalar("1"),
    "%TAG !y! tag:yaml.org,2002:\n---\na: !y!str 1\n": scalar("1"),
  };
  assertEquals(
    Object.fromEntries(Object.keys(texts).map((text) => [text, parseMetaYaml(text).get("a")])),
    texts,
  );
});

Deno.test("MetaYamlError carries a message of one line", () => {
  const error = assertThrows(() => parseMetaYaml("a: 1\nb: 'torn\n"), MetaYamlError);
  assertEquals(
    error.message,
    "Cannot read YAML at line 3, column 1: the file ends within quotes",
  );
});

Deno.test("parseMetaYaml() never throws anything but MetaYamlError", () => {
  fc.assert(fc.property(fc.oneof(anyLines, anyText), (text) => {
    outcome(() => parseMetaYaml(text));
  }));
});

Deno.test("parseFlatMetaYaml() agrees with the full parser wherever it answers", () => {
  let answered = 0;
  fc.assert(
    fc.property(anyLines, (text) => {
      const flat = parseFlatMetaYaml(text);
      if (flat === null) return;
      answered++;
      assertEquals(outcome(() => parseAnyMetaYaml(text)), flat);
    }),
    { numRuns: 2000 },
  );
  assert(answered > 100);
});

Deno.test("parseFlatMetaYaml() answers for an ordinary run", () => {
  const text = "end_time: null\nname: 'it''s'\nrun_name: nice-run-1\nsource: \"a b\"\ntags: []\n";
  assertEquals(
    parseFlatMetaYaml(text),
    document({
      end_time: scalar(null),
      name: scalar("it's"),
      run_name: scalar("nice-run-1"),
      source: scalar("a b"),
      tags: sequence(),
    }),
  );
});

Deno.test("parseMetaYaml() reads back what stringifyMetaYaml() writes", () => {
  fc.assert(
    fc.property(anyDocument, (document) => {
      assertEquals(parseMetaYaml(stringifyMetaYaml(document)), document);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("stringifyMetaYaml() sorts keys by code point, and quotes only in doubt", () => {
  const text = stringifyMetaYaml(document({
    "\uFF5E": scalar("my experiment"),
    "😀": scalar("한국어 이름"),
    b: scalar("file:///data/my%20runs/1"),
    a: sequence(scalar("1e5"), sequence(scalar(1), scalar(null)), mapping({ d: scalar("yes") })),
    "": mapping({ z: sequence(), y: mapping({}), x: unquoted(""), w: scalar("") }),
    c: scalar('"\\\n\t\r\0\x85\u2028\uFEFF😀'),
  }));
  assertEquals(
    text,
    `"":
  w: ""
  x: null
  y: {}
  z: []
a:
  - "1e5"
  - - 1
    - null
  - d: "yes"
b: file:///data/my%20runs/1
c: "\\"\\\\\\n\\t\\r\\x00\\x85\\u2028\\uFEFF\\U0001F600"
"\uFF5E": my experiment
"\\U0001F600": 한국어 이름
`,
  );
  assertEquals(stringifyMetaYaml(new Map()), "{}\n");
});

Deno.test("stringifyMetaYaml() refuses half a surrogate pair, which no file can hold", () => {
  assertThrows(
    () => stringifyMetaYaml(document({ name: scalar("a\uD83D") })),
    RangeError,
    "it holds half a surrogate pair",
  );
});

Deno.test("scalar() refuses numbers that are no safe integers", () => {
  for (const number of [1.5, NaN, Infinity, 2 ** 53]) {
    assertThrows(() => scalar(number), RangeError, "expected a safe integer");
  }
});

Deno.test("editMetaYaml() sets and removes keys and keeps all others", () => {
  const text = "deleted_time: 5\nlifecycle_stage: deleted\nmine: yes\nyours: 'yes'\nx: [1, '1']\n";
  assertEquals(
    editMetaYaml(text, { deleted_time: undefined, lifecycle_stage: "active", new: null, at: 7 }),
    'at: 7\nlifecycle_stage: active\nmine: yes\nnew: null\nx:\n  - 1\n  - "1"\nyours: "yes"\n',
  );
});

Deno.test("editMetaYaml() changes nothing but what it is asked to", () => {
  fc.assert(fc.property(anyDocument, anyText, anyText, (document, key, value) => {
    const edited = parseMetaYaml(editMetaYaml(stringifyMetaYaml(document), { [key]: value }));
    assertEquals(edited, new Map([...document, [key, scalar(value)]]));
  }));
});

Deno.test("pythonType() resolves unquoted words as PyYAML does", () => {
  const types = {
    str: [
      ..."hello 1e5 1E5 1.5e3 0899 0o17 y n none inf nan NaN 2024-1-1 a:b 1:60 yES tRue .".split(
        " ",
      ),
      ..."- + _1 0b12 0x 12345678901234567890123456789e12 2024-01-01T10".split(" "),
    ],
    int: "0 1 -5 +1 0123 0x1F 0b101 1_000 1_ 1:30 12:30:45 -1:30".split(" "),
    float: "1.5 .5 5. 1.e+5 1.5e+3 .inf -.INF .nan 1:30.5 +1.0".split(" "),
    bool: "yes no on off true false Yes NO On OFF True FALSE".split(" "),
    null: ["", "~", "null", "Null", "NULL"],
    date: [
      "2024-01-01",
      "2024-1-1 10:00:00",
      "2024-01-01T10:00:00Z",
      "2024-01-01 1:00:00.5 +09:00",
    ],
    other: ["=", "<<"],
  } as const;
  for (const [type, words] of Object.entries(types)) {
    const plain = words.map((text) => pythonType({ kind: "scalar", text, plain: true }));
    assertEquals(plain, words.map(() => type));
    assertEquals(words.map((word) => pythonType(scalar(word))), words.map(() => "str"));
  }
});

Deno.test("pythonInteger() reads integers of any notation and length", () => {
  const words = ["0", "-5", "+1", "0123", "0x1F", "-0b101", "1_000", "1:30", "-1:0:1", "0_", "0x_"];
  assertEquals(words.map((word) => pythonInteger(unquoted(word))), [
    0n,
    -5n,
    1n,
    83n,
    31n,
    -5n,
    1000n,
    90n,
    -3601n,
    0n,
    null,
  ]);
  assertEquals(pythonInteger(unquoted("420101650667246494")), 420101650667246494n);
  assertEquals(pythonInteger(scalar("1")), null);
  assertNotEquals(pythonInteger(scalar(1)), null);
});

Deno.test("parseMetaYaml() reads long runs of spaces beside breaks of lines that YAML 1.1 alone knows", () => {
  const spaces = " ".repeat(400_000);
  const textOf = (text: string) => {
    const node = parseMetaYaml(text).get("a");
    return node?.kind === "scalar" ? node.text : node;
  };
  assertEquals(textOf(`a: "x${spaces}y\u2028z"\n`), `x${spaces}y\u2028z`);
  assertEquals(textOf(`a: "x${spaces}\u2028${spaces}z"\n`), "x\u2028z");
});
