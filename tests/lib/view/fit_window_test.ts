import { assertEquals } from "@std/assert";
import { fitting, windowOf } from "../../../lib/view/fit_window.ts";

Deno.test("windowOf() gives what is there of what was wanted, at most 200 places and no more text than an answer may have", () => {
  const list = Array.from({ length: 1_000 }, (_, index) => index);
  const places = (from: number, to: number) => {
    const { total, shown } = windowOf(list, { from, to }, (one) => one);
    return [total, shown.length, shown[0], shown.at(-1)];
  };
  assertEquals(places(0, 3), [1_000, 3, 0, 2]);
  assertEquals(places(0, 1_000), [1_000, 200, 0, 199]);
  assertEquals(places(990, 2_000), [1_000, 10, 990, 999]);
  assertEquals(places(5_000, 6_000), [1_000, 0, undefined, undefined]);
  const long = windowOf(list, { from: 0, to: 200 }, () => "x".repeat(100_000));
  assertEquals(long.shown.length, 3);
  assertEquals(fitting(["x".repeat(1_000_000), "y"]).length, 1);
});
