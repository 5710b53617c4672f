import { assert } from "@std/assert";
import { completedTasks } from "../../../../tasks/_cli/completions/completed.ts";
import { zshScript } from "../../../../tasks/_cli/completions/zsh.ts";

Deno.test("zshScript() escapes what means something in a specification", () => {
  const script = zshScript([{
    name: "demo:store",
    describe: "It's a task",
    flags: [
      {
        name: "by",
        short: "b",
        describe: "One of [a]: it's",
        value: { kind: "words", words: ["x", "y"] },
      },
      { name: "json", short: null, describe: "JSON", value: null },
    ],
    operand: { kind: "values", of: "runs" },
    isMany: false,
  }]);
  for (
    const part of [
      String.raw`'demo\:store:It'\''s a task'`,
      String.raw`'(-b --by)'{-b,--by=}'[One of \[a\]\: it'\''s]: :(x y)'`,
      "'--json[JSON]'",
      "'1: : _mltidy_values runs'",
    ]
  ) assert(script.includes(part), part);
});

Deno.test("zshScript() has a case for every task", () => {
  const tasks = completedTasks();
  const script = zshScript(tasks);
  for (const { name } of tasks) assert(script.includes(`\n        ${name})\n`), name);
});
