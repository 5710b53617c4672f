import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { webTest } from "./_support/browser.ts";
import { runTask } from "./_support/run_task.ts";
import { startReview } from "../_support/review_process.ts";
import { assertSameTree } from "../_support/tree.ts";
import { largeStore, smallStore, treeOf } from "./_support/stores.ts";
import {
  carryOut,
  expectPlan,
  goTo,
  rowsOf,
  takeBack,
  textOf,
  waitForText,
} from "./_support/views.ts";

webTest(
  "a plan that is no longer that of the store is not carried out, and the new one is shown",
  async ({ open }) => {
    await using store = await smallStore();
    await using review = await startReview("review:apply", store.location);
    await using page = await open(review.address);
    await goTo(page, "Plan");
    await expectPlan(page, { deleted: 12 });
    await page.getByLabel("Type remove 13 to confirm").fill("remove 13");
    // Another program at work on the same store, which the page is not told of in time.
    await runTask("prune:apply", "--days-old", "42", "--force", "--store", store.location);
    const since = await treeOf(store);
    await page.getByRole("button", { name: "Carry it out" }).click();
    await page.getByRole("alert").waitFor();
    assertSameTree(await treeOf(store), since);
    const { actions } = JSON.parse(await runTask("cleanup", "--json", "--store", store.location));
    assert(actions.length < 13);
    await expectPlan(page, { deleted: actions.length - 1 });
    await carryOut(page, `remove ${actions.length}`);
    await expectPlan(page, { nothing: 0 });
  },
);

webTest("a run that is pinned never goes, until it is pinned no more", async ({ open }) => {
  await using store = await smallStore();
  await using review = await startReview("review:apply", store.location);
  await using page = await open(review.address);
  await goTo(page, "Plan");
  await expectPlan(page, { deleted: 12 });
  const button = rowsOf(page).getByRole("button", { name: /^Pin / }).first();
  const name = /^Pin (.*), so that/.exec(await button.getAttribute("aria-label") ?? "")?.[1] ?? "";
  await button.click();
  await expectPlan(page, { deleted: 11 });
  const { kept } = JSON.parse(await runTask("cleanup", "--json", "--store", store.location));
  const pinned = kept.filter(({ reasons }: { readonly reasons: readonly { kind: string }[] }) =>
    reasons.some(({ kind }) => kind === "pinned")
  );
  assertEquals(pinned.map((one: { readonly name: string }) => one.name), [name]);
  await page.getByRole("radio", { name: /^Stays / }).check();
  await page.getByLabel("Filter").fill("pinned");
  await rowsOf(page).getByRole("button", { name: `Unpin ${name}` }).click();
  await expectPlan(page, { deleted: 12 });
});

webTest("one run is brought back of all that was taken away", async ({ open }) => {
  await using store = await smallStore();
  await using review = await startReview("review:apply", store.location);
  await using page = await open(review.address);
  await goTo(page, "Plan");
  await carryOut(page, "remove 13");
  await goTo(page, "Undo");
  await page.getByRole("button", { name: /^See what it holds/ }).first().click();
  const one = page.getByRole("button", { name: /^Bring back / }).first();
  await one.click();
  await page.getByRole("button", { name: "Yes, bring it back" }).click();
  await page.getByRole("heading", { name: "Brought back", exact: true }).waitFor();
  const { actions } = JSON.parse(await runTask("cleanup", "--json", "--store", store.location));
  assertEquals(actions.length, 1);
});

webTest("what is broken is mended from the page, after its number was typed", async ({ open }) => {
  await using store = await smallStore();
  const torn = breakMetric(store.location);
  await using review = await startReview("review:apply", store.location);
  await using page = await open(review.address);
  // What can be done here is said before any command.
  const toDo = async (finding: string) => {
    const found = page.locator(".finding", { hasText: finding }).first();
    return await textOf(
      found.locator("dt", { hasText: "To do" }).locator("xpath=following::dd[1]"),
    );
  };
  assertStringIncludes(await toDo("the line has 1 field"), "mltidy can repair it here");
  assertStringIncludes(await toDo("5fbbd685931c4616bdc67005b055056d"), "with the Plan");
  await page.getByRole("button", { name: "See what can be repaired" }).click();
  await waitForText(page, torn.slice(store.location.length + 1).split("/metrics/")[0]!);
  await page.getByLabel("Type repair 2 to confirm").fill("repair 2");
  await page.getByRole("button", { name: "Repair", exact: true }).click();
  await page.getByRole("heading", { name: "Repaired", exact: true }).waitFor();
  assert(!Deno.readTextFileSync(torn).includes("17000000"));
});

/** A line that was not written to its end, long ago. */
function breakMetric(root: string): string {
  for (const experiment of Deno.readDirSync(root)) {
    if (!experiment.isDirectory || experiment.name.startsWith(".")) continue;
    for (const run of Deno.readDirSync(`${root}/${experiment.name}`)) {
      const metrics = `${root}/${experiment.name}/${run.name}/metrics`;
      try {
        for (const { name, isFile } of Deno.readDirSync(metrics)) {
          if (!isFile) continue;
          const path = `${metrics}/${name}`;
          Deno.writeTextFileSync(path, "17000000", { append: true });
          const longAgo = new Date(Date.now() - 86_400_000);
          Deno.utimeSync(path, longAgo, longAgo);
          return path;
        }
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }
  throw new Error(`No metric in ${root}`);
}

webTest(
  "what is carried out can be stopped, and what was done by then be taken back",
  async ({ open }) => {
    await using store = await largeStore(2_000);
    const before = await treeOf(store);
    await using review = await startReview("review:apply", store.location);
    await using page = await open(review.address);
    await goTo(page, "Plan");
    const { actions } = JSON.parse(await runTask("cleanup", "--json", "--store", store.location));
    const words = `remove ${actions.length}`;
    await page.getByLabel(`Type ${words} to confirm`).fill(words);
    await page.getByRole("button", { name: "Carry it out" }).click();
    await waitForText(page, /Applying: /);
    const busy = await textOf(page);
    assertStringIncludes(busy, "Something is being carried out");
    assert(!/Nothing changes until you confirm|Exactly what is shown/.test(busy), busy);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("heading", { name: "Carried out in part" }).waitFor();
    assertStringIncludes(await textOf(page), "not begun, since it was stopped");
    await takeBack(page);
    assertSameTree(await treeOf(store), before);
  },
);
