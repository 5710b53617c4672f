import { assertEquals } from "@std/assert";
import { decideStyle } from "../../../../tasks/_cli/terminal/style.ts";

Deno.test("decideStyle() uses colour and width on a terminal only", () => {
  assertEquals(
    decideStyle({ isTerminal: true, columns: 100, noColor: undefined }),
    { color: true, width: 100 },
  );
  assertEquals(
    decideStyle({ isTerminal: false, columns: 100, noColor: undefined }),
    { color: false, width: Infinity },
  );
});

Deno.test("decideStyle() heeds a NO_COLOR that is not empty", () => {
  assertEquals(
    decideStyle({ isTerminal: true, columns: 100, noColor: "1" }),
    { color: false, width: 100 },
  );
  assertEquals(
    decideStyle({ isTerminal: true, columns: 100, noColor: "" }),
    { color: true, width: 100 },
  );
});
