import { assertEquals } from "@std/assert";
import { selectionText } from "../../../lib/words/selection.ts";

Deno.test("selectionText() names experiments, what is left out of them, and runs", () => {
  const text = (experiments: string[], exclude: string[], runs: string[]) =>
    selectionText({ experiments, exclude, runs });
  assertEquals(text([], [], []), "");
  assertEquals(text(["churn"], [], []), "experiment churn");
  assertEquals(text(["a-*", "7"], ["a-1"], []), "experiments a-*, 7 without a-1");
  assertEquals(text([], ["a-1", "b"], []), "all experiments without a-1, b");
  assertEquals(text([], [], ["3a7b"]), "run 3a7b");
  assertEquals(text(["a"], ["b"], ["3a", "4b"]), "runs 3a, 4b of experiment a without b");
  assertEquals(text([], ["b"], ["3a"]), "run 3a without b");
});
