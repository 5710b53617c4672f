import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { webTest } from "./_support/browser.ts";
import { startReview } from "../_support/review_process.ts";
import { assertSameTree } from "../_support/tree.ts";
import { smallStore, treeOf } from "./_support/stores.ts";
import { expectPlan } from "./_support/views.ts";

/** Presses a key until what has the focus is called so. */
async function tabTo(page: Page, name: RegExp, key = "Tab"): Promise<void> {
  const passed: string[] = [];
  for (let count = 0; count < 200; count++) {
    await page.keyboard.press(key);
    const focused = await page.evaluate(() => {
      const element = document.activeElement as HTMLInputElement | null;
      const label = element?.getAttribute("aria-label") ?? element?.labels?.[0]?.textContent ??
        element?.textContent ?? "";
      return label.trim().slice(0, 120);
    });
    if (name.test(focused)) return;
    passed.push(focused);
  }
  throw new Error(`No ${name} by ${key}, but ${passed.slice(0, 40).join(" | ")}`);
}

/** Waits until what has the focus begins with a text. */
async function focusOn(page: Page, text: string): Promise<void> {
  await page.waitForFunction(
    (text) => {
      const { activeElement } = document;
      return activeElement !== document.body && activeElement?.textContent?.startsWith(text);
    },
    text,
  );
}

webTest(
  "everything is done by the keyboard alone, and it is seen where one is",
  async ({ open }) => {
    await using store = await smallStore();
    const before = await treeOf(store);
    await using review = await startReview("review:apply", store.location);
    await using page = await open(review.address);
    await page.getByRole("heading", { name: "What fills the store" }).waitFor();
    await tabTo(page, /^Skip to the content$/);
    const outline = await page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement!);
      return `${outlineStyle} ${outlineWidth}`;
    });
    assert(!/none|^\w+ 0px/.test(outline), outline);
    await tabTo(page, /^Plan$/);
    await page.keyboard.press("Enter");
    await expectPlan(page, { deleted: 12 });
    assertEquals(await page.evaluate(() => document.activeElement?.id), "view-heading");
    await tabTo(page, /^What goes\. Arrow keys move/);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    await expectPlan(page, { deleted: 11 });
    await page.keyboard.press("End");
    await page.keyboard.press("Home");
    await tabTo(page, /^Type remove 12 to confirm$/, "Shift+Tab");
    await page.keyboard.type("remove 12");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Carried out", exact: true }).waitFor();
    await tabTo(page, /^take it back$/, "Shift+Tab").catch(() => tabTo(page, /^take it back$/));
    await page.keyboard.press("Enter");
    await focusOn(page, "What it holds");
    await tabTo(page, /^Close$/);
    await page.keyboard.press("Enter");
    await focusOn(page, "Cleanup");
    await tabTo(page, /^See what it holds: Cleanup$/);
    await page.keyboard.press("Enter");
    await focusOn(page, "What it holds");
    await tabTo(page, /^Bring back /);
    // A key that is held down answers the question with no, and asks again: never with yes.
    await page.keyboard.press("Enter");
    await focusOn(page, "No");
    await page.keyboard.press("Enter");
    await focusOn(page, "Bring back");
    await tabTo(page, /^Bring everything back$/, "Shift+Tab");
    await page.keyboard.press("Enter");
    await focusOn(page, "No");
    await tabTo(page, /^Yes, bring everything back$/, "Shift+Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Brought back", exact: true }).waitFor();
    assertSameTree(await treeOf(store), before);
  },
);

webTest(
  "what another program has changed is read by a key, which keeps the focus",
  async ({ open }) => {
    await using store = await smallStore();
    await using review = await startReview("review", store.location);
    await using page = await open(review.address);
    // The store is settled: nothing is asked of it while it is read again.
    await page.getByText("Nothing is broken").or(page.locator(".findings li")).first().waitFor();
    await Deno.mkdir(`${store.location}/987654321`);
    await Deno.writeTextFile(
      `${store.location}/987654321/meta.yaml`,
      "experiment_id: '987654321'\nname: from elsewhere\nlifecycle_stage: active\nartifact_location: x\n",
    );
    await tabTo(page, /^Read the store again$/);
    await page.keyboard.press("Enter");
    await page.getByText("from elsewhere").first().waitFor();
    await focusOn(page, "Read the store again");
  },
);
