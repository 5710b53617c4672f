import { assert } from "@std/assert";
import { completedTasks } from "../../../../tasks/_cli/completions/completed.ts";
import { fishScript } from "../../../../tasks/_cli/completions/fish.ts";

Deno.test("fishScript() says of each flag which task has it, what it does and what it takes", () => {
  const lines = fishScript(completedTasks()).split("\n");
  for (
    const line of [
      "complete -c mltidy -f",
      "complete -c mltidy -n '__mltidy_task cleanup' -l children -r -f -a 'follow together own' -d",
      "complete -c mltidy -n '__mltidy_task verify' -l experiment -r -f -a '(__mltidy_values experiments)' -d",
      "complete -c mltidy -n '__mltidy_task apply' -F",
      "complete -c mltidy -n '__mltidy_task cleanup' -l quiet -s q -d 'Say nothing but the result and errors'",
    ]
  ) assert(lines.some((one) => one.startsWith(line)), line);
});
