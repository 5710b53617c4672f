// deno-lint-ignore-file no-console -- how much was tried is worth a line.
/**
 * Fails, and ends the client, at the requests by which runs are deleted over a tracking server, restored and settled;
 * then lets the next task settle it, and undoes all.
 *
 * ```
 * deno test -A --lock=tests/deno.lock tests/faults/server_faults_test.ts -- --long --times 50 --seed 7
 * ```
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { MltidyError } from "../../lib/errors.ts";
import { parseStoreName, type ServerName } from "../../lib/store/store_uri.ts";
import { openServerStore } from "../../tasks/_server/server_store.ts";
import { listBackups } from "../../tasks/backups/list_backups.ts";
import { recover } from "../../tasks/backups/recover.ts";
import { restore } from "../../tasks/backups/restore.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { prune } from "../../tasks/prune.ts";
import { DAY } from "../_support/builders.ts";
import { depth, seed } from "../_support/depth.ts";
import { type Fault, FAULTS } from "../_support/fault_proxy.ts";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { GOING, NOW, type Saved, serveHistory } from "./served.ts";
import { shuffled } from "./shuffled.ts";

const INJECTIONS = depth(6, 40);
const SEED = seed ?? Math.floor(Math.random() * 2 ** 31);

/** What ends the client, not the server, is told from that by `killed`. */
type Mishap = Fault | "killed before" | "killed after";
const MISHAPS: readonly Mishap[] = [...FAULTS, "killed before", "killed after"];

/** How long a server is waited for that is not frozen, s. */
const PATIENT = "60";

type Deed = "apply" | "restore" | "recover";
const DEEDS: Readonly<Record<Deed, (store: Store) => Promise<unknown>>> = {
  apply: (store) => prune(store, { olderThan: 30 * DAY, apply: true }),
  restore: (store) => restore(store),
  recover: (store) => recover(store),
};

Deno.test("whatever fails between a client and a tracking server, nothing is lost, deleted twice, or left on its way", async () => {
  await using directory = await memoryDirectory();
  await using served = await serveHistory(directory.path);
  const { server, proxy, state, save, load, runsNow, isMarked, stageOf } = served;
  const name = parseStoreName(proxy.uri) as ServerName;
  const variables = { XDG_STATE_HOME: state, MLFLOW_HTTP_REQUEST_TIMEOUT: PATIENT };
  const within = async <T>(work: (store: Store) => Promise<T>): Promise<T> => {
    await using store = await openServerStore(name, {
      chosenBy: "the test",
      now: () => NOW,
      environment: (variable) => (variables as Record<string, string>)[variable],
      pause: () => Promise.resolve(),
    });
    return await work(store);
  };

  const clean = save();
  const before = runsNow();
  await within(DEEDS.apply);
  const applied = save();
  assertEquals(GOING.map((id) => [stageOf(id), isMarked(id)]), GOING.map(() => ["deleted", true]));

  /** Does something that is hindered, and gives what is left of it. */
  const hinder = async (deed: Deed, at: number | null, mishap: Mishap): Promise<void> => {
    const killed = mishap === "killed before"
      ? "before"
      : mishap === "killed after"
      ? "after"
      : null;
    proxy.fail(at, killed === null ? mishap as Fault : killed === "before" ? "gone" : "gone-after");
    let end: Saved | null = null;
    if (at !== null && killed !== null) proxy.atRequest(at, killed, () => void (end = save()));
    const isFrozen = at !== null && (mishap === "freeze" || mishap === "lost-in-freeze");
    variables.MLFLOW_HTTP_REQUEST_TIMEOUT = isFrozen ? "0.4" : PATIENT;
    try {
      await within(DEEDS[deed]);
    } catch (error) {
      if (!(error instanceof MltidyError)) throw error;
    }
    variables.MLFLOW_HTTP_REQUEST_TIMEOUT = PATIENT;
    if (end !== null) load(end);
  };

  // Cut off where three of five runs have their tags, and where two are deleted already.
  load(clean);
  await hinder("apply", null, "gone");
  const usual = proxy.count();
  const cutOff: Saved[] = [];
  for (const at of [usual - 9, usual - 3]) {
    load(clean);
    await hinder("apply", at, "killed after");
    cutOff.push(save());
  }
  const from: Readonly<Record<Deed, readonly Saved[]>> = {
    apply: [clean],
    restore: [applied],
    recover: cutOff,
  };
  const trials: (readonly [Deed, Saved, number, Mishap])[] = [];
  for (const [deed, states] of Object.entries(from) as [Deed, readonly Saved[]][]) {
    for (const state of states) {
      load(state);
      await hinder(deed, null, "gone");
      const requests = Array.from({ length: proxy.count() }, (_, index) => index + 1);
      for (const at of requests) for (const one of MISHAPS) trials.push([deed, state, at, one]);
    }
  }
  const chosen = shuffled(trials, SEED).slice(0, INJECTIONS);
  let failed = 0;
  for (const [deed, begin, at, mishap] of chosen) {
    const what = `seed ${SEED}: ${mishap} at request ${at} of ${deed}`;
    load(begin);
    await hinder(deed, at, mishap);
    if (proxy.hasFailed()) failed++;
    for (const [id, row] of runsNow()) {
      const isAsBefore = row === before.get(id);
      assert(
        isAsBefore || GOING.some((one) => one === id) && isMarked(id),
        `${what}: ${id}: ${row}`,
      );
    }
    proxy.fail(null);
    await within((store) => recover(store));
    const open = await within(async (store) => [
      ...await store.changes!.interrupted(),
      ...await store.changes!.staged(),
    ]);
    assertEquals(open, [], what);
    const onTheWay = GOING.filter((id) => isMarked(id) && stageOf(id) === "active");
    assertEquals(onTheWay, [], what);
    while ((await within(listBackups)).backups.length > 0) await within((store) => restore(store));
    assertEquals(runsNow(), before, what);
    assertEquals(server.renewed, [], what);
  }
  console.log(
    `seed ${SEED}: ${chosen.length} of ${trials.length} mishaps between a client and a server, ${failed} came about`,
  );
});
