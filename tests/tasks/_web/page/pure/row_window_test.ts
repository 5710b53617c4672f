import { assert, assertEquals } from "@std/assert";
import {
  PAGE_ROWS,
  pagesOf,
  rowAfterKey,
  windowOf,
} from "../../../../../tasks/_web/page/pure/row_window.ts";

Deno.test("what is in sight is drawn with a few rows beyond, never outside the list", () => {
  assertEquals(windowOf(0, 600, 60, 94_827), { from: 0, to: 18 });
  assertEquals(windowOf(60_000, 600, 60, 94_827), { from: 996, to: 1014 });
  assertEquals(windowOf(94_827 * 60, 600, 60, 94_827), { from: 94_809, to: 94_827 });
  assertEquals(windowOf(0, 600, 60, 3), { from: 0, to: 3 });
  assertEquals(windowOf(0, 600, 60, 0), { from: 0, to: 0 });
});

Deno.test("however high a list is, few rows are drawn", () => {
  for (const height of [100, 5_000, 100_000]) {
    const { from, to } = windowOf(1_234_567, height, 44, 100_000);
    assert(to - from <= 32);
  }
});

Deno.test("the pages that hold the drawn rows are asked for", () => {
  assertEquals(pagesOf({ from: 0, to: 18 }), [0]);
  assertEquals(pagesOf({ from: PAGE_ROWS - 5, to: PAGE_ROWS + 5 }), [0, 1]);
  assertEquals(pagesOf({ from: PAGE_ROWS - 18, to: PAGE_ROWS }), [0]);
  assertEquals(pagesOf({ from: 0, to: 0 }), [0]);
});

Deno.test("keys move within the list", () => {
  const after = (key: string) => rowAfterKey(key, 5, 20, 10);
  assertEquals(
    ["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End", "x"].map(after),
    [6, 4, 15, 0, 0, 19, null],
  );
  assertEquals(rowAfterKey("ArrowDown", 19, 20, 10), 19);
});
