import { assert, assertEquals } from "@std/assert";
import { webTest } from "./_support/browser.ts";
import { startReview } from "../_support/review_process.ts";
import { largeDatabase } from "./_support/stores.ts";
import { drawnRows, goTo, rowsOf, waitForText } from "./_support/views.ts";

/** At once the rows in sight and some beyond are in the document. */
const MOST_ROWS = 500;
const MOST_BYTES = 1_000_000;
const MOST_MEMORY = 400 * 2 ** 20;

webTest("100,000 runs are looked at in windows, by a server of little memory", async ({ open }) => {
  await using store = await largeDatabase(100_000);
  await using review = await startReview("review", store.location);
  const sizes = new Map<string, number>();
  await using page = await open(review.address, {
    prepare: (page) =>
      page.on("response", async (answer) => {
        const { pathname } = new URL(answer.url());
        if (pathname.endsWith("/events")) return;
        const size = await answer.body().then(({ length }) => length, () => 0);
        sizes.set(pathname, Math.max(size, sizes.get(pathname) ?? 0));
      }),
  });
  await page.getByRole("heading", { name: "What fills the store" }).waitFor({ timeout: 60_000 });
  await goTo(page, "Plan");
  await rowsOf(page).first().waitFor({ timeout: 30_000 });
  const grid = page.getByRole("grid");
  await rowsOf(page).first().waitFor();
  await grid.evaluate((element) => element.scrollTo({ top: element.scrollHeight / 2 }));
  await page.waitForFunction(() =>
    [...document.querySelectorAll("[role=row]")].some((row) =>
      Number(row.getAttribute("aria-rowindex")) > 10_000 && /run-\d+/.test(row.textContent ?? "")
    )
  );
  const drawn = await drawnRows(page);
  assert(drawn > 5 && drawn <= MOST_ROWS, `${drawn} rows`);
  await page.getByLabel("Filter").fill("run-99996");
  await page.waitForFunction(() =>
    document.querySelectorAll("[role=rowgroup] [role=row]").length === 1
  );
  await goTo(page, "Policy");
  await page.getByRole("spinbutton").first().fill("99999");
  await waitForText(page, /[\d,]+ stay instead/);
  await goTo(page, "Store");
  await page.getByRole("button", { name: "Look for what is broken" }).click();
  await waitForText(page, "Nothing is broken");
  assertEquals(await page.getByText("being measured").count(), 0);
  const large = [...sizes].filter(([, size]) => size > MOST_BYTES);
  assertEquals(large, []);
  assert(sizes.size > 5);
  const memory = review.peakMemory();
  assert(memory === null || memory <= MOST_MEMORY, `${memory} bytes`);
});
