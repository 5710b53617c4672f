import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Page } from "playwright-core";
import { assertAccessible, assertFits } from "./_support/accessibility.ts";
import { webTest } from "./_support/browser.ts";
import { runTask } from "./_support/run_task.ts";
import { startReview } from "../_support/review_process.ts";
import { assertSameTree } from "../_support/tree.ts";
import { smallStore, treeOf } from "./_support/stores.ts";
import { carryOut, expectPlan, goTo, rowsOf, textOf, waitForText } from "./_support/views.ts";

webTest(
  "what is left out stays, a run as well as an experiment, and all else that is shown goes",
  async ({ open }) => {
    await using store = await smallStore();
    await using review = await startReview("review:apply", store.location);
    await using page = await open(review.address);
    await goTo(page, "Plan");
    await expectPlan(page, { deleted: 12 });
    await page.getByLabel("All of vision goes").click();
    await expectPlan(page, { deleted: 8 });
    const first = rowsOf(page).first().getByRole("checkbox");
    const label = await first.getAttribute("aria-label") ?? "";
    const name = label.replace(/ goes$/, "");
    await first.click();
    await expectPlan(page, { deleted: 7 });
    await page.getByRole("radio", { name: "Left out 5" }).check();
    await rowsOf(page).filter({ hasText: name }).first().waitFor();
    await carryOut(page, "remove 8");
    const plan = JSON.parse(await runTask("cleanup", "--json", "--store", store.location));
    assertEquals(plan.actions.length, 5);
    assert(plan.actions.some((action: { readonly name: string }) => action.name === name));
    // It stays left out, also once the page is loaded again, until it is taken in again.
    await expectPlan(page, { nothing: 0 });
    await page.reload();
    await expectPlan(page, { nothing: 0 });
    await waitForText(page, "There is nothing to carry out.");
    await page.getByRole("radio", { name: "Left out 5" }).check();
    await rowsOf(page).filter({ hasText: name }).first().waitFor();
    await page.getByRole("group", { name: "Left out of this plan" }).getByRole("button", { name })
      .click();
    await expectPlan(page, { deleted: 1 });
    await page.getByRole("button", { name: "Take all in again" }).click();
    await page.getByLabel("Type remove 5 to confirm").waitFor();
  },
);

webTest(
  "a page that only looks shows the same, and gives a plan to carry out elsewhere",
  async ({ open }) => {
    await using store = await smallStore();
    const before = await treeOf(store);
    await using review = await startReview("review", store.location);
    await using page = await open(review.address);
    await goTo(page, "Plan");
    await expectPlan(page, { deleted: 12, setAside: 1 });
    assertEquals(await page.getByRole("button", { name: "Carry it out" }).count(), 0);
    assertEquals(await page.getByRole("button", { name: /^Pin / }).count(), 0);
    const downloading = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download plan.json" }).click();
    const file = `${store.directory}/plan.json`;
    await (await downloading).saveAs(file);
    assertStringIncludes(await textOf(page), "deno task apply plan.json");
    assertEquals(JSON.parse(await Deno.readTextFile(file)).actions.length, 13);
    await using other = await open(review.address, { mayComplain: true });
    await other.getByRole("heading", { name: "What fills the store" }).waitFor();
    const asked = await other.evaluate(async (token) => {
      const { status } = await fetch("api/apply", {
        method: "POST",
        headers: { "authorization": `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ plan: "1", words: "remove 13" }),
      });
      return status;
    }, review.token);
    assertEquals(asked, 403);
    assertSameTree(await treeOf(store), before);
    await runTask("apply", file, "--force", "--store", store.location);
    assert((await treeOf(store)).size < before.size);
  },
);

webTest(
  "a number of the policy is moved, and at once it is seen what would change sides",
  async ({ open }) => {
    await using store = await smallStore();
    await using review = await startReview("review", store.location);
    await using page = await open(review.address);
    await goTo(page, "Policy");
    await waitForText(page, /as by the defaults/);
    const number = page.getByRole("spinbutton").first();
    await number.fill("42");
    await waitForText(page, /more go, .* stay instead/);
    await page.reload();
    await waitForText(page, "What changes sides");
    assertEquals(await number.inputValue(), "42");
    const turned = await textOf(page);
    assertStringIncludes(turned, "against the defaults");
    const yaml = await textOf(page.getByRole("region", { name: "the policy as a mltidy.yaml" }));
    assertStringIncludes(yaml, "42d");
    await Deno.writeTextFile(
      `${store.directory}/mltidy.yaml`,
      await page.getByRole("region", { name: "the policy as a mltidy.yaml" }).innerText(),
    );
    const plan = JSON.parse(await runTask("cleanup", "--json", "--store", store.location));
    await goTo(page, "Plan");
    await expectPlan(page, { deleted: plan.totals.softDeleteRuns });
  },
);

webTest(
  "what is no number for the policy is said at its field, with what the plan is still of",
  async ({ open }) => {
    await using store = await smallStore();
    await using review = await startReview("review", store.location);
    await using page = await open(review.address);
    await goTo(page, "Policy");
    const number = page.getByRole("spinbutton").first();
    for (const [typed, found] of [["-5", "-5"], ["", "none"]] as const) {
      await number.fill(typed);
      await page.getByRole("alert").filter({ hasText: `found ${found}. The plan is still that of` })
        .waitFor();
      assertEquals(await number.getAttribute("aria-invalid"), "true");
      assertEquals(await number.inputValue(), typed);
      const described = (await number.getAttribute("aria-describedby"))!.split(" ").at(-1);
      assertEquals(await page.getByRole("alert").getAttribute("id"), described);
      await assertAccessible(page);
    }
    await number.fill("42");
    await page.getByRole("alert").waitFor({ state: "detached" });
    assertEquals(await number.getAttribute("aria-invalid"), "false");
    await waitForText(page, /more go, .* stay instead/);
  },
);

webTest(
  "only the right words carry a plan out, and of other ones it is said what is expected",
  async ({ open }) => {
    await using store = await smallStore();
    await using review = await startReview("review:apply", store.location);
    await using page = await open(review.address);
    await goTo(page, "Plan");
    const field = page.getByLabel("Type remove 13 to confirm");
    const button = page.getByRole("button", { name: "Carry it out" });
    await field.waitFor();
    for (
      const [typed, expected, invalid] of [
        ["", "", "false"],
        ["remove 1", "Expected remove 13", "false"],
        ["x", "Expected remove 13, found x", "true"],
        ["13", "Expected remove 13, found 13", "true"],
        [" remove 13 ", "", "false"],
      ] as const
    ) {
      await field.fill(typed);
      await page.waitForFunction(
        (expected) => document.getElementById("expected-apply")?.textContent === expected,
        expected,
      );
      assertEquals(await field.getAttribute("aria-invalid"), invalid);
      assertEquals(await field.getAttribute("aria-describedby"), "expected-apply");
      assertEquals(await button.isDisabled(), typed.trim() !== "remove 13");
    }
    await field.press("Enter");
    await page.getByRole("heading", { name: "Carried out", exact: true }).waitFor();
  },
);

webTest("a run is explained, with what would turn it", async ({ open }) => {
  await using store = await smallStore();
  await using review = await startReview("review", store.location);
  await using page = await open(review.address);
  await goTo(page, "Explain");
  const plan = JSON.parse(await runTask("cleanup", "--json", "--store", store.location));
  const { runId, name } = plan.actions[0];
  await page.getByLabel("Id or name").fill(runId.slice(0, 12));
  await page.getByRole("button", { name: "Explain" }).click();
  await page.getByRole("heading", { name }).waitFor();
  const text = await textOf(page);
  assertStringIncludes(text, "deleted in MLflow, which can restore it");
  assertStringIncludes(text, "limit 30 d");
  assertStringIncludes(text, "It would stay");
});

/** Asserts that no number stands on another line than its unit. */
async function assertUnbroken(page: Page): Promise<void> {
  const broken = await page.evaluate(() => {
    const linesOf = (element: Element, from: number) => {
      const text = element.firstChild!;
      const range = document.createRange();
      range.setStart(text, Math.max(0, from));
      range.setEnd(text, text.textContent!.length);
      return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
    };
    const figures = [...document.querySelectorAll(".figure-value")];
    // As long as a size can be.
    figures.at(-1)!.textContent = "1,023.9 MiB";
    const labels = [...document.querySelectorAll(".column-label")];
    return [
      ...figures.filter((one) => linesOf(one, 0) > 1),
      ...labels.filter((one) => linesOf(one, one.textContent!.lastIndexOf("–") + 1) > 1),
    ].map(({ textContent }) => textContent);
  });
  assertEquals(broken, []);
}

webTest(
  "the page is for everybody: axe finds nothing in any view, 360 px are enough, and so is 200 %",
  async ({ open }) => {
    await using store = await smallStore();
    await using review = await startReview("review:apply", store.location);
    await using page = await open(review.address);
    await page.getByRole("heading", { name: "What fills the store" }).waitFor();
    await waitForText(page, "See what can be repaired");
    for (const view of ["Store", "Plan", "Policy", "Explain", "Undo"] as const) {
      await goTo(page, view);
      await page.locator("[aria-busy=true]").waitFor({ state: "detached" });
      await page.setViewportSize({ width: 1280, height: 800 });
      await assertAccessible(page);
      if (view === "Store") await assertUnbroken(page);
      // A window of 1,280 px at 200 % is one of 640.
      for (const width of [640, 360]) {
        await page.setViewportSize({ width, height: 740 });
        await assertFits(page);
        if (view === "Store") await assertUnbroken(page);
      }
    }
  },
);
