/**
 * Takes the pictures of the page that its README shows:
 *
 * ```
 * deno run -c tests/web/deno.json -A tests/web/take_pictures.ts
 * ```
 *
 * @module
 */

import { chromium, type Page } from "playwright-core";
import { CHROMIUM_FLAGS, chromiumPath, WITHOUT_CHROMIUM } from "./_support/chromium.ts";
import { startReview } from "../_support/review_process.ts";
import { demoStore } from "./_support/stores.ts";
import { goTo, rowsOf, waitForText } from "./_support/views.ts";

const PICTURES = new URL("pictures/", import.meta.url).pathname;

const PLACE = "/home/kim/project/mlruns";

/** What is taken, and of what. */
const pictures = {
  "plan.png": async (page: Page) => {
    await goTo(page, "Plan");
    await rowsOf(page).first().waitFor();
  },
  "policy_dark.png": async (page: Page) => {
    await page.emulateMedia({ colorScheme: "dark" });
    await goTo(page, "Policy");
    await page.getByRole("spinbutton").first().fill("14");
    await waitForText(page, /more go, /);
    await rowsOf(page).first().waitFor();
  },
} as const;

if (chromiumPath === null) throw new Error(WITHOUT_CHROMIUM);
await using store = await demoStore();
await using review = await startReview("review:apply", store.location);
const browser = await chromium.launch({ executablePath: chromiumPath, args: CHROMIUM_FLAGS });
try {
  const page = await browser.newPage({ viewport: { width: 1100, height: 760 } });
  await page.goto(review.address);
  for (const [name, prepare] of Object.entries(pictures)) {
    await prepare(page);
    // The place of a picture's store is nobody's business.
    await page.locator(".place").first().evaluate(
      (element, place) => element.textContent = place,
      PLACE,
    );
    await page.screenshot({ path: `${PICTURES}${name}` });
  }
} finally {
  await browser.close();
}
