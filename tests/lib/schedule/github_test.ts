import { assertEquals, assertThrows } from "@std/assert";
import { parse } from "@std/yaml";
import { InvalidArgumentError } from "../../../lib/errors.ts";
import { prepareGithub } from "../../../lib/schedule/github.ts";
import { shellLine, shellSteps } from "../../../lib/schedule/shell_line.ts";
import { SCHEDULE, TOLD } from "../../_support/schedules.ts";

// deno-lint-ignore no-explicit-any
function workflowOf(schedule: typeof SCHEDULE): any {
  return parse(prepareGithub(schedule).files[0]!.text);
}

Deno.test("prepareGithub() writes a workflow that may do nothing, never overlaps, and keeps the report", () => {
  const { on, permissions, concurrency, jobs } = workflowOf(SCHEDULE);
  assertEquals(on, { schedule: [{ cron: "30 3 * * 0" }], workflow_dispatch: null });
  assertEquals(permissions, {});
  assertEquals(concurrency, { group: "mltidy-cleanup", "cancel-in-progress": false });
  const [work, keep] = jobs.mltidy.steps;
  assertEquals(work.run, shellLine(shellSteps(SCHEDULE, ["nice", "-n", "19"])));
  assertEquals(work.env, undefined);
  assertEquals(keep.with.path, "/home/kim/reports/mltidy-cleanup.json");
  assertEquals(keep.if, "always()");
});

Deno.test("prepareGithub() takes secrets from GitHub, and refuses what GitHub would put in the place of a path", () => {
  const [work] = workflowOf(TOLD).jobs.mltidy.steps;
  assertEquals(work.env, { MLTIDY_SMTP_PASSWORD: "${{ secrets.MLTIDY_SMTP_PASSWORD }}" });
  const words = ["run", "/data/${{ x }}"];
  assertThrows(
    () => prepareGithub({ ...SCHEDULE, command: { ...SCHEDULE.command, words } }),
    InvalidArgumentError,
    "use another path",
  );
});
