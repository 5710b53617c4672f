/**
 * The page in the words of a person: its views, and what is read and done in them.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Locator, Page } from "playwright-core";

/** The views of the page. */
export type View = "Store" | "Plan" | "Policy" | "Explain" | "Undo";

/**
 * Goes to a view.
 *
 * @param page The page.
 * @param view The view.
 */
export async function goTo(page: Page, view: View): Promise<void> {
  await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: view }).click();
  await page.waitForFunction((title) => document.title.startsWith(title), view);
}

/**
 * Reads what the page shows, as a person sees it.
 *
 * @param page The page.
 * @returns Its text, with single spaces.
 */
export async function textOf(page: Page | Locator): Promise<string> {
  const place = "goto" in page ? page.locator("body") : page;
  return (await place.innerText()).replace(/\s+/g, " ");
}

/**
 * Waits for a text.
 *
 * @param page The page.
 * @param text What it is to say.
 */
export async function waitForText(page: Page, text: string | RegExp): Promise<void> {
  await page.getByText(text).first().waitFor();
}

/**
 * The list of the view, row by row.
 *
 * @param page The page.
 * @returns Its rows in sight.
 */
export function rowsOf(page: Page): Locator {
  return page.getByRole("grid").getByRole("rowgroup").getByRole("row");
}

/** What the page calls the figures of a plan. */
const FIGURES = {
  deleted: /^runs? to delete in MLflow/,
  setAside: /^orphans? to set aside/,
  nothing: /^things to do/,
} as const;

/**
 * Waits until the figures of the plan say how much of what.
 *
 * @param page The page, at the plan.
 * @param figures How much.
 */
export async function expectPlan(
  page: Page,
  figures: { readonly [F in keyof typeof FIGURES]?: number },
): Promise<void> {
  for (const [what, count] of Object.entries(figures)) {
    await page.getByLabel("What the plan does").locator(".figure")
      .filter({ has: page.locator("dt", { hasText: FIGURES[what as keyof typeof FIGURES] }) })
      .locator(".figure-value", { hasText: new RegExp(`^${count}$`) }).waitFor();
  }
}

/**
 * Types what carries the plan out, and waits until it is done.
 *
 * @param page The page, at the plan.
 * @param words What has to be typed.
 */
export async function carryOut(page: Page, words: string): Promise<void> {
  await page.getByLabel(`Type ${words} to confirm`).fill(words);
  await page.getByRole("button", { name: "Carry it out" }).click();
  await page.getByRole("heading", { name: "Carried out", exact: true }).waitFor();
}

/**
 * Looks at what the newest backup holds.
 *
 * @param page The page.
 */
export async function openBackup(page: Page): Promise<void> {
  await goTo(page, "Undo");
  await page.getByRole("button", { name: /^See what it holds/ }).first().click();
  await page.getByRole("button", { name: "Bring everything back" }).waitFor();
}

/**
 * Brings everything of the newest backup back, and waits until that is done.
 *
 * @param page The page.
 */
export async function takeBack(page: Page): Promise<void> {
  await openBackup(page);
  await bringBack(page);
}

/**
 * Brings everything of the backup back that is looked at, and waits until that is done.
 *
 * @param page The page.
 */
export async function bringBack(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Bring everything back" }).click();
  await page.getByRole("button", { name: "Yes, bring everything back" }).click();
  await page.getByRole("heading", { name: "Brought back", exact: true }).waitFor();
}

/**
 * Counts the rows that are in the document.
 *
 * @param page The page.
 * @returns How many.
 */
export async function drawnRows(page: Page): Promise<number> {
  return await page.evaluate(() => document.querySelectorAll("[role=row]").length);
}

/**
 * Asserts that no element of the page has what mark-up of a name would have made.
 *
 * @param page The page.
 */
export async function assertOnlyText(page: Page): Promise<void> {
  const made = await page.evaluate(() =>
    document.querySelectorAll("body script, img, iframe, svg, b, [onerror], [onclick], [onload]")
      .length
  );
  assertEquals(made, 0);
}
