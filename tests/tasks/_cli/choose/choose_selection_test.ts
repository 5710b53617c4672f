import { assertEquals } from "@std/assert";
import { chooseSelection } from "../../../../tasks/_cli/choose/choose_selection.ts";

Deno.test("chooseSelection() means the whole store where no flag names a part of it", () => {
  assertEquals(chooseSelection({ experiment: null, exclude: null, run: null }), undefined);
  assertEquals(chooseSelection({ experiment: null, exclude: ["b"], run: ["3a"] }), {
    experiments: [],
    exclude: ["b"],
    runs: ["3a"],
  });
});
