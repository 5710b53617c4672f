import { assert, assertEquals } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { checkMetricFile } from "../../../lib/records/check_metric_file.ts";
import { pointsToStay, summarizeMetric, thinningOf } from "../../../lib/records/metric_file.ts";

Deno.test("summarizeMetric() takes the greatest step, then time, then value for the latest", () => {
  const latest = (text: string) => {
    const summary = summarizeMetric(text);
    return typeof summary === "string" ? summary : summary.latest;
  };
  assertEquals(latest("5 0.1 2\n9 0.9 1\n"), 0.1);
  assertEquals(latest("5 0.1 1\n9 0.9 1\n7 0.5 1\n"), 0.9);
  assertEquals(latest("5 0.1 1\n5 0.3 1\n5 0.2 1\n"), 0.3);
  assertEquals(latest("9 0.1 0\n3 0.5 2\n2 0.9 2\n3 0.6 2\n8 0.2 1\n"), 0.6);
  assertEquals(latest("5 nan 1\n5 0.2 1\n"), 0.2);
});

Deno.test("summarizeMetric() reads lines of 2, 3 and 5 columns; of 5 MLflow takes the step for 0", () => {
  assertEquals(summarizeMetric("5 0.1\n"), { latest: 0.1, least: 0.1, greatest: 0.1 });
  assertEquals(summarizeMetric("9 0.9 7 data 1f\n5 0.1 1"), {
    latest: 0.1,
    least: 0.1,
    greatest: 0.9,
  });
});

Deno.test("summarizeMetric() reads numbers as Python does, and ranks only finite ones", () => {
  assertEquals(summarizeMetric("1 1e-07 0\n2 1_000.5 1\n3 -Infinity 2\n4 NaN 3\n"), {
    latest: NaN,
    least: 1e-7,
    greatest: 1000.5,
  });
  const standIn = "1 1.7976931348623157e308 0\n2 0.5 1\n3 -1.7976931348623157e+308 2\n";
  assertEquals(summarizeMetric(standIn), { latest: -Number.MAX_VALUE, least: 0.5, greatest: 0.5 });
  assertEquals(summarizeMetric("1 inf 0\r\n"), { latest: Infinity, least: null, greatest: null });
});

Deno.test("summarizeMetric() says which line MLflow would stumble over", () => {
  assertEquals(summarizeMetric(""), "the file is empty");
  for (const line of ["17", "17  0.5 0", "17 0.5 0 data", "1.5 0.5 0", "17 0x1 0", "17 0.5 one"]) {
    assertEquals(summarizeMetric(`1 0.5 0\n${line}\n`), "line 2 is no point of a metric");
  }
  assertEquals(summarizeMetric("1 0.5 0\n\n2 0.5 1\n"), "line 2 is no point of a metric");
});

Deno.test("summarizeMetric() finds lines and numbers where Python does, and a byte order mark is none", () => {
  const rising = { latest: 0.7, least: 0.5, greatest: 0.7 };
  for (const end of ["\r", "\v", "\f", "\x1C", "\x85", "\u2028"]) {
    assertEquals(summarizeMetric(`1 0.5 0${end}2 0.7 1${end}`), rising);
  }
  assertEquals(summarizeMetric("1 0.5 0\n２ ０.７ 1_0\x1F\n"), rising);
  assertEquals(summarizeMetric("\uFEFF1 0.5 0\n"), "line 1 is no point of a metric");
});

Deno.test("summarizeMetric() reads exactly what verify takes for sound", () => {
  const part = fc.constantFrom(
    ...[
      "17",
      "3",
      "0.5",
      "1e-7",
      "nan",
      "-inf",
      " ",
      " ",
      " ",
      "\n",
      "\n",
      "\r\n",
      "\r",
      "\v",
      "\u2028",
    ],
    ...[
      "\t",
      "\x1F",
      "\uFEFF",
      "\xA0",
      "٣",
      "_",
      "-",
      "x",
      "1 0.5 0\n",
      "2 nan 1\n",
      "3 1 4 data f1\n",
    ],
  );
  const READABLE = new Set(["newer-format", "torn-line", "repeated-point"]);
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const text = parts.join("");
      const isReadable = checkMetricFile(text, "run").every(({ damage }) => READABLE.has(damage));
      assertEquals(typeof summarizeMetric(text) !== "string", isReadable, JSON.stringify(text));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("summarizeMetric() tells the same of usual lines as of others", () => {
  const number = fc.constantFrom("0", "5", "-3", "0.25", "1e-07", "nan", "-1.5e+22");
  const line = fc.tuple(fc.nat(9), number, fc.nat(9), fc.constantFrom("", " data f1"))
    .map(([time, value, step, dataset]) => `${time} ${value} ${step}${dataset}`);
  fc.assert(fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => {
    const [usual, other] = ["\n", "\v"].map((end) => lines.map((each) => each + end).join(""));
    assertEquals(summarizeMetric(usual!), summarizeMetric(other!));
  }));
});

Deno.test("pointsToStay() keeps the latest and the extremes of any points, and no more than it may", () => {
  const value = fc.oneof(fc.double({ noNaN: false }), fc.constantFrom(NaN, Infinity, 0, -0));
  const point = fc.record({ step: fc.integer({ min: -5, max: 40 }), time: fc.nat(9), value });
  fc.assert(
    fc.property(
      fc.array(point, { maxLength: 300 }),
      fc.integer({ min: 10, max: 60 }),
      (all, most) => {
        const staying = pointsToStay(all, most);
        assert(staying.size <= Math.max(most, 0) || all.length <= most);
        if (all.length <= most) return assertEquals(staying.size, all.length);
        const left = all.filter((_, place) => staying.has(place));
        const text = (points: typeof all) =>
          points.map(({ time, value, step }) => `${time} ${pythonOf(value)} ${step}\n`).join("");
        assertEquals(summarizeMetric(text(left)), summarizeMetric(text(all)));
        // What has been thinned once is not thinned again, and what is cut out leaves just that.
        assertEquals(thinningOf(text(left), most), null);
        const { cuts, points, stays } = thinningOf(text(all), most)!;
        assertEquals([points, stays], [all.length, staying.size]);
        const whole = text(all);
        const kept = [...cuts.map(({ from }) => from), whole.length]
          .map((end, index) => whole.slice(cuts[index - 1]?.to ?? 0, end)).join("");
        assertEquals(kept, text(left));
      },
    ),
  );
});

function pythonOf(value: number): string {
  return Number.isNaN(value)
    ? "nan"
    : Number.isFinite(value)
    ? `${value}`
    : value > 0
    ? "inf"
    : "-inf";
}

Deno.test("thinningOf() leaves a file alone of which a line is no point, or the last one has no end", () => {
  const lines = Array.from({ length: 20 }, (_, step) => `17 0.${step} ${step}\n`);
  assertEquals(thinningOf(lines.join(""), 10)?.points, 20);
  assertEquals(thinningOf(lines.join("").trimEnd(), 10), null);
  assertEquals(thinningOf(lines.with(7, "17 broken 3\n").join(""), 10), null);
  assertEquals(thinningOf(lines.join(""), 20), null);
});
