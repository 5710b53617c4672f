import { assertEquals } from "@std/assert";
import { readTypedNumber } from "../../../../../tasks/_web/page/pure/typed_number.ts";

Deno.test("a number of the policy is read, and of what is none it is said what was expected", () => {
  const days = { unit: "days", min: 0 } as const;
  const runs = { unit: "runs", min: 1 } as const;
  const percent = { unit: "percent", min: 0 } as const;
  for (
    const [text, control, read] of [
      ["90", days, { number: 90 }],
      ["0.5", days, { number: 0.5 }],
      ["0", days, { number: 0 }],
      ["-5", days, { fault: "Expected a number of at least 0, found -5" }],
      ["", days, { fault: "Expected a number of at least 0, found none" }],
      ["x", days, { fault: "Expected a number of at least 0, found x" }],
      ["Infinity", days, { fault: "Expected a number of at most 1,000,000, found Infinity" }],
      ["1.5", runs, { fault: "Expected a whole number of at least 1, found 1.5" }],
      ["0", runs, { fault: "Expected a whole number of at least 1, found 0" }],
      ["101", percent, { fault: "Expected a number of at most 100, found 101" }],
    ] as const
  ) {
    assertEquals(readTypedNumber(text, control), read);
  }
});
