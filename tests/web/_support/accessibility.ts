/**
 * What axe-core has to say of a page, in both themes.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import axe from "axe-core";
import type { Page } from "playwright-core";

/**
 * Asserts that axe-core finds nothing in a page, in light and in dark.
 *
 * @param page The page, as it stands.
 */
export async function assertAccessible(page: Page): Promise<void> {
  // What the driver evaluates bypasses the page's policy.
  await page.evaluate(axe.source);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const found = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as { readonly axe: typeof import("axe-core") };
      const { violations } = await axe.run();
      return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary ?? ""}`)
      );
    });
    assertEquals(found, [], colorScheme);
  }
}

/**
 * Asserts that nothing of a page lies beyond its right edge.
 *
 * @param page The page.
 */
export async function assertFits(page: Page): Promise<void> {
  const { scrollWidth, clientWidth } = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return { scrollWidth, clientWidth };
  });
  assertEquals(scrollWidth, clientWidth);
}
