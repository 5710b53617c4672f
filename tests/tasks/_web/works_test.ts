import { assert, assertEquals } from "@std/assert";
import type { BackupsView, PlanView, StoreView, WorkLine } from "../../../tasks/_web/messages.ts";
import { formatTime } from "../../../lib/text/units.ts";
import { restore } from "../../../tasks/backups/restore.ts";
import { RestoreStoppedError } from "../../../tasks/backups/restore_stopped.ts";
import { openStore } from "../../../tasks/open_store.ts";
import { review } from "../../../tasks/review.ts";
import { DAY, experiment, NOW, run, runId } from "../../_support/builders.ts";
import { startMlflowDouble } from "../../_support/mlflow_double.ts";
import { memoryDirectory } from "../../_support/temp_directory.ts";
import { clientOf } from "../../_support/web_page.ts";

/** So many that bringing them back takes longer than stopping it. */
const RUNS = 600;

Deno.test("an undoing that is stopped says how much is undone and how much is left, and goes on", async () => {
  const runs = Array.from(
    { length: RUNS },
    (_, index) => run({ id: runId(index), startTime: NOW - 51 * DAY, endTime: NOW - 50 * DAY }),
  );
  await using state = await memoryDirectory();
  await using server = await startMlflowDouble({ experiments: [experiment({ runs })] }, {
    now: () => NOW,
  });
  await using store = await openStore(server.uri, {
    now: () => NOW,
    environment: (name) => ({ XDG_STATE_HOME: state.path })[name],
  });
  await using page = await review(store, { port: 0, apply: true });
  await page.ready;
  const client = clientOf(page);
  const { plan, words } = await client.post<PlanView>("plan", { values: {}, leftOut: [] });
  const end = (await client.lines<WorkLine>("apply", { plan, words })).at(-1);
  assert(end?.work === "done" && end.applied === RUNS, JSON.stringify(end));
  const id = end.backup!;
  const stopAfterFirst = async (stop: () => unknown) => {
    const before = server.asked.length;
    const isBringing = () => server.asked.slice(before).some((one) => /runs\/restore/.test(one));
    while (!isBringing()) await new Promise((resolve) => setTimeout(resolve, 1));
    await stop();
  };

  const answer = await client.ask("restore", { id });
  const [, text] = await Promise.all([
    stopAfterFirst(() => client.post("cancel", {})),
    answer.text(),
  ]);
  const lines: readonly WorkLine[] = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines[0], {
    work: "progress",
    label: `Bringing back ${RUNS} changes`,
    done: 0,
    total: null,
  });
  const stopped = lines.at(-1);
  assert(stopped?.work === "done", JSON.stringify(stopped));
  const { applied, notRun } = stopped;
  assert(applied > 0 && notRun > 0 && applied + notRun === RUNS, JSON.stringify(stopped));
  assertEquals(stopped.summary, `Stopped: ${applied} of ${RUNS} changes undone`);
  const { totals } = await client.get<StoreView>("store");
  assertEquals(totals.deletedRuns, notRun);
  const { backups } = await client.get<BackupsView>("backups");
  assertEquals(backups.map((one) => [one.id, one.count]), [[id, notRun]]);

  const controller = new AbortController();
  const [, error] = await Promise.all([
    stopAfterFirst(() => controller.abort()),
    restore(store, { id, signal: controller.signal }).catch((thrown: unknown) => thrown),
  ]);
  assert(error instanceof RestoreStoppedError && error.name === "AbortError", String(error));
  assertEquals([error.done > 0, error.done + error.left], [true, notRun]);
  assertEquals(
    error.message,
    `Restore stopped: ${error.done} of ${notRun} changes are undone, ${error.left} left; the same once more goes on with what is left`,
  );

  // Somebody changes the last run while others come back.
  const last = server.database.prepare(
    "SELECT run_uuid AS id FROM runs WHERE lifecycle_stage = 'deleted' ORDER BY rowid DESC LIMIT 1",
  ).get()!["id"];
  const [, partly] = await Promise.all([
    stopAfterFirst(() => server.database.exec(`DELETE FROM tags WHERE run_uuid = '${last}'`)),
    client.lines<WorkLine>("restore", { id }),
  ]);
  assertEquals(partly.at(-1), {
    work: "failed",
    message: `Cannot restore ${id}: ${
      error.left - 1
    } changes were undone, then something came into the way: run ${last}: expected it deleted on ${
      formatTime(NOW)
    }, found that it has been changed since`,
  });
});
