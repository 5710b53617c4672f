import { assertEquals, assertThrows } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { typedNumber, withNegatives } from "./typed_number.ts";

Deno.test("a seed is the number that was typed, be it negative, and never 0 for what is none", () => {
  const seedOf = (...args: readonly string[]) =>
    typedNumber("seed", parseArgs(withNegatives(args), { string: ["seed"] })["seed"]);
  assertEquals(
    [seedOf(), seedOf("--seed", "-7"), seedOf("--seed=-7"), seedOf("--long", "--seed", "7")],
    [null, -7, -7, 7],
  );
  for (const args of [["--seed"], ["--seed", "x"], ["--seed="]]) {
    assertThrows(() => seedOf(...args), TypeError, "for --seed: expected a number");
  }
});
