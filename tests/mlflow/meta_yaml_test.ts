import { assert, assertEquals } from "@std/assert";
import fc from "../_support/fast_check.ts";
import {
  type MetaDocument,
  type MetaNode,
  MetaYamlError,
  NoMappingError,
  parseMetaYaml,
  pythonType,
  scalar,
  stringifyMetaYaml,
} from "../../lib/yaml/meta_yaml.ts";
import { pythonInteger, unquoted } from "../../lib/yaml/node.ts";
import { testEachVersion } from "./each_version.ts";
import { type MlflowVersion, runPython } from "./python.ts";

type Value = string | number | null | readonly Value[] | { readonly [key: string]: Value };

/** A text and what it says. */
interface Line {
  readonly text: string;
  readonly expected: Value;
}

/** Words that YAML parsers disagree about, and others that mean something to YAML. */
const WORDS = [
  ...["", " ", "~", "null", "Null", "yes", "No", "ON", "off", "true", "FALSE", "y", "n", "none"],
  ...["0", "0123", "0899", "1_000", "0x1F", "0o17", "0b101", "1e5", "1.5e+3", ".5", "5.", "-.inf"],
  ...[".nan", "1:30", "12:30:45", "2024-01-01", "2024-1-1", "2024-01-01 10:00:00", "=", "<<"],
  ...["12345678901244567890123456789e12", "---", "...", "%YAML 1.1", "- a", "? a", "a: b", "a #b"],
  ...["'", '"', "\\", "\\N", "C:\\x", "it's", "\u{1F600}", "한글", "e\u0301", "\u0085", "\u2028"],
];

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: fc.constantFrom(..." \n\t\r:#-?,[]{}&*!|>'\"%@`\\a0~=<"), maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(..."0123456789_.:+-eExob "), maxLength: 10 }),
  fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 2 }).map((all) => all.join("")),
  // Long enough to be folded, which happens at single spaces.
  fc.array(fc.constantFrom("word", "낱말", "it's", ":", "#", ""), { minLength: 20, maxLength: 40 })
    .map((all) => all.join(" ")),
);

const flat: fc.Arbitrary<Value> = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 1, arbitrary: fc.maxSafeInteger() },
  { weight: 1, arbitrary: fc.constant(null) },
);

const field = fc.string({ unit: fc.constantFrom(..."abcxyz_"), maxLength: 8 })
  .map((name) => `field_${name}`);

function mapping<T extends Value>(
  keys: fc.Arbitrary<string>,
  values: fc.Arbitrary<T>,
): fc.Arbitrary<{ readonly [key: string]: T }> {
  return fc.uniqueArray(fc.tuple(keys, values), { selector: ([key]) => key, maxLength: 4 })
    .map((entries) => Object.fromEntries(entries));
}

/** The shapes of MLflow's files: fields of any kind, and copies of tags, whose keys are any text. */
const document = mapping(
  field,
  fc.oneof(
    { weight: 6, arbitrary: flat },
    { weight: 1, arbitrary: mapping(text, text) },
    { weight: 1, arbitrary: mapping(field, flat) },
    { weight: 1, arbitrary: fc.array(flat, { maxLength: 3 }) },
  ),
).filter((each) => Object.keys(each).length > 0);

function toDocument(value: { readonly [key: string]: Value }): MetaDocument {
  return new Map(Object.entries(value).map(([key, each]) => [key, toNode(each)]));
}

function toNode(value: Value): MetaNode {
  if (value === null || typeof value !== "object") return scalar(value);
  if (Array.isArray(value)) return { kind: "sequence", items: value.map(toNode) };
  return { kind: "mapping", entries: toDocument(value as { readonly [key: string]: Value }) };
}

function toValue(node: MetaNode): Value {
  if (node.kind === "sequence") return node.items.map(toValue);
  if (node.kind === "mapping") return fromDocument(node.entries);
  const type = pythonType(node);
  if (type === "str") return node.text;
  if (type === "null") return null;
  if (type === "int") return Number(node.text);
  throw new TypeError(`Read ${JSON.stringify(node.text)} as ${type}: nothing wrote such a value`);
}

function fromDocument(entries: MetaDocument): { readonly [key: string]: Value } {
  return Object.fromEntries([...entries].map(([key, node]) => [key, toValue(node)]));
}

const seed = Number(Deno.env.get("SEED") ?? Date.now() % 2 ** 31);
const samples = () => fc.sample(document, { numRuns: 3000, seed });

/** Hands lines to Python in a file: they are more than an argument can hold. */
async function roundTrip(
  version: MlflowVersion,
  action: "load" | "dump" | "judge",
  lines: readonly unknown[],
) {
  const file = await Deno.makeTempFile({ prefix: "mltidy-", suffix: ".jsonl" });
  try {
    await Deno.writeTextFile(file, lines.map((line) => JSON.stringify(line) + "\n").join(""));
    return await runPython(version, "yaml_round_trip.py", [action, file]);
  } finally {
    await Deno.remove(file);
  }
}

testEachVersion(
  "both PyYAML loaders read what stringifyMetaYaml() writes",
  async (version) => {
    const lines = samples().map((expected) => ({
      text: stringifyMetaYaml(toDocument(expected)),
      expected,
    }));
    const misread = await roundTrip(version, "load", lines) as readonly unknown[];
    assertEquals(misread.slice(0, 3), [], `Found with SEED=${seed}`);
  },
);

testEachVersion(
  "parseMetaYaml() reads what both PyYAML dumpers write",
  async (version) => {
    const lines = await roundTrip(version, "dump", samples()) as readonly Line[];
    assert(lines.length >= 5000, `PyYAML read only ${lines.length} of its own texts`);
    const misread = lines.map((line) => ({ ...line, actual: tryToRead(line.text) }))
      .filter(({ expected, actual }) => sortedJson(actual) !== sortedJson(expected));
    assertEquals(misread.slice(0, 3), [], `Found with SEED=${seed}`);
  },
);

function tryToRead(text: string): unknown {
  try {
    return fromDocument(parseMetaYaml(text));
  } catch (error) {
    return String(error);
  }
}

/** PyYAML sorts keys, so order means nothing. */
function sortedJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, each) =>
      each !== null && typeof each === "object" && !Array.isArray(each)
        ? Object.entries(each).sort(([a], [b]) => a < b ? -1 : 1)
        : each,
  );
}

/** A run's record as MLflow 2 writes it, with hand edits of every kind that YAML has. */
const RECORDS = [
  `artifact_uri: file:///srv/mlflow/mlruns/0/7b4a985c39de46d9b949af49fd530458/artifacts
end_time: 1786786659830
entry_point_name: ''
experiment_id: '839455018712036513'
lifecycle_stage: active
run_id: 7b4a985c39de46d9b949af49fd530458
run_name: "a \\"name\\" that goes on and on, past the eightieth column of its line, and so it
  folds"
source_name: it is a plain one that goes on and on, past the eightieth column, so it
  folds
source_type: 4
status: 3
tags: []
user_id: kim
`,
  `# by hand
name: &name churn   # first
same: *name
list:
- 1
- [a, 'b', {c: d}]
- - e
when: 2026-05-01 10:00:00
nested:
  key: |
    text
     more
  ? other
  : >-
    folded
    text
`,
];
const FRAGMENTS = [
  ..."\t|\n|\r|\r\n| |  |\n |\n\n|\u0085|\u2028|\u2029|\uFEFF|\u00A0|\0|\x07|\u{1F600}|é|한".split(
    "|",
  ),
  ...[
    "|",
    "|-\n",
    ">+\n ",
    "'",
    '"',
    "''",
    ":",
    ": ",
    ":\t",
    "? ",
    "- ",
    "-\t",
    "# ",
    "\t# note\n",
    "#",
  ],
  ...[
    "=",
    "<<",
    "<<: *name\n",
    "<<: {a: b}\n",
    "!!int ",
    "!!str ",
    "!!float ",
    "!!null ",
    "!",
  ],
  ...[
    "!x ",
    "&a ",
    "*a",
    "*name",
    "[",
    "]",
    "{",
    "}",
    ",",
    "%",
    "%YAML 1.1\n",
    "%YAML 1.1\n---\n",
    "@",
    "`",
  ],
  ...[
    "\n---\n",
    "\n...\n",
    "---",
    "...",
    "\\",
    "\\x41",
    "\\/",
    "\\\n",
    "\\ud83d",
    "2026-02-30",
    "0x_",
  ],
  ...[
    "0123",
    "1:30",
    "yes",
    "~",
    "null",
    "1e5",
    "12345678901234567890",
    ".inf",
    "\nstatus: 3\n",
    "\n\tstatus: 3",
  ],
];
const mutation = fc.record({
  at: fc.nat(),
  cut: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 30 })),
  put: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...FRAGMENTS) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("", ...RECORDS.flatMap((text) => text.split(/(?<=\n)/))),
    },
  ),
});
const mutated = fc.tuple(
  fc.constantFrom(...RECORDS),
  fc.array(mutation, { minLength: 1, maxLength: 3 }),
).map(([record, mutations]) =>
  mutations.reduce((text, { at, cut, put }) => {
    // Most edits are made where lines begin or end, or around the colon.
    const places = [...text.matchAll(/^|$|(?<=: ?)|\b/gm)].map(({ index }) => index);
    const start = places[at % places.length] ?? 0;
    return text.slice(0, start) + put + text.slice(start + cut);
  }, record)
);

testEachVersion(
  "parseMetaYaml() takes of any text what the loader takes that MLflow uses",
  async (version) => {
    const texts = [...BY_HAND, ...fc.sample(mutated, { numRuns: 3000, seed })];
    const judged = await roundTrip(version, "judge", texts) as readonly unknown[];
    const differences = texts.map((text, index) => ({ text, expected: judged[index] }))
      .map((each) => ({ ...each, actual: shapeOf(each.text) }))
      .filter(({ expected, actual }) => inOrder(actual) !== inOrder(expected));
    assertEquals(differences.slice(0, 3), [], `${differences.length} found with SEED=${seed}`);
    const refused = judged.filter((each) => each === null).length;
    assert(refused > 500 && refused < 2500, `${refused} are refused`);
  },
);

/** Python keeps the place of a key that is said twice, and we do not. */
function inOrder(shape: unknown): string {
  return JSON.stringify(
    Array.isArray(shape) ? shape.map((pair) => JSON.stringify(pair)).sort() : shape,
  );
}

/** What no mutation may come upon. */
const BY_HAND = [
  ...["tags: [?]", "tags: {?b: 1}", "tags: [?b]", "{?b: 1}", "{? b: 1}", "a: [? b]", "a: ?b"],
  ...["?b: 1", "a: [b?]", "a: [b ?c]", "a: {b: ?}", "a: {b: ?c}", "a: [?, b]", "{?: 1}"],
  ...["a: [? : b]", "a: [?,, b]", "a: [?, , b]", "a: [? ]", "a: [?,]", "a: [b: , c]", "a: [b:]"],
  ...[
    ...["10:00:00", "1.5:2", "inf", "1e5", "' 1 '", "0x10", "1e", "1_0", "--1", "':1'"]
      .map((word) => `a: !!float ${word}`),
    ...["1:99", "08", "0_1", "' 1'", "0X1", "0o7", "0b1_0", "+-1", "1.0", "_"]
      .map((word) => `a: !!int ${word}`),
    `a: ${"9".repeat(4_300)}`,
    `a: ${"9".repeat(4_301)}`,

    "a: 1:2:3",
  ],
];

/** What `yaml_round_trip.py` says of a text. */
function shapeOf(text: string): unknown {
  try {
    const document = parseMetaYaml(text);
    if (document.size === 0) return "null";
    return [...document].filter(([key]) => pythonType(unquoted(key)) === "str")
      .map(([key, node]) => [key, kindOf(node)]);
  } catch (error) {
    if (error instanceof NoMappingError) return "no mapping";
    if (error instanceof MetaYamlError) return null;
    throw error;
  }
}

function kindOf(node: MetaNode): string {
  if (node.kind !== "scalar") return node.kind;
  const type = pythonType(node);
  if (type === "str") return `str ${node.text}`;
  return type === "int" ? `int ${pythonInteger(node)}` : type;
}
