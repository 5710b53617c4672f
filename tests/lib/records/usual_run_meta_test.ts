import { assert, assertEquals } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { readRunMeta } from "../../../lib/records/meta_record.ts";
import { readUsualRunMeta } from "../../../lib/records/usual_run_meta.ts";
import { scalar, stringifyMetaYaml } from "../../../lib/yaml/meta_yaml.ts";

const LINES = {
  artifact_uri: "file:///data/mlruns/1/2d33e8590971463d8a17f260bdf385b7/artifacts",
  deleted_time: "null",
  end_time: "1700000000500",
  entry_point_name: "''",
  experiment_id: "'420101650667246494'",
  lifecycle_stage: "active",
  run_id: "2d33e8590971463d8a17f260bdf385b7",
  run_name: "nice-run-1",
  run_uuid: "2d33e8590971463d8a17f260bdf385b7",
  source_name: "''",
  source_type: "4",
  source_version: "''",
  start_time: "1700000000000",
  status: "3",
  tags: "[]",
  user_id: "alice",
};

function textOf(lines: Readonly<Record<string, string>>): string {
  return Object.entries(lines).map(([key, value]) => `${key}: ${value}\n`).join("");
}

/** A comment means nothing, but no usual file has one. */
function readSlowly(text: string) {
  const slow = `${text}# read slowly\n`;
  assertEquals(readUsualRunMeta(slow), null);
  return readRunMeta(slow);
}

Deno.test("readUsualRunMeta() reads what MLflow 2 and 3 write", () => {
  const { deleted_time: _, run_uuid: __, ...newer } = LINES;
  for (const lines of [LINES, newer, { ...newer, run_name: "'12:30'" }]) {
    const meta = readUsualRunMeta(textOf(lines));
    assertEquals<unknown>({ ok: true, meta }, readSlowly(textOf(lines)));
  }
});

Deno.test("readUsualRunMeta() reads names in any script", () => {
  for (const name of ["실험-3", "モデル 2", "'été: 1'", "grüße/ж"]) {
    const text = textOf({ ...LINES, run_name: name });
    const meta = readUsualRunMeta(text);
    assertEquals(meta?.name, name.replaceAll("'", ""));
    assertEquals<unknown>({ ok: true, meta }, readSlowly(text));
  }
});

Deno.test("readUsualRunMeta() reads what this project writes", () => {
  const document = new Map(
    Object.entries({
      ...LINES,
      deleted_time: 1_700_000_000_900,
      end_time: 1_700_000_000_500,
      entry_point_name: "",
      experiment_id: "420101650667246494",
      run_name: "one: two",
      source_name: "",
      source_type: 4,
      source_version: "",
      start_time: 1_700_000_000_000,
      status: 3,
    }).map(([key, value]) => [key, scalar(value)]),
  );
  const text = stringifyMetaYaml(document).replace('tags: "[]"', "tags: []");
  assertEquals(readUsualRunMeta(text)?.name, "one: two");
  assertEquals<unknown>({ ok: true, meta: readUsualRunMeta(text) }, readSlowly(text));
});

/** Values that look like others, one for any key. */
const AWKWARD = [
  ..."null ~ yes no on off true .inf .nan 0b1 1e5 0x1f 012 1:30 = << [] {} '' \"\" - -- --- ..."
    .split(" "),
  ..."'it''s' \"a\\nb\" 'a #b' a#b a: a:b :a a,b {a *a &a !a |a >a %a @a `a a\u00e9 \ud83d\ude00"
    .split(" "),
  ...["a b", "a  b", "a b ", " a", "a # b", "a: b", "'a", "a'", '"a', "'a'b", "1700000000000 # x"],
  ..."1700000000000 0700000000000 17000000000000 3 6 -1 deleted 'active' 'deleted'".split(" "),
  ..."01234567890123456789012345678901 0123456789012345678901234567e901".split(" "),
  ..."0b101010101010101010101010101010 '2d33e8590971463d8a17f260bdf385b7' /a /a: file: s3://b/c"
    .split(" "),
  "",
];

Deno.test("readUsualRunMeta() agrees with the YAML parser on all that it takes, or takes nothing", () => {
  const key = fc.constantFrom(...Object.keys(LINES) as (keyof typeof LINES)[]);
  const value = fc.oneof(
    fc.constantFrom(...AWKWARD),
    fc.constantFrom(...Object.values(LINES)),
    fc.string(),
    fc.string({ unit: "grapheme" }),
  );
  const edits = fc.tuple(fc.nat(500), fc.constantFrom("", "\n", "x", "1", " ", "\0", "\t", "\r"));
  let taken = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 2 }),
      fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, key),
      fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, edits),
      (changes, lost, edit) => {
        const lines = { ...LINES, ...Object.fromEntries(changes) };
        let text = textOf(
          Object.fromEntries(Object.entries(lines).filter(([name]) => name !== lost)),
        );
        if (edit !== null) text = text.slice(0, edit[0]) + edit[1] + text.slice(edit[0] + 1);
        const usual = readUsualRunMeta(text);
        if (usual === null) return;
        taken++;
        assertEquals<unknown>({ ok: true, meta: usual }, readSlowly(text));
      },
    ),
    { numRuns: 5000 },
  );
  assert(taken > 20, `only ${taken} were taken`);
});
