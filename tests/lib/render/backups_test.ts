import { assertEquals, assertStringIncludes } from "@std/assert";
import type { CopyManifest } from "../../../lib/backup/backup.ts";
import {
  renderBackupList,
  renderChecks,
  renderCopy,
  renderExpiry,
  renderHistory,
} from "../../../lib/render/backups.ts";
import { asStorePath } from "../../../lib/store/path.ts";
import { DAY, NOW } from "../../_support/builders.ts";

const ID = "20261101T000000Z-backup";

const COPY: CopyManifest & { readonly path: string } = {
  schema: "mltidy/backup/v1",
  kind: "copy",
  id: ID,
  path: `/data/backups/${ID}`,
  task: "backup",
  store: "/data/mlruns",
  createdAt: NOW,
  scope: { kind: "full" },
  totals: {
    directories: 9,
    files: 1_204,
    links: 1,
    bytes: 3 * 2 ** 20,
    shared: { files: 0, bytes: 0 },
  },
  entries: { count: 1_214, sha256: "" },
  changing: [],
  leftOut: [],
};

Deno.test("renderCopy() says what was copied, how much, and where to", () => {
  assertEquals(
    renderCopy(COPY),
    `Backed up the store as ${ID}: 1,204 files with 3.0 MiB in them.\n` +
      `Each byte of it was read back. It lies in /data/backups/${ID}\n` +
      "As a copy it has no access lists, no extended attributes, and times to the millisecond, up to the year 275760.\n",
  );
});

Deno.test("renderCopy() names what is shared, what kept changing and what was left out", () => {
  const text = renderCopy({
    ...COPY,
    scope: { kind: "run", id: "a\x1b[2Jb" },
    totals: { ...COPY.totals, shared: { files: 1, bytes: 3 } },
    changing: [asStorePath("7/ab/metrics/loss")],
    leftOut: [{ path: "7/so\nck", because: "special", message: "it is a socket" }],
  });
  assertEquals(text.split("\n"), [
    `Backed up run a\\x1b[2Jb as ${ID}: 1,204 files with 3.0 MiB in them, 1 file shared with an earlier backup.`,
    `Each byte of it was read back. It lies in /data/backups/${ID}`,
    "As a copy it has no access lists, no extended attributes, and times to the millisecond, up to the year 275760.",
    "Kept changing while they were copied; the last copy is kept (1):",
    "  7/ab/metrics/loss",
    "Left out (1):",
    "  7/so\\nck: it is a socket",
    "",
  ]);
});

Deno.test("renderCopy() shows samples of a long list", () => {
  const changing = Array.from({ length: 25 }, (_, index) => asStorePath(`7/${index}`));
  assertStringIncludes(
    renderCopy({ ...COPY, changing }),
    "  7/19\n  … and 5 more (--json lists them)\n",
  );
});

Deno.test("renderBackupList() lists both kinds, and says in full what cannot be read", () => {
  const text = renderBackupList([
    {
      kind: "copy",
      id: ID,
      path: "",
      createdAt: NOW - 2 * DAY,
      scope: { kind: "experiment", id: "7" },
      files: 1_212,
      bytes: 2048,
      sharedBytes: 0,
    },
    {
      kind: "change",
      id: "20261001T000000Z-cleanup",
      path: "",
      task: "cleanup",
      createdAt: NOW - 31 * DAY,
      changes: 3,
      files: 4,
      bytes: 100,
    },
    { kind: "damaged", id: "broken", path: "", message: "Cannot read \x1b: no JSON" },
  ], { now: NOW, width: 96 });
  assertEquals(text.split("\n"), [
    "Id                        When                  What                        Files     Size   Age",
    "20261101T000000Z-backup   2026-10-30 00:00 UTC  copy of experiment 7        1,212  2.0 KiB   2 d",
    "20261001T000000Z-cleanup  2026-10-01 00:00 UTC  cleanup, 3 changes to undo      4    100 B  31 d",
    "broken                                          damaged",
    "Sizes: of a copy what is in its files, shared with others or not; of a change what it takes on",
    "  the disk.",
    "Cannot read \\x1b: no JSON",
    "",
  ]);
});

Deno.test("renderChecks() names every fault", () => {
  assertEquals(
    renderChecks([
      {
        id: ID,
        files: 2,
        bytes: 5,
        faults: [{ path: "7/meta.yaml", kind: "changed", message: "expected 2 bytes, found 3" }],
        leftOut: [],
      },
    ]),
    `${ID}: 1 fault, 2 files, 5 B read\n  changed 7/meta.yaml: expected 2 bytes, found 3\n`,
  );
  assertEquals(renderChecks([]), "No copies to check.\n");
});

Deno.test("renderChecks() names what a sound copy was made without", () => {
  const leftOut = [
    { path: "7/artifacts", because: "unreadable", message: "Input/output error" },
  ] as const;
  assertEquals(
    renderChecks([{ id: ID, files: 2, bytes: 5, faults: [], leftOut }]).split("\n"),
    [
      `${ID}: sound, 2 files, 5 B read`,
      "Left out when it was made (1):",
      "  7/artifacts: Input/output error",
      "",
    ],
  );
});

const EXPIRY = {
  schema: "mltidy/backup-expire/v1",
  store: "/data/mlruns",
  directory: "/data/mlruns/.mltidy.trash/backups",
  settled: [],
  remains: [],
} as const;

Deno.test("renderExpiry() gives the reason for what goes and for what stays", () => {
  const report = {
    expired: [{
      id: "old",
      bytes: 2048,
      reasons: [{ kind: "older-than", age: 100 * DAY, limit: 90 * DAY }],
    }],
    kept: [
      {
        id: "new",
        reasons: [
          { kind: "younger-than", age: DAY, limit: 90 * DAY },
          { kind: "among-the-newest", place: 1, keepLast: 3 },
        ],
      },
      {
        id: "only",
        reasons: [{ kind: "only-copy", files: 1, bytes: 7, example: "7/meta.yaml", unsound: null }],
      },
      {
        id: "sound",
        reasons: [{
          kind: "only-copy",
          files: 1,
          bytes: 7,
          example: "7/meta.yaml",
          unsound: { id: "newer", message: "expected 7 bytes, found 0" },
        }],
      },
      { id: "change", reasons: [{ kind: "change" }] },
      { id: "broken", reasons: [{ kind: "damaged", message: "no JSON" }] },
      { id: "other", reasons: [{ kind: "not-named" }] },
    ],
  } as const;
  const kept = [
    "Keeping new: 1 d old, limit 90 d, number 1 of the newest 3",
    "Keeping only: the only copy of 1 file (7 B), such as 7/meta.yaml; goes only when named",
    "Keeping sound: the only sound copy of 1 file (7 B), such as 7/meta.yaml, which newer should have, too: expected 7 bytes, found 0; goes only when named",
    "Keeping change: the only copy of what a change took out of the store; goes only when named",
    "Keeping broken: damaged (no JSON); goes only when named",
    "Keeping other: not named",
    "",
  ];
  const first = (dryRun: boolean, removed: readonly string[]) =>
    renderExpiry({ ...EXPIRY, ...report, dryRun, removed, complete: true, expiredRecords: 0 })
      .split("\n");
  const reason = "old (2.0 KiB): 100 d old, limit 90 d";
  assertEquals(first(true, []), [`Would remove ${reason}`, ...kept]);
  assertEquals(first(false, ["old"]), [`Removed ${reason}`, ...kept]);
  assertEquals(first(false, []), [`Not removed ${reason}`, ...kept]);
});

Deno.test("renderExpiry() says who frees what an interrupted one has left", () => {
  const expired = [{ id: "old", bytes: 2048, reasons: [{ kind: "named" }] }] as const;
  const report = { expired, kept: [], removed: ["old"], dryRun: false, expiredRecords: 0 };
  assertEquals(
    renderExpiry({ ...EXPIRY, ...report, complete: false }),
    "Removed old (2.0 KiB): named\n" +
      "Interrupted; what is gone and not yet free is freed by the next task that changes the store\n",
  );
});

Deno.test("renderExpiry() counts the kept copies of records that went, or would go", () => {
  const line = (dryRun: boolean, expiredRecords: number) =>
    renderExpiry(
      { ...EXPIRY, expired: [], kept: [], removed: [], complete: true, dryRun, expiredRecords },
      {},
    );
  const why = "a newer one was kept, or the store no longer has what they were of\n";
  assertEquals(line(true, 1), `Would remove 1 old copy of records: ${why}`);
  assertEquals(line(false, 1200), `Removed 1,200 old copies of records: ${why}`);
  assertEquals(line(false, 0), "No backups.\n");
});

Deno.test("renderHistory() says what the copies of records take, where there are any", () => {
  const history = { records: 1, copies: 1, bytes: 2048, newest: 0 };
  assertEquals(
    renderHistory(history),
    "Metadata history: 1 copy of 1 record, 2.0 KiB, the newest of 1970-01-01 00:00 UTC.\n",
  );
  assertEquals(renderHistory({ records: 0, copies: 0, bytes: 0, newest: null }), "");
  assertEquals(renderHistory(null), "");
});
