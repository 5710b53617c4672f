/**
 * Two clients that clean up the same server at the same time, and know nothing of each other.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { recover } from "../../../../tasks/backups/recover.ts";
import { restore } from "../../../../tasks/backups/restore.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import { prune } from "../../../../tasks/prune.ts";
import { DAY, experiment, NOW, run, runId } from "../../../_support/builders.ts";
import { type Forward, startFaultProxy } from "../../../_support/fault_proxy.ts";
import { type MlflowDouble, startMlflowDouble } from "../../../_support/mlflow_double.ts";
import { memoryDirectory } from "../../../_support/temp_directory.ts";

const HOUR = 3_600_000;
const RUN = runId(1);

/** A server with one old run, and what two clients ask of it as a test lets them. */
interface Scene extends AsyncDisposable {
  readonly server: MlflowDouble;
  /** Cleans up as one who asks by way of this. */
  clean(name: string, forward: Forward, now?: number): Promise<string | undefined>;
  /** When it was deleted, as whoever cleaned up reads it. */
  deletedAt(name: string): Promise<number | null | undefined>;
  /** Whoever cleaned up undoes that an hour later. */
  undo(name: string): Promise<number>;
  /** The run with its tags. */
  runNow(): unknown;
}

async function set(): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  const old = run({ id: RUN, startTime: NOW - 100 * DAY, endTime: NOW - 99 * DAY });
  const init = { experiments: [experiment({ id: "1", runs: [old] })] };
  const server = stack.use(await startMlflowDouble(init, { now: () => NOW }));
  const { path } = stack.use(await memoryDirectory());
  const uris = new Map<string, string>();
  const open = (name: string, now: number) =>
    openStore(uris.get(name)!, {
      now: () => now,
      environment: (variable) => ({ XDG_STATE_HOME: join(path, name) })[variable],
    });
  return {
    server,
    async clean(name, forward, now = NOW) {
      uris.set(name, stack.use(startFaultProxy(forward)).uri);
      await using store = await open(name, now);
      const { report } = await prune(store, { olderThan: 30 * DAY, apply: true });
      return report?.outcomes[0]?.outcome;
    },
    async deletedAt(name) {
      await using store = await open(name, NOW);
      const { experiments } = await store.read({ depth: "tags" });
      return experiments.flatMap(({ runs }) => runs).find(({ id }) => id === RUN)?.deletedTime;
    },
    async undo(name) {
      await using store = await open(name, NOW + HOUR);
      assertEquals((await recover(store)).settled, []);
      return (await restore(store)).changes;
    },
    runNow: () =>
      server.database.prepare(
        `SELECT lifecycle_stage, deleted_time,
          (SELECT json_group_array(key) FROM tags WHERE tags.run_uuid = runs.run_uuid) AS tags
          FROM runs WHERE run_uuid = '${RUN}'`,
      ).get(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const isFor = (name: string, { url }: Request) => url.endsWith(`/runs/${name}`);

Deno.test("a mark that comes once another has deleted the run makes that no deletion of ours", async () => {
  await using scene = await set();
  const before = scene.runNow();
  const [begun, done] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const late = scene.clean("late", async (request) => {
    if (!isFor("set-tag", request)) return await scene.server.answer(request);
    const { run_id, key, value } = await request.json();
    begun.resolve();
    await done.promise;
    // MLflow looks whether the run is active, and writes then.
    scene.server.database.prepare(
      "INSERT OR REPLACE INTO tags (run_uuid, key, value) VALUES (?, ?, ?)",
    )
      .run(run_id, key, value);
    return Response.json({});
  });
  await begun.promise;
  assertEquals(await scene.clean("early", scene.server.answer), "applied");
  done.resolve();
  assertEquals(await late, "skipped");
  assertEquals(await scene.undo("late"), 0);
  assertEquals(await scene.undo("early"), 1);
  assertEquals(scene.runNow(), before);
});

Deno.test("a mark that comes while another is about to delete the run leaves it to that one", async () => {
  await using scene = await set();
  const before = scene.runNow();
  const [begun, asked, seen] = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
  let isMarked = false;
  const late = scene.clean("late", async (request) => {
    if (isFor("set-tag", request)) {
      begun!.resolve();
      await asked!.promise;
      isMarked = true;
    }
    const isLook = isFor("search", request) && isMarked;
    const answer = await scene.server.answer(request);
    if (isLook) seen!.resolve();
    return answer;
  });
  await begun!.promise;
  const early = scene.clean("early", async (request) => {
    if (isFor("delete", request)) {
      asked!.resolve();
      await seen!.promise;
    }
    return await scene.server.answer(request);
  });
  assertEquals([await early, await late], ["applied", "skipped"]);
  assertEquals(scene.server.renewed, []);
  assertEquals(await scene.undo("late"), 0);
  assertEquals(await scene.undo("early"), 1);
  assertEquals(scene.runNow(), before);
});

Deno.test("of two that mark a run at the same time one deletes it", async () => {
  await using scene = await set();
  const before = scene.runNow();
  const both = Promise.withResolvers<void>();
  let marked = 0;
  const forward: Forward = async (request) => {
    if (!isFor("set-tag", request)) return await scene.server.answer(request);
    const answer = await scene.server.answer(request);
    if (++marked === 2) both.resolve();
    await both.promise;
    return answer;
  };
  const names = ["one", "other"] as const;
  const ends = await Promise.all(names.map((name) => scene.clean(name, forward)));
  assertEquals(ends.toSorted(), ["applied", "skipped"]);
  assertEquals(scene.server.asked.filter((one) => one === "POST runs/delete").length, 1);
  assertEquals((await Promise.all(names.map(scene.undo))).toSorted(), [0, 1]);
  assertEquals(scene.runNow(), before);
});

Deno.test("a mark of a clock that was ahead keeps no run from being deleted, dated, and brought back", async () => {
  await using scene = await set();
  const { database } = scene.server;
  const add = database.prepare("INSERT INTO tags (run_uuid, key, value) VALUES (?, ?, ?)");
  add.run(RUN, "mltidy.deleted_at.ahead", `${NOW + 365 * DAY} x`);
  const before = scene.runNow();
  assertEquals(await scene.clean("one", scene.server.answer), "applied");
  assertEquals(scene.server.asked.filter((one) => one === "POST runs/delete").length, 1);
  // It was deleted now, and not in a year.
  assertEquals(await scene.deletedAt("one"), NOW);
  assertEquals(await scene.undo("one"), 1);
  assertEquals(scene.runNow(), before);

  // A clock that is a little ahead may be that of one that is at work.
  database.exec(
    `UPDATE tags SET value = '${NOW + 60_000} x' WHERE key = 'mltidy.deleted_at.ahead'`,
  );
  assertEquals(await scene.clean("other", scene.server.answer), "skipped");
});

Deno.test("one whose clock is ahead, and that is about to delete a run, is not overtaken", async () => {
  await using scene = await set();
  const [asked, marked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const ahead = scene.clean("ahead", async (request) => {
    if (isFor("delete", request)) {
      asked.resolve();
      await marked.promise;
    }
    return await scene.server.answer(request);
  }, NOW + HOUR);
  await asked.promise;
  const right = scene.clean("right", async (request) => {
    const answer = await scene.server.answer(request);
    if (isFor("set-tag", request)) marked.resolve();
    return answer;
  });
  assertEquals(await right.finally(() => marked.resolve()), "skipped");
  assertEquals(await ahead, "applied");
  assertEquals(scene.server.renewed, []);
});
