import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertAccessible, assertFits } from "./_support/accessibility.ts";
import { webTest } from "./_support/browser.ts";
import { startReview } from "../_support/review_process.ts";
import { hostileStore } from "./_support/stores.ts";
import {
  assertOnlyText,
  bringBack,
  carryOut,
  goTo,
  openBackup,
  rowsOf,
  textOf,
  waitForText,
} from "./_support/views.ts";

webTest(
  "names that are mark-up, control characters or a page of letters are only ever text",
  async ({ open }) => {
    await using store = await hostileStore();
    await using review = await startReview(
      "review:apply",
      store.location,
      "--mlflow-ui",
      "http://127.0.0.1:5000",
    );
    await using page = await open(review.address, { width: 1000 });
    await page.getByRole("heading", { name: "What fills the store" }).waitFor();
    await waitForText(page, "See what can be repaired");
    assertStringIncludes(await textOf(page), "<img src=x onerror=alert(1)>");
    await assertOnlyText(page);
    for (const view of ["Plan", "Policy", "Explain", "Undo"] as const) {
      await goTo(page, view);
      await page.locator("[aria-busy=true]").waitFor({ state: "detached" });
      await assertOnlyText(page);
      await assertAccessible(page);
      for (const width of [1000, 360]) {
        await page.setViewportSize({ width, height: 740 });
        await assertFits(page);
      }
    }
    await goTo(page, "Plan");
    await page.getByLabel("Filter").fill("<script>");
    await rowsOf(page).filter({ hasText: "<script>alert(1)</script>" }).first().waitFor();
    const links = await page.locator("a.outward").evaluateAll((all) =>
      all.map((one) => (one as HTMLAnchorElement).origin)
    );
    assertEquals([...new Set(links)], ["http://127.0.0.1:5000"]);
    await goTo(page, "Explain");
    await page.getByLabel("Id or name").fill("javascript:alert(1)");
    await page.getByRole("button", { name: "Explain" }).click();
    await waitForText(page, /Which one is meant|Because|Each of these/);
    await assertOnlyText(page);
  },
);

webTest("a store of such names is cleaned up and taken back", async ({ open }) => {
  await using store = await hostileStore();
  await using review = await startReview("review:apply", store.location);
  await using page = await open(review.address);
  await goTo(page, "Plan");
  const words = /Type (remove [\d,]+) to confirm/.exec(
    await textOf(page.locator("form.type-words")),
  )?.[1] ?? "";
  await carryOut(page, words);
  await assertOnlyText(page);
  await openBackup(page);
  await assertOnlyText(page);
  await bringBack(page);
});
