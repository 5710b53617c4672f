import { assertEquals } from "@std/assert";
import { type JudgedRun, keepRun, toGo, toKeep } from "../../../lib/judge/judged.ts";
import type { KeepReason } from "../../../lib/plan/plan.ts";
import { run } from "../../_support/builders.ts";

Deno.test("keepRun() takes more reasons than a call can have arguments", () => {
  const reason: KeepReason = { kind: "no-rule" };
  const many = Array.from({ length: 200_000 }, () => reason);
  for (
    const verdict of [
      toGo({ kind: "older-than", field: "end_time", time: 0, age: 2, limit: 1 }),
      toKeep(reason),
    ]
  ) {
    const one = { run: run(), holder: null, ruling: {}, verdict } as unknown as JudgedRun;
    keepRun(one, many);
    assertEquals(one.verdict.goes, false);
    assertEquals(one.verdict.reasons.length, verdict.goes ? 200_000 : 200_001);
  }
});
