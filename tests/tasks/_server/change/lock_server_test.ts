import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { PlanRefusedError, RestoreCollisionError } from "../../../../lib/errors.ts";
import type { ActionOutcome } from "../../../../lib/plan/report.ts";
import { renderPreflight } from "../../../../lib/render/preflight.ts";
import { asStorePath } from "../../../../lib/store/path.ts";
import { DELETED_AT_TAG } from "../../../../lib/store/tags.ts";
import { listBackups } from "../../../../tasks/backups/list_backups.ts";
import { recover } from "../../../../tasks/backups/recover.ts";
import { restore } from "../../../../tasks/backups/restore.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import { lockStore } from "../../../../tasks/ports/lock_store.ts";
import type { Store } from "../../../../tasks/ports/store.ts";
import { preflight } from "../../../../tasks/preflight.ts";
import { prune } from "../../../../tasks/prune.ts";
import { repair } from "../../../../tasks/repair.ts";
import { DAY, experiment, NOW, run, runId, type SnapshotInit } from "../../../_support/builders.ts";
import { runTask } from "../../../_support/command.ts";
import { startFaultProxy } from "../../../_support/fault_proxy.ts";
import {
  type MlflowDouble,
  type MlflowDoubleOptions,
  startMlflowDouble,
} from "../../../_support/mlflow_double.ts";
import { memoryDirectory } from "../../../_support/temp_directory.ts";
import { type MakeStore, testChanging } from "../../ports/store_contract.ts";

const HOUR = 3_600_000;

/** A store behind a server of its own. */
interface Served extends AsyncDisposable {
  readonly store: Store;
  readonly server: MlflowDouble;
  readonly state: string;
}

async function serve(init: SnapshotInit, options: MlflowDoubleOptions = {}): Promise<Served> {
  const stack = new AsyncDisposableStack();
  const { path: state } = stack.use(await memoryDirectory());
  const server = stack.use(await startMlflowDouble(init, { now: () => NOW, ...options }));
  const store = stack.use(await openAt(server.uri, state));
  return { store, server, state, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function openAt(uri: string, state: string, backups?: string): Promise<Store> {
  return openStore(uri, {
    chosenBy: "by --store",
    now: () => NOW,
    environment: (name) => ({ XDG_STATE_HOME: state })[name],
    backups,
  });
}

const make: MakeStore = async (init) => {
  const served = await serve(init);
  const { server } = served;
  return {
    store: served.store,
    contents: () => Promise.resolve(runsIn(server)),
    failRun: () =>
      server.database.exec(`UPDATE runs SET status = 'FAILED' WHERE run_uuid = '${runId(1)}'`),
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
};

testChanging("a tracking server", make);

/** Every run with all that it has, in order. */
function runsIn({ database }: MlflowDouble): readonly unknown[] {
  return database.prepare(
    `SELECT r.run_uuid AS id, lifecycle_stage AS stage, deleted_time AS deleted, status, end_time AS ended,
      (SELECT json_group_array(t.key || '=' || t.value) FROM
        (SELECT * FROM tags WHERE run_uuid = r.run_uuid ORDER BY key) AS t) AS tags
      FROM runs AS r ORDER BY run_uuid`,
  ).all();
}

const old = (number: number, more: Parameters<typeof run>[0] = {}) =>
  run({
    ...{ id: runId(number), startTime: NOW - 100 * DAY, endTime: NOW - 99 * DAY + number },
    ...more,
  });

const TWO: SnapshotInit = { experiments: [experiment({ id: "1", runs: [old(1), old(2)] })] };

const outcomesOf = (outcomes: readonly ActionOutcome[] | undefined) =>
  outcomes?.map((one) => [one.path, one.outcome, "because" in one ? one.because : null]);

Deno.test("over a server a run is tagged with the time of its deletion before it is deleted, and read before each", async () => {
  await using served = await serve({ experiments: [experiment({ id: "1", runs: [old(1)] })] });
  const { store, server } = served;
  const { report } = await prune(store, { olderThan: 30 * DAY, apply: true });
  assert(report?.complete && report.backup !== null);
  assertEquals(report.backup.path.startsWith(join(served.state, "mltidy", "http%3A%2F%2F")), true);
  const last = server.asked.lastIndexOf("POST experiments/search");
  const changing = server.asked.slice(last).filter((one) => /runs\//.test(one));
  assertEquals(changing, [
    ...["POST runs/search", "POST runs/set-tag", "POST runs/search", "POST runs/delete"],
    "POST runs/search",
  ]);
  const [{ tags, deleted }] = runsIn(server) as [{ tags: string; deleted: number }];
  assertEquals(deleted, NOW);
  const [[key, value] = []] = (JSON.parse(tags) as string[]).map((tag) => tag.split("="));
  assertMatch(key ?? "", /^mltidy\.deleted_at\.[0-9a-f]{8}$/);
  assertEquals(value, `${NOW} ${report.backup.id}`);
  const { experiments } = await store.read({ depth: "tags" });
  assertEquals(experiments.flatMap(({ runs }) => runs).map((one) => one.deletedTime), [NOW]);
});

Deno.test("over a server what others have done to a run since it was planned keeps it", async () => {
  const changes: Readonly<Record<string, string>> = {
    pinned: `INSERT INTO tags (run_uuid, key, value) VALUES ('${runId(1)}', 'mltidy.pin', '')`,
    renamed: `UPDATE runs SET name = 'best' WHERE run_uuid = '${runId(1)}'`,
    running: `UPDATE runs SET status = 'RUNNING' WHERE run_uuid = '${runId(1)}'`,
    deleted: `UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = 7
      WHERE run_uuid = '${runId(1)}'`,
    registered: `INSERT INTO registered_models (name) VALUES ('churn');
      INSERT INTO model_versions (name, version, run_id, source, current_stage)
        VALUES ('churn', 1, '${runId(1)}', 'x', 'None')`,
    assessed: `INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, execution_time_ms,
        status) VALUES ('tr-1', 1, 0, 0, 'OK');
      INSERT INTO assessments (assessment_id, trace_id, name, assessment_type, value,
          created_timestamp, last_updated_timestamp, source_type, valid, assessment_metadata)
        VALUES ('a-1', 'tr-1', 'right', 'feedback', 'true', 0, 0, 'HUMAN', 1,
          '{"mlflow.assessment.sourceRunId": "${runId(1)}"}')`,
    "taken by another client": `INSERT INTO tags (run_uuid, key, value)
      VALUES ('${runId(1)}', '${DELETED_AT_TAG}.1', '${NOW - 1_000} 20261101T000000Z-prune')`,
  };
  for (const [what, sql] of Object.entries(changes)) {
    await using served = await serve(TWO);
    const { store, server } = served;
    await using locked = await lockStore(store, { task: "prune" });
    const { plan: { actions } } = await prune(store, { olderThan: 30 * DAY });
    await locked.read({ depth: "tags" });
    server.database.exec(sql);
    const [before] = runsIn(server);
    await using change = await locked.begin({
      ...{ task: "prune", actions, now: NOW, keepBackup: true },
    });
    const outcomes = await Array.fromAsync(change.performAll());
    await change.finish();
    assertEquals(outcomesOf(outcomes), [
      [`1/${runId(1)}`, "skipped", "changed-since-plan"],
      [`1/${runId(2)}`, "applied", null],
    ], what);
    assertEquals(runsIn(server)[0], before, what);
    await locked[Symbol.asyncDispose]();
    await restore(store);
    assertEquals(runsIn(server)[0], before, what);
  }
});

Deno.test("over a server what is in the way of undoing is named, and nothing is undone", async () => {
  const changes: Readonly<Record<string, readonly [sql: string, text: string]>> = {
    purged: [
      `DELETE FROM tags WHERE run_uuid = '${runId(1)}';
        DELETE FROM runs WHERE run_uuid = '${runId(1)}'`,
      "found that the server has it no more: it was removed for good",
    ],
    "restored, and deleted by another": [
      `INSERT INTO tags (run_uuid, key, value)
        VALUES ('${runId(1)}', '${DELETED_AT_TAG}.1', '${NOW + HOUR} other')`,
      "found that it has been changed since",
    ],
    "in a deleted experiment": [
      "UPDATE experiments SET lifecycle_stage = 'deleted'",
      "found that experiment 1 has been deleted since; restore that first",
    ],
  };
  for (const [what, [sql, text]] of Object.entries(changes)) {
    await using served = await serve(TWO);
    const { store, server } = served;
    await prune(store, { olderThan: 30 * DAY, apply: true });
    server.database.exec(sql);
    const before = runsIn(server);
    const error = await assertRejects(() => restore(store), RestoreCollisionError, text, what);
    assert(error.collisions[0]!.startsWith(`run ${runId(1)}: `));
    assertEquals(runsIn(server), before, what);
    const [change] = (await listBackups(store)).backups;
    assert(change?.kind === "change" && change.changes === 2);
  }
});

Deno.test("of what was changed in another store than a server has now nothing is undone, and no part is promised", async () => {
  await using served = await serve(TWO);
  const { store, server, state } = served;
  await prune(store, { olderThan: 30 * DAY, apply: true });
  server.database.exec(
    "DELETE FROM tags; DELETE FROM runs; UPDATE experiments SET creation_time = creation_time + 1",
  );
  const told = async (task: string, flag: string) => {
    const environment = { XDG_STATE_HOME: state };
    const { out, err } = await runTask(task, [flag, "--store", server.uri], { environment });
    return `${out}${err}`;
  };
  assertStringIncludes(
    await told("backup", "--list"),
    "none of 2 changes to undo, made in another store than is there now ",
  );
  const refused = await told("restore", "--last");
  assertStringIncludes(refused, "found another one");
  assertStringIncludes(refused, "once the store is there again in which it was made");
  assert(!`${refused}${await told("restore", "--quiet")}`.includes("--experiment NAME"));
});

Deno.test("over a server one run alone comes back, and a tag that it had before", async () => {
  const tags = { [DELETED_AT_TAG]: "5" };
  const init = { experiments: [experiment({ id: "1", runs: [old(1, { tags }), old(2)] })] };
  await using served = await serve(init, { schema: "2.22" });
  const { store, server } = served;
  const before = runsIn(server);
  await prune(store, { olderThan: 30 * DAY, apply: true });
  assertEquals((await restore(store, { run: runId(1) })).changes, 1);
  assertEquals(runsIn(server)[0], before[0]);
  assertEquals((await restore(store)).changes, 1);
  assertEquals(runsIn(server), before);
  assertEquals((await recover(store)).settled, []);
});

Deno.test("over a server what was deleted with a tag that all clients shared comes back with what it said before", async () => {
  const tags = { [DELETED_AT_TAG]: "5" };
  const init = { experiments: [experiment({ id: "1", runs: [old(1, { tags }), old(2)] })] };
  await using served = await serve(init);
  const { store, server } = served;
  const before = runsIn(server);
  const { report } = await prune(store, { olderThan: 30 * DAY, apply: true });
  const had = { [runId(1)]: "5", [runId(2)]: null };
  using log = new DatabaseSync(join(report!.backup!.path, "changes.db"));
  for (const [run, value] of Object.entries(had)) {
    log.prepare("UPDATE rows SET before = ?, after = ? WHERE run = ?").run(
      JSON.stringify({ lifecycle_stage: "active", [DELETED_AT_TAG]: value }),
      JSON.stringify({ lifecycle_stage: "deleted", [DELETED_AT_TAG]: `${NOW} 1.2` }),
      run,
    );
  }
  server.database.exec(
    `DELETE FROM tags; INSERT INTO tags (run_uuid, key, value)
      SELECT run_uuid, '${DELETED_AT_TAG}', '${NOW} 1.2' FROM runs`,
  );
  assertEquals((await restore(store)).changes, 2);
  assertEquals(runsIn(server), before);
});

Deno.test("who is no administrator of a server plans, and changes nothing", async () => {
  await using served = await serve(TWO, { account: { name: "kim", isAdmin: false } });
  const { store, server } = served;
  const before = runsIn(server);
  assertEquals((await prune(store, { olderThan: 30 * DAY })).plan.actions.length, 2);
  await assertRejects(
    () => prune(store, { olderThan: 30 * DAY, apply: true }),
    PlanRefusedError,
    "kim",
  );
  assertEquals(runsIn(server), before);
});

Deno.test("who is no administrator of a server trains there: before that nothing is mended, and it is said why", async () => {
  const running = { status: "RUNNING", endTime: null } as const;
  await using served = await serve({
    experiments: [experiment({ id: "1", name: "churn", runs: [old(1, running), old(2)] })],
  }, { account: { name: "kim", isAdmin: false } });
  const { store, server } = served;
  const before = runsIn(server);
  const report = await preflight(store, "churn");
  assertEquals(
    [report.ready, report.checked, report.pending, report.experiment?.experimentId],
    [true, true, { repairs: 1, quarantines: 0 }, "1"],
  );
  const lines = renderPreflight(report).split("\n");
  assertEquals(lines.slice(0, 2), ["1 active experiment, 2 runs", "1 repair possible"]);
  assertMatch(renderPreflight(report), /^Not to be done so: account kim is no administrator of /m);
  assert(!renderPreflight(report).includes("To do so: "));
  assertEquals(runsIn(server), before);
});

Deno.test("over a server a run stays from which an assessment comes, whatever a policy says", async () => {
  const use = { trace: "tr-1", assessment: "a-1", runId: runId(1), modelId: null };
  await using served = await serve({
    experiments: [experiment({ id: "1", runs: [old(1), old(2)], traces: 1, traceUses: [use] })],
  });
  const { plan, report } = await prune(served.store, { olderThan: 30 * DAY, apply: true });
  const [kept, ...others] = plan.kept;
  assertEquals([kept?.path, others], [asStorePath(`1/${runId(1)}`), []]);
  assertEquals(kept?.reasons, [
    { kind: "assessment-source", trace: "tr-1", assessment: "a-1" },
  ]);
  assertEquals(outcomesOf(report?.outcomes), [[`1/${runId(2)}`, "applied", null]]);
});

Deno.test("over a server a run that nobody ended ends, and is at work again once that is undone", async () => {
  const running = { status: "RUNNING", endTime: null } as const;
  await using served = await serve({
    experiments: [experiment({ id: "1", runs: [old(1, running), old(2)] })],
  });
  const { store, server } = served;
  const stateOf = () => {
    const [first] = runsIn(server) as [{ status: string; ended: number | null }];
    return [first.status, first.ended];
  };
  const { report } = await repair(store, { apply: true });
  assertEquals(outcomesOf(report?.outcomes), [[`1/${runId(1)}`, "applied", null]]);
  assertEquals(stateOf(), ["FAILED", NOW - 100 * DAY]);
  assertEquals((await restore(store)).changes, 1);
  // A server cannot take an end away; this one it shows as none.
  assertEquals(stateOf(), ["RUNNING", 0]);
  await using database = await openStore(server.path, { now: () => NOW });
  for (const from of [store, database]) {
    const { experiments: [first] } = await from.read({ depth: "meta" });
    assertEquals(
      first?.runs.map(({ status, endTime }) => [status, endTime === null]),
      [["RUNNING", true], ["FINISHED", false]],
    );
  }
  assertEquals((await prune(store, { olderThan: 30 * DAY })).plan.actions.length, 1);
});

Deno.test("by command it is said under which other name of a server something can be undone", async () => {
  await using served = await serve(TWO);
  const { server, state } = served;
  const restored = async (uri: string) => {
    const environment = { XDG_STATE_HOME: state };
    return (await runTask("restore", ["--last", "--store", uri], { environment })).err;
  };
  const other = server.uri.replace("127.0.0.1", "localhost");
  assert(!(await restored(other)).includes("under the name"));
  await prune(served.store, { olderThan: 30 * DAY, apply: true });
  assertStringIncludes(
    await restored(other),
    `What was changed under the name ${server.uri} is listed by \`deno task restore --store ${server.uri}\`.\n`,
  );
});

Deno.test("by command a server is cleaned up, and that is undone", async () => {
  await using served = await serve(TWO);
  const { server, state } = served;
  const before = runsIn(server);
  const ran: (readonly [task: string, code: number, out: string])[] = [];
  const tasks = [
    ...["prune:apply --force", "backup --list", "summary", `explain ${runId(1)}`],
    ...["restore --last", "restore", "recover", "verify --for-migration"],
  ];
  for (const words of tasks) {
    const [task = "", ...more] = words.split(" ");
    const { code, out, err } = await runTask(task, [...more, "--store", server.uri], {
      environment: { XDG_STATE_HOME: state },
    });
    ran.push([task, code, out === "" ? err : out]);
    if (words === "restore") assertStringIncludes(err, "Without a backup, as after --no-backup");
  }
  assertEquals(ran.map(([, code]) => code), [0, 0, 0, 0, 0, 0, 0, 12]);
  const [pruned, listed, counted, explained, restored, none, recovered, unmigrated] = ran.map((
    [, , out],
  ) => out);
  assertStringIncludes(counted!, "\n1 backup\n");
  assertStringIncludes(explained!, "\nStays.\n");
  assertStringIncludes(explained!, "No tracking server purges what is deleted");
  assertStringIncludes(unmigrated!, "only a directory such as mlruns is migrated");
  assertEquals(none, "No backups.\n");
  assert(
    pruned?.startsWith("Done: 2 soft-deleted") && pruned.includes("To undo: deno task restore"),
  );
  assert(listed?.includes("prune, 2 changes to undo"));
  assert(restored?.startsWith("Undone: 2 changes of prune"));
  assertEquals(recovered, "Nothing to recover.\n");
  assertEquals(runsIn(server), before);
});

Deno.test("what is changed over a server is kept in a directory of the user's where one is named", async () => {
  await using served = await serve(TWO);
  const { server, state } = served;
  const directory = join(state, "kept");
  await using store = await openAt(server.uri, state, directory);
  const { report } = await prune(store, { olderThan: 30 * DAY, apply: true, backups: directory });
  assert(report?.backup?.path.startsWith(directory), report?.backup?.path);
  assertEquals((await restore(store, { backups: directory })).changes, 2);
});

Deno.test("over a server no run is deleted twice where the answer to its deletion is lost", async () => {
  await using served = await serve(TWO);
  await using proxy = startFaultProxy(served.server.answer);
  for (const at of [1, 2]) {
    await using store = await openAt(proxy.uri, served.state);
    proxy.fail(null);
    // Where a connection was kept, Deno itself would send again what it got no answer to.
    proxy.failAt(({ url }) => url.endsWith("/runs/delete"), at, "lost-answer");
    const { report } = await prune(store, { olderThan: 30 * DAY, apply: true });
    assertEquals([report?.complete, proxy.hasFailed()], [true, true]);
    assertEquals(served.server.renewed, []);
    await restore(store);
  }
});
