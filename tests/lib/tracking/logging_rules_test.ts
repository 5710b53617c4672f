import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { summarizeMetric } from "../../../lib/records/metric_file.ts";
import {
  artifactPathFault,
  datasetFault,
  entriesOf,
  experimentNameFault,
  keyFault,
  LOGGING_LIMITS,
  metricLines,
  storedPoint,
  storedText,
} from "../../../lib/tracking/logging_rules.ts";

const fine = <T>(rule: (value: T) => string | null, values: readonly T[]) =>
  values.filter((value) => rule(value) === null);

Deno.test("keyFault() takes what MLflow takes, and says what it expects otherwise", () => {
  const good = [
    "lr",
    "val/loss",
    "손실",
    "a b",
    "a.b-c_d:e",
    "mlflow.note.content",
    "a".repeat(250),
  ];
  const bad = [
    "",
    "/a",
    "a/",
    "a//b",
    "./a",
    "a/../b",
    "..",
    "lr~",
    "a(b)",
    "a\nb",
    "e\u0301",
    "a\\b",
  ];
  assertEquals(fine(keyFault, [...good, ...bad]), good);
  assertEquals(keyFault("ü".repeat(251)), "expected at most 250 characters, found 251");
});

Deno.test("artifactPathFault() takes relative paths that stay inside", () => {
  const good = ["a.txt", "a/b (1).png", "..hidden", "요약"];
  assertEquals(
    fine(artifactPathFault, [...good, "", "/a", "a//b", "../a", "a/./b", "a/..", "a\0"]),
    good,
  );
});

Deno.test("experimentNameFault() takes what MLflow can look up", () => {
  const good = ["Default", 'say "hi"', "고객 이탈", " ", "a/b\nc", "𝒳".repeat(500)];
  assertEquals(
    fine(experimentNameFault, [...good, "", "it's", "half \ud83d", "a".repeat(501)]),
    good,
  );
});

Deno.test("storedText() cuts between characters, not within one", () => {
  assertEquals(storedText("𝒳𝒴𝒵", 2), {
    text: "𝒳𝒴",
    cut: "expected at most 2 characters, found 3",
  });
  assertEquals(storedText("𝒳𝒴", 2), { text: "𝒳𝒴", cut: null });
  assertEquals(storedText(() => 0, 2), null);
});

Deno.test("storedPoint() cuts fractions off and refuses what MLflow could not read again", () => {
  const rounded =
    "expected whole numbers as time and step, found 17.9 and -1.5; cut off the fraction";
  assertEquals(storedPoint(1, 17.9, -1.5), {
    ok: true,
    point: { value: 1, timestamp: 17, step: -1 },
    rounded,
  });
  assertEquals(
    ([
      ["0.5", 1, 0],
      [null, 1, 0],
      [{}, 1, 0],
      [1, -1, 0],
      [1, NaN, 0],
      [1, 1, Infinity],
      [1, "1", 0],
    ] as const).map(([value, time, step]) => storedPoint(value, time, step)).filter(({ ok }) => ok),
    [],
  );
});

Deno.test("metricLines() writes what summarizeMetric() reads", () => {
  const points = fc.record({
    value: fc.double(),
    timestamp: fc.nat(),
    step: fc.integer(),
  });
  fc.assert(fc.property(points, (point) => {
    const line = metricLines([point]);
    assertEquals(line.split(" ").length, 3);
    const summary = summarizeMetric(line);
    assert(typeof summary !== "string", `${summary}`);
    // The file has no sign for a zero.
    assertEquals(summary.latest + 0, point.value + 0);
  }));
});

Deno.test("LOGGING_LIMITS are those of MLflow 2.22 and 3.17", () => {
  const { key, param, tag, experimentName } = LOGGING_LIMITS;
  assertEquals([key, param, tag, experimentName], [250, 6000, 8000, 500]);
});

Deno.test("the rules have an answer to what programs without types give", () => {
  const odd = [undefined, null, 5, 1n, Symbol("odd"), {}, [], () => {}];
  assertEquals(fine(keyFault, odd), []);
  assertEquals(fine(artifactPathFault, odd), []);
  assertEquals(fine((value) => datasetFault(value, new Map()), odd), []);
  for (const values of [undefined, null, 5, "text", [1], new Map([["a", 1]])]) {
    assertThrows(() => entriesOf(values as never), TypeError, "expected an object of keys and");
  }
  assertEquals(entriesOf({ b: 1, a: 2 }), [["b", 1], ["a", 2]]);
});

Deno.test("datasetFault() wants text in all fields, within MLflow's limits", () => {
  const iris = { name: "iris", digest: "0123", sourceType: "local", source: "{}" };
  const cases = [
    [iris, {}, null],
    [{ ...iris, schema: null, profile: "{}" }, { context: "train" }, null],
    [{ ...iris, name: "" }, {}, "expected a name and a digest"],
    [{ ...iris, source: undefined }, {}, "source: expected text, found undefined"],
    [{ ...iris, profile: 5 }, {}, "profile: expected text, found 5"],
    [{ ...iris, digest: "d".repeat(37) }, {}, "digest: expected at most 36 characters, found 37"],
    [iris, { a: 5 }, "tag a: expected text, found 5"],
  ] as const;
  for (const [dataset, tags, fault] of cases) {
    assertEquals(datasetFault(dataset, new Map(Object.entries(tags))), fault);
  }
});

Deno.test("storedText() spells numbers that JSON has not, and line ends as Python reads them", () => {
  assertEquals(
    [[NaN, { to: -Infinity }], { a: [1.5, null, "NaN"] }, "a\r\nb\rc", { toJSON: () => 1 }]
      .map((value) => storedText(value, 100)?.text),
    ['["nan",{"to":"-inf"}]', '{"a":[1.5,null,"NaN"]}', "a\nb\nc", "1"],
  );
});
