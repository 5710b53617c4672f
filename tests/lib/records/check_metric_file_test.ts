import { assert, assertEquals } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { checkMetricFile } from "../../../lib/records/check_metric_file.ts";

/** Flaws without their words: damage, line, and what a migration makes of it where that is said. */
function brief(text: string, owner: "run" | "logged-model" = "run"): readonly string[] {
  return checkMetricFile(text, owner).map(({ damage, line, migration }) =>
    [damage, line ?? "-", ...(migration === undefined ? [] : [migration ?? "migrates"])].join(" ")
  );
}

Deno.test("checkMetricFile() is content with what MLflow writes, in any version", () => {
  for (
    const text of [
      "1777593609000 0.5 0\n1777593609001 1e-07 1\n1777593609002 nan -1\n3 -inf 2\n4 1e+22 3\n",
      "1 0.5\n2 0.6\n",
      "1 0.5 0\r\n2 0.6 1\r\n",
      "+1_777 1_0.5e-3 -2\n0 -Infinity 3\n1 NAN 4\n2 .5 5\n３ ５. ６\n",
    ]
  ) {
    assertEquals(checkMetricFile(text, "run"), [], text);
  }
  const id = "f".repeat(32);
  assertEquals(checkMetricFile(`1 0.5 0 ${id}\n2 0.5 0 ${id}\n`, "logged-model"), []);
  assertEquals(checkMetricFile(`1 0.5 0 ${id} data a1b2\n`, "logged-model"), []);
});

Deno.test("checkMetricFile() finds the first line that MLflow cannot read, and counts the others", () => {
  const [found] = checkMetricFile("1 0.5 0\n\n2 high 1\n3 0.5 2\n", "run");
  assertEquals(found, {
    damage: "malformed-line",
    message: "the line has 1 field, not 2, 3 or 5, and so have 1 more",
    line: 2,
    column: null,
  });
  assertEquals(brief(""), ["empty - migrates"]);
  assertEquals(brief("\0\0\0\0"), ["malformed-line 1"]);
  assertEquals(brief("1 0.5 0\n\0\0\0"), ["malformed-line 2"]);
  assertEquals(brief("1.5 0.5 0\n"), ["malformed-line 1"]);
  assertEquals(brief("1 0.5 1.5\n"), ["malformed-line 1"]);
  assertEquals(brief("1  0.5 1\n"), ["malformed-line 1"]);
  assertEquals(brief("1\u2028 0.5 1\n"), ["malformed-line 1"]);
  assertEquals(brief("\uFEFF1 0.5 1\n"), ["malformed-line 1"]);
});

Deno.test("checkMetricFile() knows what a migration reads all the same", () => {
  assertEquals(brief("1 0.5 0 x\n"), ["malformed-line 1 migrates"]);
  assertEquals(brief("1 0.5 0 x y z\n"), ["malformed-line 1 migrates"]);
  assertEquals(brief("1 0.5 0 x\n1\n"), ["malformed-line 1"]);
  assertEquals(brief("1 0.5 0\n", "logged-model"), ["malformed-line 1 skips"]);
});

Deno.test("checkMetricFile() takes a dataset's two fields for MLflow 3's", () => {
  assertEquals(brief("1 0.5 0 data a1b2\n"), ["newer-format 1 migrates"]);
  assertEquals(brief("1 0.5 x data a1b2\n"), ["newer-format 1"]);
});

Deno.test("checkMetricFile() finds a last line that was cut off and can be read", () => {
  assertEquals(brief("1 0.5 0\n2 0.5"), ["torn-line 2"]);
  assertEquals(brief("1 0.5 0\n2"), ["malformed-line 2"]);
});

Deno.test("checkMetricFile() finds what a line that was cut off has left before the next one", () => {
  const first = "1777593609002 0.51 21 name a1b2";
  const id = "f".repeat(32);
  const found = (text: string, owner: "run" | "logged-model" = "run") => brief(text, owner).join();
  for (
    const [length, damage] of [
      ...[1, 2, 4, 5].map((length) => [length, "joined-time 2"] as const),
      // It may be one time, in microseconds.
      [3, ""],
      [8, "wrong-type 2"],
      ...[14, 15, 18].map((length) => [length, "malformed-line 2"] as const),
      ...[19, 20, 21].map((length) => [length, "joined-lines 2"] as const),
      [23, "malformed-line 2 migrates"],
    ] as const
  ) {
    const head = first.slice(0, length);
    assertEquals(found(`1 0.5 0\n${head}1777593609003 0.6 3\n`), damage, head);
  }
  assertEquals(found("171777593609003 0.6 3 name a1b2\n"), "joined-time 1");
  assertEquals(
    found(`1777593609002 0.5 21777593609003 0.6 3 ${id}\n`, "logged-model"),
    "joined-lines 1",
  );
  assertEquals(found(`171777593609003 0.6 3 ${id}\n`, "logged-model"), "joined-time 1");
  // A dataset and a time long after.
  assertEquals(found("1777593609002 0.5 1777593609003 data a1b2\n"), "newer-format 1 migrates");
  assertEquals(found("19999999999999 0.5 0\n1777593609002000 0.5 1\n"), "");
  const [{ message } = { message: "" }] = checkMetricFile("17 0.5 2777593609003 0.6 3\n", "run");
  assertEquals(message, "the remains of a line that was cut off stand before the next one's time");
});

Deno.test("checkMetricFile() finds a point that is there twice, whatever its dataset", () => {
  assertEquals(brief("1 0.5 0\n2 0.5 0\n1 0.5 0\n"), ["repeated-point 3"]);
  assertEquals(brief("1 0.5 0 a b\n1 0.5 0 c d\n"), [
    "newer-format 1 migrates",
    "repeated-point 2",
  ]);
  const id = "f".repeat(32);
  assertEquals(brief(`1 0.5 0 ${id}\n1 0.6 0 ${id}\n`, "logged-model"), ["repeated-point 2"]);
});

Deno.test("checkMetricFile() finds any line that is cut in the middle of a file", () => {
  const line = fc.tuple(fc.nat(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.nat())
    .map((fields) => fields.join(" "));
  fc.assert(
    fc.property(
      fc.uniqueArray(line, { minLength: 2, maxLength: 20 }),
      fc.nat(),
      (lines, seed) => {
        const whole = lines.map((each) => `${each}\n`);
        assertEquals(checkMetricFile(whole.join(""), "run"), []);
        const at = seed % (lines.length - 1);
        const [time = ""] = lines[at]!.split(" ");
        const cut = whole.with(at, `${time}\n`);
        const [found] = checkMetricFile(cut.join(""), "run");
        assert(found?.damage === "malformed-line" && found.line === at + 1);
      },
    ),
  );
});

Deno.test("checkMetricFile() reads a very long line as fast as any, and shows its beginning", () => {
  const long = [`17 ${" ".repeat(1e6)}0.5 0\n`, `${"1".repeat(1e6)}x 0.5 0\n`];
  for (const text of [...long, `17 1.${"1".repeat(1e6)}x 0\n`, "\0".repeat(1e6)]) {
    const [found] = checkMetricFile(text, "run");
    assert(found?.damage === "malformed-line" && found.message.length < 200);
  }
});

Deno.test("checkMetricFile() finds times and steps that no database takes, to the last digit", () => {
  const problemsOf = (line: string) =>
    checkMetricFile(`1 0.5 0\n${line}\n`, "run").map(({ damage, line }) => [damage, line]);
  const most = 2n ** 63n;
  assertEquals(problemsOf(`${most - 1n} 0.5 ${-most}`), []);
  assertEquals(problemsOf(`${most} 0.5 -1`), [["unmigrated", 2]]);
  assertEquals(problemsOf(`17 0.5 ${-most - 1n}`), [["unmigrated", 2]]);
  // What MLflow shows with the run is more: its server cannot send it.
  assertEquals(problemsOf(`${most} 0.5 1`), [["wrong-type", 2]]);
  assertEquals(problemsOf("17 0.5 1_000_000_000_000_000_000_000"), [["wrong-type", 2]]);
});
