import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../../lib/errors.ts";
import { readConfig } from "../../../lib/policy/config.ts";

Deno.test("schedule is weekly at half past three unless the file says otherwise", () => {
  assertEquals(readConfig("", "x").schedule, {
    every: "weekly",
    at: "03:30",
    task: "cleanup:apply",
  });
});

Deno.test("schedule names what it cannot use, with its line", () => {
  const text = "schedule:\n  every: 2w\n  at: 3pm\n  task: restore\n  cron: '* * * * *'\n";
  assertEquals(
    assertThrows(() => readConfig(text, "mltidy.yaml"), ConfigError).message.split("\n"),
    [
      'mltidy.yaml:2: Cannot use "2w" for schedule.every: expected one of daily, weekly, monthly, sunday, monday, tuesday, wednesday, thursday, friday, saturday',
      'mltidy.yaml:3: Cannot use "3pm" for schedule.at: expected a time of the day, such as 03:30',
      'mltidy.yaml:4: Cannot use "restore" for schedule.task: expected one of cleanup:apply, prune:apply, repair:apply, backup, cleanup, prune, repair, verify',
      'mltidy.yaml:5: Unknown key "cron" in schedule: expected one of every, at, task',
    ],
  );
});
