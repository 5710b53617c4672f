import { assertEquals, assertInstanceOf } from "@std/assert";
import {
  type CountedProblem,
  LoggingError,
  summarizeProblems,
} from "../../../lib/tracking/log_outcome.ts";

const problem = (kind: CountedProblem["kind"], key: string, count: number): CountedProblem => ({
  kind,
  key,
  message: `Cannot log metric ${key}: reason`,
  count,
});

Deno.test("summarizeProblems() counts by kind, most first", () => {
  assertEquals(
    summarizeProblems([
      problem("bad-key", "a~", 1),
      problem("truncated", "a", 1),
      problem("bad-key", "b~", 2),
      problem("artifact", "c", 1),
    ]),
    "5 problems: 3 bad-key, 1 artifact, 1 truncated",
  );
  assertEquals(summarizeProblems([problem("rounded", "a", 1)]), "1 problem: 1 rounded");
  assertEquals(summarizeProblems([]), "no problems");
});

Deno.test("LoggingError carries the problem and says it", () => {
  const one = problem("bad-key", "a~", 1);
  const error = new LoggingError(one);
  assertInstanceOf(error, Error);
  assertEquals([error.name, error.message, error.problem], ["LoggingError", one.message, one]);
});
