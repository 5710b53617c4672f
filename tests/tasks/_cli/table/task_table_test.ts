import { assert, assertEquals, assertMatch } from "@std/assert";
import { ExitCode, exitMeaning } from "../../../../tasks/_cli/table/exit_code.ts";
import type { Flag } from "../../../../tasks/_cli/table/flags.ts";
import { parseCommand } from "../../../../tasks/_cli/table/parse_command.ts";
import type { TaskRow } from "../../../../tasks/_cli/table/task_row.ts";
import { taskTable } from "../../../../tasks/_cli/table/task_table.ts";

const rows: readonly (readonly [string, TaskRow])[] = Object.entries(taskTable);

function flagsOf(row: TaskRow): readonly Flag[] {
  return Object.values(row.flags);
}

Deno.test("taskTable has flags whose names are well formed, unique and those of their options", () => {
  for (const [task, row] of rows) {
    const names = flagsOf(row).flatMap(({ name, short }) =>
      short === undefined ? [name] : [name, short]
    );
    assertEquals(names.length, new Set(names).size, task);
    const negatable = flagsOf(row).flatMap((flag) =>
      flag.value === null && flag.negatable === true ? [`no-${flag.name}`] : []
    );
    for (const [key, { name, short }] of Object.entries(row.flags)) {
      assertMatch(name, /^[a-z]+(-[a-z]+)*$/);
      assert(!negatable.includes(name), `${task} --${name} is two flags`);
      assertEquals(key, name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase()));
      if (short !== undefined) assertMatch(short, /^[a-zA-Z]$/);
    }
  }
});

Deno.test("taskTable has default texts that parse to the defaults", () => {
  const parsed = rows.flatMap(([, row]) =>
    flagsOf(row).flatMap((flag) =>
      flag.value === null || flag.default === null || flag.defaultText === undefined
        ? []
        : [[flag.name, flag.parse(flag.defaultText), flag.default] as const]
    )
  );
  assert(parsed.length > 0);
  for (const [name, value, expected] of parsed) assertEquals(value, expected, name);
});

Deno.test("taskTable has examples that parse", () => {
  for (const [, row] of rows) {
    for (const [command] of row.examples.filter(([command]) => /^deno /.test(command))) {
      const [, task = "", flags = ""] =
        /^deno task (\S+?)(?::apply)?((?: .*?)?)(?: > \S+)?$/.exec(command) ?? [];
      const words = flags.split(" ").filter((word) => word !== "");
      assertEquals(parseCommand([task, ...words]).task, task, command);
    }
  }
});

Deno.test("taskTable has lines without a full stop and exit codes without repetition", () => {
  for (const [task, row] of rows) {
    for (const text of [row.summary, ...flagsOf(row).map(({ describe }) => describe)]) {
      assertMatch(text, /^[A-Z].*[^.]$/, task);
    }
    assertEquals(row.exitCodes.length, new Set(row.exitCodes).size, task);
  }
});

Deno.test("exitMeaning explains every exit code", () => {
  assertEquals(
    Object.keys(exitMeaning).map(Number),
    Object.values(ExitCode).toSorted((left, right) => left - right),
  );
});
