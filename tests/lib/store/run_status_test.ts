import { assertEquals } from "@std/assert";
import { codeOf, isUnfinished, RUN_STATUSES, statusOf } from "../../../lib/store/run_status.ts";

Deno.test("codeOf() gives MLflow's codes, and statusOf() takes them back", () => {
  const codes = { RUNNING: 1, SCHEDULED: 2, FINISHED: 3, FAILED: 4, KILLED: 5 };
  assertEquals(Object.fromEntries(RUN_STATUSES.map((each) => [each, codeOf(each)])), codes);
  for (const status of RUN_STATUSES) assertEquals(statusOf(codeOf(status)), status);
});

Deno.test("statusOf() knows no other number", () => {
  assertEquals([0, 6, -1, 1.5, NaN].map(statusOf), Array(5).fill(undefined));
});

Deno.test("isUnfinished() is true of what runs and of what is to run", () => {
  assertEquals(RUN_STATUSES.filter(isUnfinished), ["RUNNING", "SCHEDULED"]);
});
