import { assertEquals } from "@std/assert";
import { SCHEDULED_TASKS } from "../../../lib/policy/scheduled_task.ts";
import { SCHEDULED_CALLS, scheduledWords } from "../../../lib/schedule/scheduled_words.ts";
import { parseCommand } from "../../../tasks/_cli/table/parse_command.ts";
import { type TaskName, taskTable } from "../../../tasks/_cli/table/task_table.ts";

const TOLD = {
  store: "/data/mlruns",
  config: "/data/mltidy.yaml",
  backups: "/backups",
  report: "/r.json",
  flags: [],
};

Deno.test("scheduledWords() gives each task what it knows, and what it applies without a question", () => {
  for (const task of SCHEDULED_TASKS) {
    const command = parseCommand(scheduledWords(task, TOLD));
    const { words: [name], hasPolicy, changes } = SCHEDULED_CALLS[task];
    assertEquals(command.task, name, task);
    const options: Readonly<Record<string, unknown>> = "options" in command ? command.options : {};
    const { store, report, quiet, config = null, noConfig, backups = null } = options;
    assertEquals([store, report, quiet], ["/data/mlruns", "/r.json", true]);
    const { flags } = taskTable[name as TaskName] as { flags: object };
    assertEquals("config" in flags, hasPolicy, task);
    assertEquals([config, noConfig], hasPolicy ? ["/data/mltidy.yaml", false] : [null, true], task);
    assertEquals(backups, "backups" in flags ? "/backups" : null, task);
    assertEquals(options["apply"] ?? changes, changes, task);
    assertEquals(options["force"] ?? changes, changes, task);
  }
});

Deno.test("scheduledWords() goes by no configuration that may come to lie where it is started", () => {
  const words = scheduledWords("cleanup:apply", { ...TOLD, config: null, backups: null });
  assertEquals(words.includes("--no-config"), true);
});
