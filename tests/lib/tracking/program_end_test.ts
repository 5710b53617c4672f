import { assert, assertEquals } from "@std/assert";
import type { RunStatus } from "../../../lib/store/snapshot.ts";
import { LOGGING_LIMITS } from "../../../lib/tracking/logging_rules.ts";
import {
  endTags,
  killedBy,
  lastLines,
  type ProgramEnd,
  programStatus,
} from "../../../lib/tracking/program_end.ts";

const RECORDED: readonly (RunStatus | null)[] = [
  null,
  "SCHEDULED",
  "RUNNING",
  "FINISHED",
  "FAILED",
  "KILLED",
];

function ended(exitCode: number, more: Partial<ProgramEnd> = {}): ProgramEnd {
  return { exitCode, signal: null, stoppedBy: null, ...more };
}

Deno.test("programStatus() lets what the program recorded stay unless its end contradicts it", () => {
  const statuses = (end: ProgramEnd) => RECORDED.map((status) => programStatus(end, status));
  assertEquals(statuses(ended(0)), [
    ...["FINISHED", "FINISHED", "FINISHED", "FINISHED", "FAILED", "KILLED"] as const,
  ]);
  assertEquals(statuses(ended(1)), [
    ...["FAILED", "FAILED", "FAILED", "FAILED", "FAILED", "KILLED"] as const,
  ]);
  assertEquals(
    statuses(ended(137, { signal: "SIGKILL" })),
    new Array<RunStatus>(6).fill("KILLED"),
  );
});

Deno.test("killedBy() names the signal that a program died of, that its shell reports, or that it obeyed", () => {
  assertEquals(killedBy(ended(139, { signal: "SIGSEGV", stoppedBy: "SIGTERM" })), "SIGSEGV");
  assertEquals(killedBy(ended(137)), "SIGKILL");
  assertEquals(killedBy(ended(143, { stoppedBy: "SIGINT" })), "SIGTERM");
  assertEquals(killedBy(ended(1, { stoppedBy: "SIGINT" })), "SIGINT");
  assertEquals(killedBy(ended(0, { stoppedBy: "SIGTERM" })), null);
  assertEquals([1, 2, 127, 128, 255].map((code) => killedBy(ended(code))), [
    ...[null, null, null, null, null],
  ]);
});

Deno.test("endTags() tells the exit code, the signal and the last lines of what did not finish", () => {
  assertEquals([...endTags(ended(0), "warning\n")], []);
  assertEquals([...endTags(ended(3), " \n\n")], [["mltidy.exit_code", "3"]]);
  assertEquals([...endTags(ended(137, { signal: "SIGKILL" }), "step 1\nstep 2\n")], [
    ["mltidy.exit_code", "137"],
    ["mltidy.signal", "SIGKILL"],
    ["mltidy.stderr", "step 1\nstep 2"],
  ]);
});

Deno.test("endTags() keeps to what MLflow takes as a tag, and what was said last", () => {
  const errors = Array.from({ length: 100 }, (_, line) => `${line} ${"😀".repeat(300)}`).join("\n");
  const text = endTags(ended(1), errors).get("mltidy.stderr") ?? "";
  assertEquals([...text].length, LOGGING_LIMITS.tag);
  assert(
    text.startsWith("…😀") && text.endsWith(`\n99 ${"😀".repeat(300)}`) && text.isWellFormed(),
  );
});

Deno.test("lastLines() leaves out colours and what a progress bar wrote over", () => {
  const bar = "\r  0%|    |\r 50%|██  |\r100%|████|\n";
  assertEquals(
    lastLines(`start\r\n${bar}\x1b[1;31mError\x1b[0m: \x1b]8;;x\x07NaN\x00\x1b(B\n\r\n`, 3, 100),
    "start\n100%|████|\nError: NaN",
  );
  assertEquals(lastLines("1\n2\n3\n", 2, 100), "2\n3");
  assertEquals([lastLines("", 5, 10), lastLines("\n\r\n", 5, 10)], ["", ""]);
});
