/**
 * Tests in a real browser: each has pages that share nothing with those of another test, and whatever a page
 * says on its console, or asks of any host but its own, fails the test.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { CHROMIUM_FLAGS, chromiumPath, WITHOUT_CHROMIUM } from "./chromium.ts";

/** How a page is looked at. */
export interface ViewOptions {
  /** @default {1280} */
  readonly width?: number;
  /** Whether the console may say something, since the test asks for what is refused. @default {false} */
  readonly mayComplain?: boolean;
  /** Is given the page before it opens the address. */
  readonly prepare?: (page: Page) => void;
}

/** The browser, to a test. */
export interface Web {
  /** Opens an address in a window that shares nothing with any other. */
  readonly open: (address: string, options?: ViewOptions) => Promise<Page>;
}

/** How long anything may take that a page is waited for, on a machine with much else to do, ms. */
const PATIENCE = 120_000;

/** One for all tests of a file: to start it takes longer than most of them. */
let browser: Browser | null = null;

if (chromiumPath === null) {
  // deno-lint-ignore no-console
  console.error(WITHOUT_CHROMIUM);
} else {
  const executablePath = chromiumPath;
  Deno.test.beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
  });
  Deno.test.afterAll(async () => {
    await browser?.close();
  });
}

/**
 * Registers a test in a browser; it is ignored where there is none.
 *
 * @param name What holds.
 * @param test Does what a person would do.
 */
export function webTest(name: string, test: (web: Web) => Promise<void>): void {
  Deno.test({
    name,
    ignore: chromiumPath === null,
    fn: async () => {
      const contexts: BrowserContext[] = [];
      const said: string[] = [];
      const seen: string[] = [];
      const open = async (address: string, options: ViewOptions = {}) => {
        const { width = 1280 } = options;
        const context = await browser!.newContext({
          viewport: { width, height: 800 },
          timezoneId: "UTC",
          permissions: ["clipboard-read", "clipboard-write"],
        });
        contexts.push(context);
        const page = await context.newPage();
        page.setDefaultTimeout(PATIENCE);
        if (options.mayComplain !== true) listenTo(page, address, said);
        page[Symbol.asyncDispose] = async () => {
          seen.push(await bodyOf(page));
          await page.close();
        };
        options.prepare?.(page);
        await page.goto(address);
        return page;
      };
      try {
        await test({ open }).catch((error: unknown) => {
          throw new Error(
            `${error}; the page said [${said.join("; ")}], and was seen as ${seen.join("; then ")}`,
          );
        });
        assertEquals(said, []);
      } finally {
        await Promise.all(contexts.map((context) => context.close()));
      }
    },
  });
}

/** What has just changed is asked for once more now and then; the page knows what to do, and the browser says so. */
const ASKED_IN_VAIN = /status of (?:409 .*\/api\/rows|404 .*\/api\/backups)\?/;

async function bodyOf(page: Page): Promise<string> {
  return (await page.locator("body").innerText().catch(String)).replace(/\s+/g, " ");
}

function listenTo(page: Page, address: string, said: string[]): void {
  page.on("console", (message) => {
    const text = `${message.text()} ${message.location().url}`;
    if (!ASKED_IN_VAIN.test(text)) said.push(`console: ${text}`);
  });
  page.on("pageerror", (error) => said.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => said.push(`dialog: ${dialog.message()}`));
  const own = new URL(address).origin;
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== "data:" && origin !== own) said.push(`request: ${request.url()}`);
  });
}
