import { assertEquals, assertThrows } from "@std/assert";
import { chooseScenarios } from "./choose_scenarios.ts";

const ALL = [
  { name: "restore-last", task: "restore" },
  { name: "restore-part", task: "restore" },
  { name: "repair", task: "repair" },
];

Deno.test("chooseScenarios() takes names, and what several scenarios are named together", () => {
  const chosen = (typed?: string) => chooseScenarios(ALL, typed).map(({ name }) => name);
  assertEquals(chosen(), ["restore-last", "restore-part", "repair"]);
  assertEquals(chosen("repair,restore-part"), ["restore-part", "repair"]);
  assertEquals(chosen("restore"), ["restore-last", "restore-part"]);
});

Deno.test("chooseScenarios() refuses a name that no scenario has, and says which there are", () => {
  for (const [typed, unknown] of [["repair,reapir", "reapir"], ["", ""]] as const) {
    assertThrows(
      () => chooseScenarios(ALL, typed),
      RangeError,
      `Cannot try --tasks ${typed}: no scenario is named "${unknown}"; there are repair, restore, restore-last, restore-part`,
    );
  }
});
