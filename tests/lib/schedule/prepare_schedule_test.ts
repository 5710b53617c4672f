import { assert, assertEquals } from "@std/assert";
import { prepareSchedule } from "../../../lib/schedule/prepare_schedule.ts";
import { SCHEDULERS } from "../../../lib/schedule/schedule.ts";
import { ODD, SCHEDULE, TOLD } from "../../_support/schedules.ts";

/** With all that a file may have, and with as little. */
const ALL = [
  SCHEDULE,
  { ...SCHEDULE, every: "monthly", isSystem: true },
  { ...SCHEDULE, every: "daily" },
  { ...TOLD, config: `${ODD}/mltidy.yaml`, isSystem: true },
  { ...TOLD, command: { ...TOLD.command, words: ["run", "x".repeat(900)] } },
] as const;

/** What of a file stands without a why above it. */
function unexplained(text: string): readonly string[] {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line, index) => {
    const above = lines[index - 1] ?? "";
    // A head, the name of a section, the end of what was begun, and a value below its key.
    const isNone = /^(#|<!--|$|\[\w+\]$|<\/|<[?!])/.test(line) || above.startsWith("<key>");
    // Settings of a unit that belong together have one why.
    const isNext = /^\w+=/.test(above) && /^\w+=/.test(line);
    return !isNone && !isNext && !/^(# \S|<!-- \S)/.test(above);
  });
}

for (const scheduler of SCHEDULERS) {
  Deno.test(`each line of what is installed for ${scheduler} says above it why it is there`, () => {
    for (const schedule of ALL) {
      for (const { name, text } of prepareSchedule(schedule, scheduler).files) {
        assertEquals(unexplained(text), [], name);
        assert(unexplained(text.replace(/^ *(#|<!--) .*\n/gm, "")).length > 0, name);
      }
    }
  });
}

Deno.test("each scheduler names the variables by which a server or a database knows who asks", () => {
  const secrets = [
    ...["MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"],
  ];
  const store = "https://mlflow.example";
  for (const scheduler of SCHEDULERS) {
    const { files, steps, notes } = prepareSchedule({ ...SCHEDULE, store, secrets }, scheduler);
    const said = [...steps.map(({ does }) => does), ...notes.slice(0, -1)].join("\n");
    assertEquals(secrets.filter((name) => !said.includes(name)), [], scheduler);
    const isReference = (text: string) => text.replaceAll(/\$\{\{ secrets\.\w+ \}\}/g, "…");
    assert(files.every(({ text }) => !/PASSWORD[=:] ?[^… ]/.test(isReference(text))), scheduler);
  }
});
