import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { webTest } from "./_support/browser.ts";
import { runTask } from "./_support/run_task.ts";
import { startReview } from "../_support/review_process.ts";
import { assertSameTree } from "../_support/tree.ts";
import { demoStore, treeOf } from "./_support/stores.ts";
import { carryOut, expectPlan, goTo, takeBack, textOf, waitForText } from "./_support/views.ts";

webTest(
  "a store is cleaned up and taken back by somebody who never sees a command line",
  async ({ open }) => {
    await using store = await demoStore();
    const before = await treeOf(store);
    await using review = await startReview("review:apply", store.location);
    await using page = await open(review.address);
    await page.getByRole("heading", { name: "What fills the store" }).waitFor();
    await page.waitForFunction(() => !document.body.innerText.includes("being measured"));
    const text = await textOf(page);
    for (const part of ["1,293", "감성분석", "churn-prediction"]) assertStringIncludes(text, part);

    await goTo(page, "Plan");
    await expectPlan(page, { deleted: 143, setAside: 2 });
    await page.getByLabel("Type remove 145 to confirm").fill("remove 146");
    await page.keyboard.press("Enter");
    await waitForText(page, "Expected remove 145, found remove 146");
    assert(await page.getByRole("button", { name: "Carry it out" }).isDisabled());
    assertSameTree(await treeOf(store), before);
    await carryOut(page, "remove 145");
    await expectPlan(page, { nothing: 0 });
    assert((await treeOf(store)).size < before.size);

    await takeBack(page);
    assertSameTree(await treeOf(store), before);
    await goTo(page, "Plan");
    await expectPlan(page, { deleted: 143, setAside: 2 });
  },
);

webTest("a database is cleaned up and taken back", async ({ open }) => {
  await using store = await demoStore("sqlite");
  const planned = async () => {
    const { actions, totals } = JSON.parse(
      await runTask("cleanup", "--json", "--store", store.location),
    );
    const paths = actions.map(({ path }: { readonly path: string }) => path).sort();
    return { totals, paths };
  };
  const before = await planned();
  await using review = await startReview("review:apply", store.location);
  await using page = await open(review.address);
  await goTo(page, "Plan");
  await expectPlan(page, { deleted: before.totals.softDeleteRuns });
  await carryOut(page, `remove ${before.paths.length}`);
  await expectPlan(page, { nothing: 0 });
  await takeBack(page);
  assertEquals(await planned(), before);
});
