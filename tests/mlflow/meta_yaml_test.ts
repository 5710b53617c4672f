import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type MetaDocument,
  type MetaNode,
  parseMetaYaml,
  pythonType,
  scalar,
  stringifyMetaYaml,
} from "../../lib/meta_yaml.ts";
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
  action: "load" | "dump",
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
