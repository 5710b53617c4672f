import { assert, assertEquals } from "@std/assert";
import type { Interval } from "../../lib/policy/scheduled_task.ts";
import { prepareSchedule } from "../../lib/schedule/prepare_schedule.ts";
import { ODD, SCHEDULE, TOLD } from "../_support/schedules.ts";
import { checker } from "./check_schema.ts";
import cronJob from "./schemas/cronjob.json" with { type: "json" };
import workflow from "./schemas/github-workflow.json" with { type: "json" };

/** What each of them has that a file may have. */
const SCHEDULES = [
  SCHEDULE,
  { ...TOLD, config: `${ODD}/mltidy.yaml` },
  ...(["daily", "monthly", "saturday"] satisfies readonly Interval[])
    .map((every) => ({ ...SCHEDULE, every })),
];

Deno.test("the schema of Kubernetes accepts each CronJob, and no other key", () => {
  const check = checker(cronJob);
  for (const schedule of SCHEDULES) {
    const text = prepareSchedule(schedule, "kubernetes").files[0]!.text;
    assertEquals(check(text), []);
    for (const [from, to] of [["concurrencyPolicy:", "concurencyPolicy:"], ["Forbid", "1"]]) {
      assert(check(text.replace(from!, to!)).length > 0);
    }
  }
});

Deno.test("the schema of GitHub accepts each workflow, and no other key", () => {
  const check = checker(workflow);
  for (const schedule of SCHEDULES) {
    const text = prepareSchedule(schedule, "github").files[0]!.text;
    assertEquals(check(text), []);
    for (const [from, to] of [["runs-on:", "run-on:"], ["timeout-minutes: 720", "timeout: 720"]]) {
      assert(check(text.replace(from!, to!)).length > 0);
    }
  }
});
