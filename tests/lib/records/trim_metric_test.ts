import { assertEquals } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import { checkMetricFile } from "../../../lib/records/check_metric_file.ts";
import { cutsOf, soundBytes } from "../../../lib/records/trim_metric.ts";

const SOUND = "17 0.5 0\n18 0.25 1\n";
const RUN_ID = "a".repeat(32);

Deno.test("soundBytes() cuts off a torn line that cannot be read, or has fewer fields", () => {
  assertEquals(soundBytes(`${SOUND}19`, "run"), SOUND.length);
  assertEquals(soundBytes(`${SOUND}19 0.1`, "run"), SOUND.length);
  assertEquals(soundBytes(`${SOUND}19 0.1 `, "run"), SOUND.length);
  assertEquals(soundBytes(`17 0.5 0 ${RUN_ID}\n18 0.5 1`, "logged-model"), 42);
});

Deno.test("soundBytes() leaves a torn line that may be whole", () => {
  assertEquals(soundBytes(`${SOUND}19 0.1 2`, "run"), null);
  assertEquals(soundBytes("17 0.5", "run"), null);
});

Deno.test("soundBytes() cuts off zeros and blank lines", () => {
  assertEquals(soundBytes(`${SOUND}\0\0\0\0`, "run"), SOUND.length);
  assertEquals(soundBytes(`${SOUND}19 0.\0\0\0`, "run"), SOUND.length);
  assertEquals(soundBytes(`${SOUND}\n\n`, "run"), SOUND.length);
});

Deno.test("soundBytes() finds no point in an empty file, in zeros and in half a line", () => {
  assertEquals(["", "\0\0\0", "\n", "17"].map((text) => soundBytes(text, "run")), [0, 0, 0, 0]);
});

Deno.test("soundBytes() leaves a line in the middle to its owner", () => {
  assertEquals(soundBytes("17 0.5 0\nbroken\n18 0.25 1\n", "run"), null);
  assertEquals(soundBytes("17 0.5 0\n\n18 0.25 1\n", "run"), null);
});

Deno.test("soundBytes() counts bytes, not characters", () => {
  assertEquals(soundBytes("17 0.5 0 자료 ab\n18 0.", "run"), 19);
});

Deno.test("soundBytes() leaves a metric that MLflow reads, wherever its end was torn off", () => {
  const text = "1700000000000 0.5 0\n1700000001000 -1e-07 1\n1700000002000 nan 2\n";
  fc.assert(fc.property(fc.integer({ min: 1, max: text.length }), (length) => {
    const bytes = soundBytes(text.slice(0, length), "run");
    if (bytes === null || bytes === 0) return;
    assertEquals(checkMetricFile(text.slice(0, bytes), "run"), []);
  }));
});

Deno.test("soundBytes() reads a file without a line feed as fast as any", () => {
  for (const rest of ["\0", " ", "x", "1", " 1"]) {
    const text = rest.repeat(1_000_000);
    assertEquals(soundBytes(`${SOUND}${text}`, "run"), SOUND.length, JSON.stringify(rest));
  }
});

Deno.test("soundBytes() takes a step beyond 64 bits for a step, as MLflow does", () => {
  const whole = "17 0.5 0\n18 0.5 9223372036854775808\n";
  assertEquals(soundBytes(`${whole}19`, "run"), whole.length);
  assertEquals(soundBytes(whole.slice(0, -1), "run"), null);
});

const POINTS = "17 0.5 0\n18 0.4 1\n";

/** What is left of a text; `null` where nothing is cut. */
function left(text: string, dropLines = false): string | null {
  const cuts = cutsOf(text, "run", { dropLines });
  if (cuts === null) return null;
  const bytes = new TextEncoder().encode(text);
  const stays = (index: number) => !cuts.some(({ from, to }) => from <= index && index < to);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    bytes.filter((_, index) => stays(index)),
  );
}

Deno.test("cutsOf() takes out what was cut off, and leaves the line that it runs into", () => {
  const next = "1777593609003 0.6 3\n";
  for (const head of ["1777593609002 0.5 2", "1777593609002 0.5 ", "1777593609002 0.", "17"]) {
    assertEquals(left(`${POINTS}${head}${next}${next}`, true), `${POINTS}${next}${next}`, head);
    assertEquals(left(`${POINTS}${head}${next}${next}`), null, head);
  }
  // A time beyond 64 bits is for its owner.
  assertEquals(left(`${POINTS}17775936${next}`, true), null);
});

Deno.test("cutsOf() keeps every line that MLflow reads, whatever ends it", () => {
  for (const end of ["\n", "\r\n", "\r", "\v", "\f", "\x1C", "\x1E", "\x85", "\u2028", "\u2029"]) {
    const line = (text: string) => `${text}${end}`;
    const text = [line("17 0.5 0"), line("18 0.19 0.4 2"), line("20 0.3 3")];
    assertEquals(left(text.join(""), true), text[0]! + text[2]!, JSON.stringify(end));
    assertEquals(left(text.join("")), null, JSON.stringify(end));
    assertEquals(left(`${text[0]}${text[2]}21 0.`), text[0]! + text[2]!, JSON.stringify(end));
  }
  assertEquals(left("17 0.5 0\nx\n19 0.4 2", true), "17 0.5 0\n19 0.4 2");
  assertEquals(left("17 0.5 0\r18 x 1\r\n19 0.4 2\n", true), "17 0.5 0\r19 0.4 2\n");
});

Deno.test("cutsOf() cuts what proves to be rubbish, and nothing else", () => {
  assertEquals(left(POINTS), null);
  assertEquals(left(`${POINTS}19 0.`), POINTS);
  assertEquals(left(`\uFEFF${POINTS}`), POINTS);
  assertEquals(left(`\uFEFF${POINTS}19`), POINTS);
  assertEquals(left(`\uFEFF`), "");
  assertEquals(left(`17 0.5 0\n18 0.19 0.4 1\n${POINTS}`), null);
});

Deno.test("cutsOf() cuts the marks of a merge where one side has what the other has", () => {
  const more = "19 0.3 2\n20 0.2 3\n";
  const merge = (ours: string, theirs: string) =>
    `${POINTS}<<<<<<< HEAD\n${ours}=======\n${theirs}>>>>>>> main\n`;
  assertEquals(left(merge(more, "")), POINTS + more);
  assertEquals(left(merge("", more)), POINTS + more);
  assertEquals(left(merge("19 0.3 2\n", more)), POINTS + more);
  assertEquals(left(merge("19 0.3 2\n", "19 0.4 2\n")), null);
});

Deno.test("cutsOf() takes every line that MLflow cannot read where that is asked for", () => {
  const torn = "17 0.5 0\n18 0.19 0.4 1\n20 0.3 2\n";
  assertEquals(left(torn, true), "17 0.5 0\n20 0.3 2\n");
  assertEquals(left(`${POINTS}\n${POINTS}`, true), POINTS + POINTS);
  assertEquals(
    left(`<<<<<<< HEAD\n17 0.5 0\n=======\n17 0.6 0\n>>>>>>> main\n`, true),
    "17 0.5 0\n17 0.6 0\n",
  );
  assertEquals(left("rubbish\n", true), "");
  assertEquals(left(POINTS, true), null);
});

Deno.test("cutsOf() leaves what MLflow reads, and every point that it read", () => {
  const line = fc.constantFrom(
    "17 0.5 0\n",
    "18 1\n",
    "\n",
    "x\n",
    "18 0.1 2 3\n",
    "19 ",
    "\uFEFF",
  );
  fc.assert(fc.property(fc.array(line), (lines) => {
    const rest = left(lines.join(""), true);
    if (rest === null || rest === "") return;
    const damages = checkMetricFile(rest, "run").map(({ damage }) => damage);
    assertEquals(damages.includes("malformed-line"), false);
  }));
});
