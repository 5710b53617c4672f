/**
 * Metric files before the judge: taking lines out leaves all that MLflow reads.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "../_support/fast_check.ts";
import { cutsOf } from "../../lib/records/trim_metric.ts";
import { pythonLines, pythonStripped } from "../../lib/text/python_text.ts";
import { testEachVersion } from "./each_version.ts";
import { runPython } from "./python.ts";

const seed = Number(Deno.env.get("SEED") ?? Date.now() % 2 ** 31);

const line = fc.constantFrom(
  ...["17 0.5 0", "18 nan 1", "19 0.4", "20 1e-7 3 name digest", " 21 0.1 4 ", "22 0.3 x a b"],
  ...["18 0.19 0.4 2", "x", "", "22 0.5 y", "<<<<<<< HEAD", "23  0.5 0", "\u00a024 0.5 0"],
);
const end = fc.constantFrom(
  ...["\n", "\n", "\n", "\r\n", "\r", "\v", "\f", "\x1C", "\x1D", "\x1E", "\x1F", "\x85"],
  ...["\u2028", "\u2029"],
);
/** What has no end may be torn off, be it that MLflow reads what is left. */
const file = fc.array(fc.tuple(line, end), { minLength: 1, maxLength: 6 })
  .map((lines) => `${lines.flat().join("")}\n`);

function withoutCuts(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const cuts = cutsOf(text, "run", { dropLines: true }) ?? [];
  const isCut = (index: number) => cuts.some(({ from, to }) => from <= index && index < to);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    bytes.filter((_, index) => !isCut(index)),
  );
}

testEachVersion(
  "cutsOf() leaves of a metric's lines those that MLflow reads, and no others",
  async (version) => {
    // MLflow 2 reads no line that names a dataset, and nothing is lost for that.
    const isKnown = (text: string) =>
      !version.name.startsWith("2.") ||
      pythonLines(text).every((one) => pythonStripped(one).split(" ").length !== 5);
    const texts = fc.sample(file, { numRuns: 3000, seed }).filter(isKnown);
    const path = await Deno.makeTempFile({ suffix: ".json" });
    try {
      await Deno.writeTextFile(path, JSON.stringify(texts));
      const read = await runPython(version, "read_metrics.py", [path]) as string[][];
      const differences = texts.map((text, index) => ({ text, expected: read[index]!.join("") }))
        .map((each) => ({ ...each, actual: withoutCuts(each.text) }))
        .filter(({ expected, actual }) => actual !== expected);
      assertEquals(differences.slice(0, 3), [], `${differences.length} found with SEED=${seed}`);
      assert(read.some((lines) => lines.length > 1));
    } finally {
      await Deno.remove(path);
    }
  },
);
