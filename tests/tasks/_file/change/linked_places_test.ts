import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { parsePlan } from "../../../../lib/plan/parse_plan.ts";
import { renderPlan } from "../../../../lib/render/plan.ts";
import { renderReport } from "../../../../lib/render/report.ts";
import { cleanup } from "../../../../tasks/cleanup.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import { NOW, runId } from "../../../_support/builders.ts";
import { tempStore } from "../../../_support/disk_store.ts";
import { ROTTEN } from "../../../_support/rotten_store.ts";

const POLICY = { purgeAfter: 0, apply: true } as const;

Deno.test("a plan, and its report, name what a link leads to that leaves the store", async () => {
  await using place = await tempStore(ROTTEN);
  const root = Deno.realPathSync(place.root);
  const big = `${root}-big`;
  Deno.mkdirSync(big);
  try {
    Deno.writeTextFileSync(`${big}/model.bin`, "x".repeat(100_000));
    const [purged, deleted, kept] = [`1/${runId(5)}`, `2/${runId(6)}`, `1/${runId(4)}`];
    const link = (path: string, target: string) => Deno.symlinkSync(target, join(root, path));
    link(`${purged}/artifacts/model.bin`, `${big}/model.bin`);
    // Neither what goes along, nor what is not there, nor what stays is said.
    link(`${purged}/artifacts/again`, ".");
    link(`${purged}/artifacts/lost`, `${big}/lost`);
    link(`${kept}/artifacts/kept`, big);
    // A deleted experiment goes as a whole.
    link(`.trash/${deleted}/artifacts/big`, big);
    await using store = await openStore(root, { now: () => NOW });
    const { plan, report } = await cleanup(store, POLICY);
    assertEquals(
      plan.linked,
      [
        { path: `${purged}/artifacts/model.bin`, target: `${big}/model.bin` },
        { path: `.trash/${deleted}/artifacts/big`, target: big },
      ] as unknown as typeof plan.linked,
    );
    assertEquals(parsePlan(JSON.stringify(plan), "plan.json"), plan);
    const note =
      `Note: of a symbolic link the link alone leaves; what it leads to stays, and no size here counts it: ` +
      `${big}/model.bin (${purged}/artifacts/model.bin), ${big} (.trash/${deleted}/artifacts/big)`;
    for (const text of [renderPlan(plan), renderReport(report!)]) {
      assertEquals(text.split("\n").filter((line) => line.startsWith("Note:")), [note]);
    }
    assertEquals(Deno.statSync(`${big}/model.bin`).size, 100_000);
  } finally {
    Deno.removeSync(big, { recursive: true });
  }
});
