import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertAccessible, assertFits } from "./_support/accessibility.ts";
import { webTest } from "./_support/browser.ts";
import { runTask } from "./_support/run_task.ts";
import { demoStore, hostileStore } from "./_support/stores.ts";

webTest("a report shows the seed's figures to everybody, on any screen", async ({ open }) => {
  await using store = await demoStore();
  const file = `${store.directory}/report.html`;
  await runTask("report", "--html", file, "--sizes", "--store", store.location);
  await using page = await open(`file://${file}`);
  const text = await page.locator("body").innerText();
  assertStringIncludes(text, "Plan: 143 to soft-delete, 0 to purge, 2 to quarantine");
  assertStringIncludes(text, "1,293");
  assertStringIncludes(text, "감성분석");
  assertEquals(await page.getByRole("img", { name: "Runs by age" }).count(), 1);
  await assertAccessible(page);
  await page.setViewportSize({ width: 360, height: 740 });
  await assertFits(page);
  await page.getByText("orphans: 2 to be quarantined").click();
  assertStringIncludes(await page.locator("details[open]").innerText(), "meta.yaml does not exist");
});

webTest("a report of a store whose names are mark-up runs nothing of it", async ({ open }) => {
  await using store = await hostileStore();
  const file = `${store.directory}/report.html`;
  await runTask("report", "--html", file, "--all", "--store", store.location);
  await using page = await open(`file://${file}`);
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => one.open = true));
  assertEquals(await page.locator("script, img, iframe, a, form").count(), 0);
  assertStringIncludes(await page.locator("body").innerText(), "<img src=x onerror=alert(1)>");
  await assertAccessible(page);
  await page.setViewportSize({ width: 360, height: 740 });
  await assertFits(page);
});
