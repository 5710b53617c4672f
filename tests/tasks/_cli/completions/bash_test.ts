import { assertEquals } from "@std/assert";
import { bashScript } from "../../../../tasks/_cli/completions/bash.ts";
import { completedTasks } from "../../../../tasks/_cli/completions/completed.ts";

/** What bash replies to each line, as readline asks it. */
async function replies(lines: readonly string[]): Promise<readonly string[]> {
  const script = `${bashScript(completedTasks())}
compopt() { :; }
mltidy() { printf '%s\\n' "asked:$*"; }
while IFS= read -r line; do
  COMP_LINE=$line COMP_POINT=\${#line}
  _mltidy
  echo "\${COMPREPLY[*]}"
done`;
  const bash = new Deno.Command("bash", {
    args: ["--norc", "--noprofile", "-c", script],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = bash.stdin.getWriter();
  await writer.write(new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")));
  await writer.close();
  return new TextDecoder().decode((await bash.output()).stdout).trimEnd().split("\n");
}

Deno.test({
  name: "bashScript() completes tasks, flags, values behind a space or =, and a task with a colon",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const table = [
      ["mltidy nothing --x", ""],
      ["mltidy cl", "cleanup"],
      ["mltidy demo:", "store"],
      ["mltidy cleanup --backup", "--backup --backups"],
      ["mltidy cleanup --no-b", "--no-backup"],
      ["mltidy cleanup --app", "--apply"],
      ["mltidy cleanup --children ", "follow together own"],
      ["mltidy cleanup --children=fo", "follow"],
      ["mltidy cleanup --quiet --first ", "oldest largest"],
      ["mltidy completions z", "zsh"],
      ["mltidy verify --rule missing-t", "missing-trash-directory"],
    ] as const;
    assertEquals(await replies(table.map(([line]) => line)), table.map(([, reply]) => reply));
  },
});
