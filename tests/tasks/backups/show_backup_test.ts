import { assert, assertEquals, assertRejects } from "@std/assert";
import { backup } from "../../../tasks/backups/backup.ts";
import { showBackup, type ShownBackup } from "../../../tasks/backups/show_backup.ts";
import { cleanup } from "../../../tasks/cleanup.ts";
import { openStore } from "../../../tasks/open_store.ts";
import { DAY, deletedRun, experiment, NOW, run, runId } from "../../_support/builders.ts";
import { tempDatabase } from "../../_support/database_store.ts";
import { tempStore } from "../../_support/disk_store.ts";
import { ROTTEN } from "../../_support/rotten_store.ts";

const heldBy = (shown: ShownBackup | null) =>
  shown?.experiments.map(({ id, name, runs }) => [id, name, runs.map((one) => [one.id, one.name])]);

Deno.test("showBackup() tells of a change and of a copy which runs of which experiments they hold, and how much", async () => {
  await using place = await tempStore(ROTTEN);
  await using store = await openStore(place.root, { now: () => NOW });
  assertEquals(await showBackup(store), null);
  const copy = await backup(store);
  const { report } = await cleanup(store, { apply: true });
  const shown = await showBackup(store);
  assertEquals(
    shown?.backup.kind === "change" && [shown.backup.task, shown.backup.undoing?.possible],
    [
      "cleanup",
      5,
    ],
  );
  assertEquals(shown?.backup.id, report?.backup?.id);
  assertEquals(heldBy(shown), [
    ["1", "experiment 1", [[runId(1), "first"], [runId(2), "second"], [runId(5), "gone"]]],
    // A run that left with its experiment, and one in an orphan.
    ["2", "experiment 2", [[runId(6), "sunny-crane-1"]]],
    ["7", undefined, [[runId(7), undefined]]],
  ]);
  assert(
    shown?.experiments.slice(0, 2).every(({ usage }) => usage !== undefined && usage.files > 0),
  );
  const whole = await showBackup(store, { id: copy.id });
  assertEquals(whole?.experiments.map(({ id, runs }) => [id, runs.length]), [
    ["1", 5],
    ["2", 1],
    ["7", 1],
    ["8", 1],
  ]);
  await assertRejects(() => showBackup(store, { id: "20200101" }), RangeError, "Unknown backup");
});

Deno.test("showBackup() tells the same of a change of a database", async () => {
  const old = { startTime: NOW - 50 * DAY, endTime: NOW - 40 * DAY };
  await using place = await tempDatabase({
    experiments: [
      experiment({
        id: "1",
        name: "churn",
        runs: [
          run({ id: runId(1), experimentId: "1", name: "first", ...old }),
          deletedRun({
            id: runId(5),
            experimentId: "1",
            name: "gone",
            ...old,
            deletedTime: NOW - 31 * DAY,
          }),
        ],
      }),
    ],
  });
  await using store = await openStore(place.path, { now: () => NOW });
  await cleanup(store, { apply: true });
  assertEquals(heldBy(await showBackup(store)), [
    ["1", "churn", [[runId(1), "first"], [runId(5), "gone"]]],
  ]);
});
