import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { webTest } from "./_support/browser.ts";
import { startReview } from "../_support/review_process.ts";
import { assertSameTree } from "../_support/tree.ts";
import { smallStore, treeOf } from "./_support/stores.ts";
import { expectPlan, goTo } from "./_support/views.ts";

/** A page of another server of this machine, such as a notebook or another account's. */
function serveForeignPage(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("<title>foreign</title>", { headers: { "content-type": "text/html" } }),
  );
}

/** What comes of a request that a page makes. */
async function ask(page: Page, address: string, init: RequestInit): Promise<string> {
  return await page.evaluate(async ({ address, init }) => {
    try {
      const { status, type } = await fetch(address, init);
      return `${type} ${status}`;
    } catch {
      return "refused";
    }
  }, { address, init });
}

webTest(
  "a page of another port gets nothing of the store, and changes nothing, even with the token",
  async ({ open }) => {
    await using store = await smallStore();
    const before = await treeOf(store);
    await using review = await startReview("review:apply", store.location);
    await using foreign = serveForeignPage();
    await using page = await open(review.address);
    await goTo(page, "Plan");
    await expectPlan(page, { deleted: 12 });
    await using other = await page.context().newPage();
    await other.goto(`http://127.0.0.1:${foreign.addr.port}/`);
    const authorization = `Bearer ${review.token}`;
    const json = { "content-type": "application/json" };
    const body = JSON.stringify({ plan: "", words: "remove 13" });
    const api = `${review.origin}/api`;
    assertEquals(await ask(other, `${api}/store`, { headers: { authorization } }), "refused");
    assertEquals(await ask(other, `${api}/store`, { credentials: "include" }), "refused");
    assertEquals(
      await ask(other, `${api}/apply`, {
        method: "POST",
        headers: { ...json, authorization },
        body,
      }),
      "refused",
    );
    assertEquals(
      await ask(other, `${api}/apply`, { method: "POST", mode: "no-cors", body }),
      "refused",
    );
    assertEquals(await other.evaluate(() => sessionStorage.length + localStorage.length), 0);
    assertEquals(await page.context().cookies(), []);
    const framed = await other.evaluate(async (address) => {
      const frame = document.createElement("iframe");
      frame.src = address;
      document.body.append(frame);
      await new Promise((resolve) => frame.onload = resolve);
      try {
        return frame.contentDocument === null;
      } catch {
        return true;
      }
    }, review.address);
    assert(framed);
    assertSameTree(await treeOf(store), before);
  },
);

webTest("two pages on two ports see nothing of each other", async ({ open }) => {
  await using one = await smallStore();
  await using first = await startReview("review:apply", one.location);
  await using second = await startReview("review:apply", one.location);
  assert(first.origin !== second.origin && first.token !== second.token);
  await using page = await open(first.address);
  await page.getByRole("heading", { name: "What fills the store" }).waitFor();
  await using other = await page.context().newPage();
  await other.goto(second.origin);
  await other.getByLabel("Paste the address that mltidy printed in the terminal").waitFor();
  assertEquals(await other.evaluate(() => sessionStorage.length), 0);
  const wrong = await other.evaluate(async (token) => {
    const answer = await fetch("api/store", { headers: { authorization: `Bearer ${token}` } });
    return answer.status;
  }, first.token).catch(String);
  assertEquals(wrong, 401);
});

webTest(
  "the token is in the terminal and in the session of its tab, and nowhere else",
  async ({ open }) => {
    await using store = await smallStore();
    await using review = await startReview("review:apply", store.location);
    const answers: Promise<string>[] = [];
    await using page = await open(review.address, {
      prepare: (page) =>
        page.on("response", (answer) => {
          if (answer.url().endsWith("/events")) return;
          answers.push(answer.text().catch(() => ""));
        }),
    });
    await page.getByRole("heading", { name: "What fills the store" }).waitFor();
    await goTo(page, "Plan");
    await expectPlan(page, { deleted: 12 });
    const { token } = review;
    assert(token.length >= 40, `${token.length}`);
    const shown = await page.evaluate(() =>
      [
        location.href,
        document.title,
        document.documentElement.outerHTML,
        JSON.stringify(localStorage),
        document.cookie,
        JSON.stringify(history.state),
      ].join("\n")
    );
    assert(!shown.includes(token));
    assert(!(await Promise.all(answers)).some((text) => text.includes(token)));
    await page.goBack();
    await page.goBack();
    assert(!page.url().includes(token), page.url());
    assertEquals(review.said().split(token).length - 1, 1);
  },
);

webTest("the page's policy holds where mark-up has come into it after all", async ({ open }) => {
  await using store = await smallStore();
  await using review = await startReview("review", store.location);
  await using page = await open(review.address, { mayComplain: true });
  await page.getByRole("heading", { name: "What fills the store" }).waitFor();
  const outcome = await page.evaluate(async () => {
    const tried: Record<string, string> = {};
    const attempt = async (what: string, act: () => unknown) => {
      try {
        await act();
        tried[what] = "done";
      } catch (error) {
        tried[what] = (error as Error).name;
      }
    };
    await attempt("innerHTML", () => document.body.innerHTML = "<p>");
    await attempt("fetch", () => fetch("http://127.0.0.1:9/"));
    await attempt("inline", async () => {
      const script = document.createElement("script");
      script.append("globalThis.ran = true");
      document.body.append(script);
      await new Promise((resolve) => setTimeout(resolve, 50));
      if ((globalThis as { ran?: boolean }).ran !== true) throw new DOMException("", "Blocked");
    });
    await attempt("form", () => {
      const form = document.createElement("form");
      form.action = "http://127.0.0.1:9/";
      document.body.append(form);
      form.submit();
    });
    return tried;
  });
  assertEquals(outcome, {
    innerHTML: "TypeError",
    fetch: "TypeError",
    inline: "Blocked",
    form: "done",
  });
  assertEquals(new URL(page.url()).origin, review.origin);
});

webTest(
  "an address with a token of another start, or one cut short, is said to be wrong",
  async ({ open }) => {
    await using store = await smallStore();
    await using review = await startReview("review", store.location);
    for (const token of ["x".repeat(review.token.length), review.token.slice(0, 5)]) {
      const address = `${review.origin}/#token=${token}`;
      await using page = await open(address, { mayComplain: true });
      await page.getByText("This address is not that of the page that is now running").waitFor();
    }
  },
);
