import { assertEquals, assertThrows } from "@std/assert";
import { LoggingError, type LogOutcome } from "../../../lib/tracking/log_outcome.ts";
import { openProblemLedger } from "../../../tasks/training/problem_ledger.ts";

const BAD_KEY = { kind: "bad-key", key: "lr~", message: "Cannot log lr~" } as const;
const BAD_OTHER = { kind: "bad-key", key: "b~", message: "Cannot log b~" } as const;
const CUT = { kind: "truncated", key: "note", message: "Cut note" } as const;
const REFUSED: LogOutcome = { outcome: "not-logged", key: "lr~", problem: BAD_KEY };
const SHORTENED: LogOutcome = { outcome: "logged", key: "note", problem: CUT };

Deno.test("a ledger counts each problem, and tells the first of each kind", () => {
  const told: string[] = [];
  const ledger = openProblemLedger({ strict: false, warn: (message) => told.push(message) });
  const outcomes: readonly LogOutcome[] = [
    REFUSED,
    REFUSED,
    { outcome: "not-logged", key: "b~", problem: BAD_OTHER },
    SHORTENED,
    { outcome: "logged", key: "f1", problem: null },
  ];
  assertEquals(outcomes.map((one) => ledger.conclude(one)), outcomes);
  assertEquals(ledger.problems, [
    { ...BAD_KEY, count: 2 },
    { ...BAD_OTHER, count: 1 },
    { ...CUT, count: 1 },
  ]);
  assertEquals(told, [
    "Cannot log lr~ (bad-key: told once, then only counted)",
    "Cut note (truncated: told once, then only counted)",
  ]);
});

Deno.test("a strict ledger counts and throws what was not logged, and lets pass what was", () => {
  const ledger = openProblemLedger({ strict: true, warn: () => {} });
  assertThrows(() => ledger.conclude(REFUSED), LoggingError, BAD_KEY.message);
  assertEquals(ledger.conclude(SHORTENED), SHORTENED);
  ledger.count(BAD_OTHER);
  assertEquals(ledger.problems.map(({ key, count }) => `${key} ${count}`), [
    "lr~ 1",
    "note 1",
    "b~ 1",
  ]);
});

Deno.test("a ledger goes on when whoever is told throws", () => {
  const warn = () => {
    throw new Error("a broken logger");
  };
  const ledger = openProblemLedger({ strict: false, warn });
  assertEquals(ledger.conclude(REFUSED), REFUSED);
});
