import { assertEquals } from "@std/assert";
import { parseXml, type XmlElement } from "parse-xml";
import { prepareLaunchd } from "../../../lib/schedule/launchd.ts";
import { shellLine, shellSteps } from "../../../lib/schedule/shell_line.ts";
import { SCHEDULE, TOLD } from "../../_support/schedules.ts";

/** A property list as JavaScript has it. */
function valueOf(element: XmlElement): unknown {
  const children = element.children.filter((child): child is XmlElement => "name" in child);
  if (element.name === "array") return children.map(valueOf);
  if (element.name === "true") return true;
  if (element.name === "integer") return Number(element.text);
  if (element.name !== "dict") return element.text;
  return Object.fromEntries(
    children.flatMap((child, index) =>
      child.name === "key" ? [[child.text, valueOf(children[index + 1]!)]] : []
    ),
  );
}

function propertiesOf(schedule: typeof SCHEDULE): unknown {
  const { root } = parseXml(prepareLaunchd(schedule).files[0]!.text);
  return valueOf(root!.children.find((child): child is XmlElement => "name" in child)!);
}

Deno.test("prepareLaunchd() writes a property list", () => {
  assertEquals(propertiesOf(SCHEDULE), {
    Label: "org.mltidy.mltidy-cleanup",
    ProgramArguments: ["/bin/sh", "-c", shellLine(shellSteps(SCHEDULE))],
    WorkingDirectory: "/opt/ml tidy",
    StartCalendarInterval: { Weekday: 0, Hour: 3, Minute: 30 },
    ProcessType: "Background",
    LowPriorityIO: true,
    Nice: 19,
    ExitTimeOut: 300,
  });
});

Deno.test("prepareLaunchd() holds no secret, reads the file that does, and says how to make that", () => {
  const { ProgramArguments } = propertiesOf(TOLD) as { readonly ProgramArguments: string[] };
  const file = "/home/kim/.config/mltidy/environment";
  assertEquals(
    ProgramArguments[2]?.split("; cd ")[0],
    `set -a; [ ! -f ${file} ] || . ${file}; set +a`,
  );
  const [make] = prepareLaunchd(TOLD).steps;
  assertEquals(
    make?.command,
    `(umask 077; mkdir -p /home/kim/.config/mltidy && touch ${file})`,
  );
});

Deno.test("prepareLaunchd() says what hands the agent over once, and again when it has changed", () => {
  const label = "org.mltidy.mltidy-cleanup";
  const handOver = (domain: string, file: string) =>
    `launchctl bootout ${domain}/${label} 2>/dev/null; launchctl bootstrap ${domain} ${file}`;
  const commandsOf = (schedule: typeof SCHEDULE) =>
    prepareLaunchd(schedule).steps.map(({ command }) => command);
  assertEquals(commandsOf(SCHEDULE), [
    handOver("gui/$(id -u)", `/home/kim/Library/LaunchAgents/${label}.plist`),
  ]);
  assertEquals(commandsOf({ ...SCHEDULE, isSystem: true, into: "/my files" }), [
    handOver("system", `'/my files/${label}.plist'`),
  ]);
});

Deno.test("prepareLaunchd() runs monthly on the first, and daily on any day", () => {
  const when = (every: "monthly" | "daily") =>
    (propertiesOf({ ...SCHEDULE, every }) as Record<string, unknown>)["StartCalendarInterval"];
  assertEquals(when("monthly"), { Day: 1, Hour: 3, Minute: 30 });
  assertEquals(when("daily"), { Hour: 3, Minute: 30 });
});
