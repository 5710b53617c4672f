import { assertEquals, assertStringIncludes } from "@std/assert";
import { renderSchedule } from "../../../lib/render/schedule.ts";

const SHOWN = {
  name: "mltidy-cleanup",
  task: "cleanup:apply",
  every: "weekly",
  at: "03:30",
  store: "/data/mlruns",
  for: "cron",
  directory: "/home/kim/.config/mltidy",
  files: [{ name: "mltidy-cleanup.cron", text: "30 3 * * 0 true\n" }],
  steps: [{ command: "crontab -e", does: "word ".repeat(30).trim() }],
  checks: [{ command: "crontab -l", does: "look" }],
  notes: ["Cron does not make up for what it missed."],
} as const;

Deno.test("renderSchedule() prints what can be pasted: files as they are, and commands with comments", () => {
  const text = renderSchedule(SHOWN, { width: 40, write: "deno task schedule:write DIR" });
  assertStringIncludes(
    text,
    "\n### /home/kim/.config/mltidy/mltidy-cleanup.cron\n\n30 3 * * 0 true\n",
  );
  const [, typed = ""] = text.split("\nType:\n");
  const lines = typed.split("\n").filter((line) => line.startsWith("  "));
  assertEquals(lines.filter((line) => !line.startsWith("  # ")).slice(0, 3), [
    "  deno task schedule:write DIR",
    "  crontab -e",
    "  crontab -l",
  ]);
  assertEquals(lines.filter((line) => line.length > 40), []);
});

Deno.test("renderSchedule() shows no file that has been written", () => {
  const text = renderSchedule(SHOWN, { write: null });
  assertEquals(text.includes("###"), false);
  assertStringIncludes(
    text,
    "  # look\n  crontab -l\n\nNote: Cron does not make up for what it missed.\n",
  );
});
