import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { cleanup } from "../../../../tasks/cleanup.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import { renderPlan } from "../../../../lib/render/plan.ts";
import { renderReport } from "../../../../lib/render/report.ts";
import { parsePlan } from "../../../../lib/plan/parse_plan.ts";
import { NOW, runId } from "../../../_support/builders.ts";
import { tempStore } from "../../../_support/disk_store.ts";
import { ROTTEN } from "../../../_support/rotten_store.ts";

/** Seconds since 1970 that no date can say; not every file system can either. */
const BEYOND = 8_640_000_000_001;

function canHold(path: string): boolean {
  Deno.utimeSync(path, BEYOND, BEYOND);
  return Number.isNaN(Deno.lstatSync(path).mtime?.getTime());
}

Deno.test("a plan, and its report, name whose modification time no undoing gives back", async () => {
  await using place = await tempStore(ROTTEN);
  const { root } = place;
  await using store = await openStore(root, { now: () => NOW });
  const told = async () => (await cleanup(store)).plan.lostTimes;
  assertEquals(await told(), undefined);
  const run = `1/${runId(1)}`;
  if (!canHold(join(root, run))) return;
  assertEquals(await told(), [run]);
  Deno.utimeSync(join(root, "1"), BEYOND, BEYOND);
  Deno.utimeSync(root, BEYOND, BEYOND);
  const { plan, report } = await cleanup(store, { apply: true });
  assertEquals(plan.lostTimes, [run, "1", ""]);
  assertEquals(parsePlan(JSON.stringify(plan), "plan.json"), plan);
  const note =
    `Note: undoing this gives back everything but the modification time of ${run}, 1, the store itself, which is after the year 275760`;
  for (const text of [renderPlan(plan), renderReport(report!)]) {
    assertEquals(text.split("\n").filter((line) => line.startsWith("Note:")), [note]);
  }
});
