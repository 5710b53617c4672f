import { assertEquals } from "@std/assert";
import { INTERVALS } from "../../../lib/policy/scheduled_task.ts";
import { cronFields, whenText } from "../../../lib/schedule/schedule.ts";

Deno.test("cronFields() and whenText() say the same of every interval", () => {
  const all = INTERVALS.map((every) => {
    const when = { every, at: "04:05" };
    return `${cronFields(when)}: ${whenText(when)}`;
  });
  assertEquals(all, [
    "5 4 * * *: every day at 04:05",
    "5 4 * * 0: every Sunday at 04:05",
    "5 4 1 * *: on the first of a month at 04:05",
    "5 4 * * 0: every Sunday at 04:05",
    "5 4 * * 1: every Monday at 04:05",
    "5 4 * * 2: every Tuesday at 04:05",
    "5 4 * * 3: every Wednesday at 04:05",
    "5 4 * * 4: every Thursday at 04:05",
    "5 4 * * 5: every Friday at 04:05",
    "5 4 * * 6: every Saturday at 04:05",
  ]);
});
