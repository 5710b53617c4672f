// deno-lint-ignore-file no-console -- how much was tried is worth a line.
/**
 * Kills real processes that change a tracking server, or train into it, before and after the server has got each of
 * their requests; then lets the next task settle it, and undoes all.
 *
 * ```
 * deno test -A --lock=tests/deno.lock tests/faults/server_kills_test.ts -- --long --times 8 --seed 7
 * ```
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { parseStoreName, type ServerName } from "../../lib/store/store_uri.ts";
import { openServerStore } from "../../tasks/_server/server_store.ts";
import { listBackups } from "../../tasks/backups/list_backups.ts";
import { recover } from "../../tasks/backups/recover.ts";
import { restore } from "../../tasks/backups/restore.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { depth, isLong, seed } from "../_support/depth.ts";
import type { MlflowDouble } from "../_support/mlflow_double.ts";
import { tempDirectory } from "../_support/temp_directory.ts";
import { bundleProgram, bundleScript, type Program } from "./program.ts";
import { GOING, NOW, type Saved, type Served, serveHistory } from "./served.ts";
import { shuffled } from "./shuffled.ts";

const KILLS = depth(0, 30);
const SEED = seed ?? Math.floor(Math.random() * 2 ** 31);
const WHEN = ["before", "after"] as const;

/** At which request a process ends, and whether the server has got that. */
interface Kill {
  readonly at: number;
  readonly when: typeof WHEN[number];
}

interface Ended {
  readonly wasKilled: boolean;
  readonly said: string;
  /** How many it has made. */
  readonly requests: number;
}

function momentsOf(requests: number): readonly Kill[] {
  return Array.from({ length: requests }, (_, index) => index + 1)
    .flatMap((at) => WHEN.map((when): Kill => ({ at, when })));
}

Deno.test({
  name:
    "whenever a process is killed that changes a tracking server, nothing is lost, deleted twice, or left on its way",
  ignore: !isLong,
  fn: async () => {
    await using directory = await tempDirectory();
    await using served = await serveHistory(directory.path);
    const { server, proxy, load, runsNow, isMarked, stageOf } = served;
    const typed = await bundleProgram(directory.path);
    const deeds = {
      apply: typed("prune", "--apply", "--force", "--days-old", "30", "--store", proxy.uri),
      restore: typed("restore", "--last", "--store", proxy.uri),
      recover: typed("recover", "--store", proxy.uri),
    };
    const before = runsNow();
    const from = await statesOf(served, deeds.apply);
    const trials: (readonly [keyof typeof deeds, Saved, Kill])[] = [];
    for (const deed of ["apply", "restore", "recover"] as const) {
      for (const state of from[deed]) {
        load(state);
        const { requests } = await runKilled(served, deeds[deed], null);
        trials.push(...momentsOf(requests).map((kill) => [deed, state, kill] as const));
      }
    }
    const chosen = shuffled(trials, SEED).slice(0, KILLS);
    let killed = 0;
    for (const [deed, begin, kill] of chosen) {
      const what = `seed ${SEED}: ${deed} killed ${kill.when} request ${kill.at}`;
      load(begin);
      if ((await runKilled(served, deeds[deed], kill)).wasKilled) killed++;
      for (const [id, row] of runsNow()) {
        const isAsBefore = row === before.get(id);
        assert(isAsBefore || GOING.includes(id) && isMarked(id), `${what}: ${id}: ${row}`);
      }
      await within(served, (store) => recover(store));
      await assertSettled(served, what);
      const onTheWay = GOING.filter((id) => isMarked(id) && stageOf(id) === "active");
      assertEquals(onTheWay, [], what);
      while ((await within(served, listBackups)).backups.length > 0) {
        await within(served, (store) => restore(store));
      }
      assertEquals(runsNow(), before, what);
      assertEquals(server.renewed, [], what);
    }
    console.log(
      `seed ${SEED}: ${killed} of ${chosen.length} processes killed, of ${trials.length} moments`,
    );
  },
});

Deno.test({
  name:
    "whenever a training over a tracking server is killed, all is there in the end that it was told is logged, once",
  ignore: !isLong,
  fn: async () => {
    await using directory = await tempDirectory();
    await using served = await serveHistory(directory.path);
    const { server, proxy, state } = served;
    const script = join(directory.path, "train.js");
    assertEquals(await bundleScript("tests/faults/train_over_server.ts", script), null);
    const named = (name: string): Program => ({
      words: [
        ...[
          Deno.execPath(),
          "run",
          "--cached-only",
          "--no-check",
          "-A",
          "--no-config",
          "--no-lock",
        ],
        ...[script, proxy.uri, state, name],
      ],
      directory: directory.path,
    });
    const whole = await runKilled(served, named("whole"), null);
    assertEquals(toldOf(server, "whole").toSorted(), linesOf(whole.said).toSorted());
    const trials = momentsOf(whole.requests);
    const chosen = shuffled(trials, SEED).slice(0, KILLS);
    let killed = 0;
    for (const [number, kill] of chosen.entries()) {
      const name = `number ${number}`;
      const what = `seed ${SEED}: training killed ${kill.when} request ${kill.at}`;
      const { wasKilled, said } = await runKilled(served, named(name), kill);
      if (wasKilled) killed++;
      await within(served, (store) => recover(store));
      await assertSettled(served, what);
      const told = toldOf(server, name);
      const lost = linesOf(said).filter((line) => !told.includes(line));
      assertEquals(lost, [], what);
    }
    console.log(
      `seed ${SEED}: ${killed} of ${chosen.length} trainings killed, of ${trials.length} moments`,
    );
  },
});

/** Runs a process, and kills it. */
async function runKilled(
  { proxy, state }: Served,
  { words: [command = "", ...args], directory }: Program,
  kill: Kill | null,
): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (kill === null) {
    proxy.fail(null);
  } else {
    proxy.fail(kill.at, kill.when === "before" ? "gone" : "gone-after");
    proxy.atRequest(kill.at, kill.when, async () => {
      child.kill("SIGKILL");
      await promise;
    });
  }
  const child = new Deno.Command(command, {
    args,
    cwd: directory,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", XDG_STATE_HOME: state },
    ...{ stdin: "null", stdout: "piped", stderr: "piped" },
  }).spawn();
  const output = child.output();
  await child.status;
  resolve();
  const { code, signal, stdout, stderr } = await output;
  const requests = proxy.count();
  proxy.fail(null);
  const [said = "", error = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert(signal === "SIGKILL" || code === 0, `${code}: ${said}${error}`);
  return { wasKilled: signal !== null, said, requests };
}

/** How all is once a prune is through, and where it was killed: some runs have their tags, some are deleted. */
async function statesOf(served: Served, prune: Program) {
  const { save, load } = served;
  const clean = save();
  const { requests } = await runKilled(served, prune, null);
  const applied = save();
  const cutOff: Saved[] = [];
  for (const at of [requests - 9, requests - 3]) {
    load(clean);
    await runKilled(served, prune, { at, when: "after" });
    cutOff.push(save());
  }
  return { apply: [clean], restore: [applied], recover: cutOff };
}

async function within<T>({ proxy, state }: Served, work: (store: Store) => Promise<T>): Promise<T> {
  await using store = await openServerStore(parseStoreName(proxy.uri) as ServerName, {
    chosenBy: "the test",
    now: () => NOW,
    environment: (variable) => variable === "XDG_STATE_HOME" ? state : undefined,
    pause: () => Promise.resolve(),
  });
  return await work(store);
}

async function assertSettled(served: Served, what: string): Promise<void> {
  const open = await within(served, async (store) => [
    ...await store.changes!.interrupted(),
    ...await store.changes!.staged(),
  ]);
  assertEquals(open, [], what);
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** What a server has of a training, in the words in which that says what it has logged. */
function toldOf({ database, artifacts }: MlflowDouble, name: string): readonly string[] {
  return [[name, "parent"], [`${name} child`, "child"]].flatMap(([runName = "", of]) => {
    const all = (sql: string, id: string) =>
      database.prepare(sql).all(id) as Readonly<Record<string, unknown>>[];
    const runs = all("SELECT * FROM runs WHERE name = ? AND lifecycle_stage = 'active'", runName);
    assert(runs.length <= 1, `${runName} is there ${runs.length} times`);
    return runs.flatMap(({ run_uuid, status }) => {
      const id = `${run_uuid}`;
      const steps = all("SELECT step FROM metrics WHERE run_uuid = ? ORDER BY step", id);
      const params = all("SELECT value FROM params WHERE run_uuid = ? ORDER BY key", id);
      const tags = all("SELECT value FROM tags WHERE run_uuid = ? AND key = 'stage'", id);
      const above = all(
        "SELECT value FROM tags WHERE run_uuid = ? AND key = 'mlflow.parentRunId'",
        id,
      );
      for (const { value } of above) {
        const [parent] = all("SELECT name FROM runs WHERE run_uuid = ?", `${value}`);
        assertEquals(parent?.["name"], name);
      }
      const files = [...artifacts].filter(([path]) => path.includes(id));
      return [
        `${of} run`,
        ...steps.map(({ step }) => `${of} metric ${step}`),
        ...params.map(({ value }) => `${of} param ${value}`),
        ...tags.map(({ value }) => `${of} tag ${value}`),
        ...files.map(([, text]) => `${of} artifact ${text}`),
        ...status === "RUNNING" ? [] : [`${of} end ${status}`],
      ];
    });
  });
}
