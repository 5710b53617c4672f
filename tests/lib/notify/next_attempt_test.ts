import { assertEquals } from "@std/assert";
import {
  ATTEMPT_LIMITS,
  isPassingStatus,
  nextAttempt,
  retryAfter,
} from "../../../lib/notify/next_attempt.ts";

Deno.test("nextAttempt() never waits beyond the minute that there is for all attempts", () => {
  const attempt = { count: 1, isPassing: true, wait: 25_000, spent: 10_000 };
  assertEquals(nextAttempt(attempt, ATTEMPT_LIMITS), 25_000);
  assertEquals(nextAttempt({ ...attempt, spent: 36_000 }, ATTEMPT_LIMITS), null);
  assertEquals(nextAttempt({ ...attempt, isPassing: false }, ATTEMPT_LIMITS), null);
  assertEquals(nextAttempt({ ...attempt, wait: 30_001 }, ATTEMPT_LIMITS), null);
});

Deno.test("isPassingStatus() takes too many requests and faults of the host for what passes", () => {
  const passing = [408, 429, 500, 502, 503, 504];
  const staying = [301, 302, 307, 400, 401, 403, 404, 405, 410, 413];
  assertEquals(passing.filter(isPassingStatus), passing);
  assertEquals(staying.filter(isPassingStatus), []);
});

Deno.test("retryAfter() reads seconds and dates, and nothing else", () => {
  const now = Date.UTC(2026, 10, 30, 3, 30);
  assertEquals(retryAfter("7", now), 7_000);
  assertEquals(retryAfter("Mon, 30 Nov 2026 03:30:20 GMT", now), 20_000);
  assertEquals(retryAfter("Mon, 30 Nov 2026 03:00:00 GMT", now), 0);
  assertEquals([null, "", "soon"].map((text) => retryAfter(text, now)), [null, null, null]);
});
