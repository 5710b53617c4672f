import { assertEquals } from "@std/assert";
import { parseXml, type XmlElement } from "parse-xml";
import { prepareWindows } from "../../../lib/schedule/windows.ts";
import { SCHEDULE, TOLD } from "../../_support/schedules.ts";

function textOf(schedule: typeof SCHEDULE): (name: string) => readonly string[] {
  const { root } = parseXml(prepareWindows(schedule).files[0]!.text);
  const all = (element: XmlElement): readonly XmlElement[] => [
    element,
    ...element.children.flatMap((child) => "name" in child ? all(child as XmlElement) : []),
  ];
  const elements = all(root!);
  return (name) => elements.filter((one) => one.name === name).map(({ text }) => text);
}

/** As the C library of Microsoft takes a command line apart. */
function argumentsOf(line: string): readonly string[] {
  return [...line.matchAll(/(?:"((?:\\.|[^"\\])*)"|[^\s"]+)/g)].map(([word, quoted]) =>
    quoted === undefined
      ? word
      : quoted.replace(/(\\+)(?="|$)/g, (all) => all.slice(all.length / 2)).replace(/\\"/g, '"')
  );
}

Deno.test("prepareWindows() writes a task that catches up, comes last and runs once at a time", () => {
  const text = textOf(SCHEDULE);
  assertEquals(text("StartWhenAvailable"), ["true"]);
  assertEquals(text("MultipleInstancesPolicy"), ["IgnoreNew"]);
  assertEquals(text("Priority"), ["8"]);
  assertEquals(text("StartBoundary"), ["2026-01-01T03:30:00"]);
  assertEquals(text("Sunday").length, 1);
  assertEquals(text("Command"), ["/usr/local/bin/deno"]);
  assertEquals(argumentsOf(text("Arguments")[0]!), SCHEDULE.command.words);
  assertEquals(text("WorkingDirectory"), ["/opt/ml tidy"]);
});

Deno.test("prepareWindows() tells of a run in a second action", () => {
  assertEquals(textOf(TOLD)("Arguments").length, 2);
  assertEquals(textOf({ ...SCHEDULE, every: "monthly" })("Month").length, 0);
  assertEquals(textOf({ ...SCHEDULE, every: "monthly" })("December").length, 1);
});
