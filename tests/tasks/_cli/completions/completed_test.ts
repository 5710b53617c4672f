import { assert, assertEquals } from "@std/assert";
import { completedTasks } from "../../../../tasks/_cli/completions/completed.ts";
import { flagHelp } from "../../../../tasks/_cli/table/help_text.ts";
import { parseCommand } from "../../../../tasks/_cli/table/parse_command.ts";
import { taskNames } from "../../../../tasks/_cli/table/task_table.ts";

const tasks = completedTasks();

Deno.test("completedTasks() has every task, and every flag that --help shows", () => {
  assertEquals(tasks.map(({ name }) => name), [...taskNames]);
  for (const name of taskNames) {
    const flags = tasks.find((task) => task.name === name)?.flags ?? [];
    const shown = flagHelp(name).flatMap(({ form }) => {
      const [, off, long = ""] = /--(\[no-\])?([\w-]+)/.exec(form) ?? [];
      return off === undefined ? [long] : [long, `no-${long}`];
    });
    assertEquals(
      flags.map((flag) => flag.name).filter((flag) => !["apply", "write"].includes(flag)),
      shown,
    );
  }
});

Deno.test("completedTasks() offers nothing that the parser refuses", () => {
  const needs: Readonly<Record<string, readonly string[]>> = {
    explain: ["x"],
    apply: ["x"],
    show: ["x"],
    pin: ["x"],
    unpin: ["x"],
    "demo:store": ["x"],
  };
  let tried = 0;
  for (const { name, flags } of tasks) {
    if (["run", "backup", "restore"].includes(name)) continue;
    for (const { name: flag, value } of flags) {
      if (value !== null && value.kind !== "words") continue;
      for (const word of value === null ? [null] : value.words) {
        parseCommand([
          name,
          ...needs[name] ?? [],
          word === null ? `--${flag}` : `--${flag}=${word}`,
        ]);
        tried++;
      }
    }
  }
  assert(tried > 150);
});

Deno.test("completedTasks() offers --apply to whoever types no :apply", () => {
  const withApply = tasks.filter(({ flags }) => flags.some(({ name }) => name === "apply"));
  for (const name of ["cleanup", "prune", "repair"]) {
    assert(withApply.some((task) => task.name === name), name);
  }
});
