import { assertEquals } from "@std/assert";
import { summarizeMetric } from "../../lib/metric_file.ts";

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
  assertEquals(summarizeMetric("1 inf 0\r\n"), { latest: Infinity, least: null, greatest: null });
});

Deno.test("summarizeMetric() says which line MLflow would stumble over", () => {
  assertEquals(summarizeMetric(""), "the file is empty");
  for (const line of ["17", "17  0.5 0", "17 0.5 0 data", "1.5 0.5 0", "17 0x1 0", "17 0.5 one"]) {
    assertEquals(summarizeMetric(`1 0.5 0\n${line}\n`), "line 2 is no point of a metric");
  }
  assertEquals(summarizeMetric("1 0.5 0\n\n2 0.5 1\n"), "line 2 is no point of a metric");
});
