import { assertEquals, assertThrows } from "@std/assert";
import fc from "../../_support/fast_check.ts";
import type { BackupListing, CopyScope } from "../../../lib/backup/backup.ts";
import {
  expiryCandidates,
  type ExpiryPolicy,
  type OnlyCopies,
  planExpiry,
  planNamedExpiry,
} from "../../../lib/backup/plan_expiry.ts";
import { DAY, NOW } from "../../_support/builders.ts";
import { deepFreeze } from "../../_support/deep_freeze.ts";

const POLICY: ExpiryPolicy = { olderThan: 90 * DAY, keepLast: 2 };
const ONLY: OnlyCopies = { files: 2, bytes: 7, example: "7/ab/artifacts/model.pkl", unsound: null };

function copy(id: string, age: number, scope: CopyScope = { kind: "full" }): BackupListing {
  return deepFreeze<BackupListing>({
    kind: "copy",
    id,
    path: `/backups/${id}`,
    createdAt: NOW - age,
    scope,
    files: 3,
    bytes: 300,
    sharedBytes: 0,
  });
}

const CHANGE: BackupListing = deepFreeze<BackupListing>({
  kind: "change",
  id: "change",
  path: "/backups/change",
  task: "cleanup",
  createdAt: NOW - 400 * DAY,
  changes: 1,
  files: 1,
  bytes: 10,
});

const DAMAGED: BackupListing = deepFreeze<BackupListing>({
  kind: "damaged",
  id: "damaged",
  path: "/backups/damaged",
  message: "Unexpected end of JSON input",
});

function plan(
  backups: readonly BackupListing[],
  only: ReadonlyMap<string, OnlyCopies> = new Map(),
  policy = POLICY,
) {
  return planExpiry(backups, policy, { now: NOW, only });
}

Deno.test("planExpiry() lets go what is older than the limit and not among the newest", () => {
  const backups = [copy("d", 200 * DAY), copy("a", DAY), copy("c", 100 * DAY), copy("b", 95 * DAY)];
  assertEquals(plan(backups), {
    expired: [
      { id: "c", bytes: 300, reasons: [{ kind: "older-than", age: 100 * DAY, limit: 90 * DAY }] },
      { id: "d", bytes: 300, reasons: [{ kind: "older-than", age: 200 * DAY, limit: 90 * DAY }] },
    ],
    kept: [
      {
        id: "a",
        reasons: [
          { kind: "younger-than", age: DAY, limit: 90 * DAY },
          { kind: "among-the-newest", place: 1, keepLast: 2 },
        ],
      },
      { id: "b", reasons: [{ kind: "among-the-newest", place: 2, keepLast: 2 }] },
    ],
  });
});

Deno.test("planExpiry() keeps a backup that is exactly as old as the limit", () => {
  const { expired } = plan([copy("a", DAY), copy("b", DAY), copy("c", 90 * DAY)]);
  assertEquals(expired, []);
});

Deno.test("planExpiry() counts the newest of each scope apart", () => {
  const metadata: CopyScope = { kind: "metadata" };
  const { expired } = plan([
    copy("m1", DAY, metadata),
    copy("m2", 2 * DAY, metadata),
    copy("full1", 100 * DAY),
    copy("m3", 110 * DAY, metadata),
    copy("full2", 120 * DAY),
    copy("full3", 130 * DAY),
  ]);
  assertEquals(expired.map(({ id }) => id), ["m3", "full3"]);
});

Deno.test("planExpiry() keeps a backup that holds the only copy of something", () => {
  const backups = [copy("a", DAY), copy("b", DAY), copy("c", 100 * DAY), copy("d", 200 * DAY)];
  const { expired, kept } = plan(backups, new Map([["c", ONLY]]));
  assertEquals(expired.map(({ id }) => id), ["d"]);
  assertEquals(kept.at(-1), { id: "c", reasons: [{ kind: "only-copy", ...ONLY }] });
});

Deno.test("planExpiry() never lets a change's backup or a damaged one go by age", () => {
  assertEquals(plan([CHANGE, DAMAGED], new Map(), { olderThan: 0, keepLast: 1 }), {
    expired: [],
    kept: [
      { id: "change", reasons: [{ kind: "change" }] },
      { id: "damaged", reasons: [{ kind: "damaged", message: "Unexpected end of JSON input" }] },
    ],
  });
});

Deno.test("planExpiry() refuses a policy without a limit or that keeps none", () => {
  for (const olderThan of [NaN, -1, Infinity]) {
    assertThrows(() => plan([], new Map(), { olderThan, keepLast: 1 }), RangeError, "age");
  }
  for (const keepLast of [0, -1, 1.5, NaN]) {
    assertThrows(() => plan([], new Map(), { olderThan: 0, keepLast }), RangeError, "1 or more");
  }
});

Deno.test("planNamedExpiry() lets the named one go, whatever it is, and nothing else", () => {
  for (const [id, bytes] of [["a", 300], ["change", 10], ["damaged", 0]] as const) {
    const { expired, kept } = planNamedExpiry([copy("a", DAY), CHANGE, DAMAGED], id);
    assertEquals(expired, [{ id, bytes, reasons: [{ kind: "named" }] }]);
    assertEquals(kept.map(({ reasons }) => reasons), [
      [{ kind: "not-named" }],
      [{ kind: "not-named" }],
    ]);
  }
  assertThrows(
    () => planNamedExpiry([copy("a", DAY)], "b"),
    RangeError,
    'Unknown backup "b": expected one of a',
  );
});

const backupsArbitrary = fc.uniqueArray(
  fc.record({
    id: fc.integer({ min: 0, max: 99 }).map(String),
    days: fc.integer({ min: 0, max: 200 }),
    metadata: fc.boolean(),
  }),
  { selector: ({ id }) => id },
).map((all) =>
  all.map(({ id, days, metadata }) =>
    copy(id, days * DAY, { kind: metadata ? "metadata" : "full" })
  )
);
const policyArbitrary = fc.record({
  olderThan: fc.integer({ min: 0, max: 200 }).map((days) => days * DAY),
  keepLast: fc.integer({ min: 1, max: 4 }),
});

Deno.test("planExpiry() judges each backup once, in whatever order they come", () => {
  fc.assert(fc.property(backupsArbitrary, policyArbitrary, (backups, policy) => {
    const result = plan(backups, new Map(), policy);
    assertEquals(
      [...result.expired, ...result.kept].map(({ id }) => id).sort(),
      backups.map(({ id }) => id).sort(),
    );
    assertEquals(plan(backups.toReversed(), new Map(), policy), result);
    assertEquals(
      result.expired.map(({ id }) => id).sort(),
      [...expiryCandidates(backups, policy, { now: NOW })].sort(),
    );
  }));
});

Deno.test("planExpiry() leaves the newest of each scope, and is done after one go", () => {
  fc.assert(fc.property(backupsArbitrary, policyArbitrary, (backups, policy) => {
    const { expired } = plan(backups, new Map(), policy);
    const gone = new Set(expired.map(({ id }) => id));
    const left = backups.filter(({ id }) => !gone.has(id));
    assertEquals(plan(left, new Map(), policy).expired, []);
    const scopes = (all: readonly BackupListing[]) =>
      new Set(all.map((one) => one.kind === "copy" ? one.scope.kind : ""));
    assertEquals(scopes(left), scopes(backups));
  }));
});
