/**
 * What changes the store of a real tracking server, and undoes it.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  applyPlan,
  lockStore,
  openStore,
  parsePlan,
  PlanRefusedError,
  prune,
  recover,
  repair,
  restore,
  StalePlanError,
  type Store,
} from "mltidy";
import { isLong } from "../../_support/depth.ts";
import { FAULTS, forwardTo, startFaultProxy } from "../../_support/fault_proxy.ts";
import { assertAsInTable } from "../../_support/table_of_stores.ts";
import { memoryDirectory } from "../../_support/temp_directory.ts";
import { allOf, type Asker, askerOf, type Filled, fillServer, GOING } from "./fill_server.ts";
import { ADMINISTRATOR } from "./start_server.ts";

/** A server of the suite. */
export interface Subject {
  readonly uri: string;
  /** What keeps its store, as a store by itself. */
  readonly backend: string;
}

const DAY = 86_400_000;

/**
 * Opens a server as somebody does whose state directory is this.
 *
 * @param uri The server.
 * @param state The directory.
 * @param login By whose name. @default {the administrator's}
 * @param now What time it is, epoch ms. @default {the real time}
 * @returns The store, to be bound by `await using`.
 */
export function openAs(
  uri: string,
  state: string,
  login: { readonly user: string; readonly password: string } = ADMINISTRATOR,
  now: () => number = Date.now,
): Promise<Store> {
  const variables: Readonly<Record<string, string>> = {
    XDG_STATE_HOME: state,
    MLFLOW_TRACKING_USERNAME: login.user,
    MLFLOW_TRACKING_PASSWORD: login.password,
  };
  return openStore(uri, { environment: (name) => variables[name], now });
}

const policy = { olderThan: 30 * DAY, apply: true } as const;

/**
 * Deletes what is old, looks at what MLflow says of it, and undoes that.
 *
 * @param subject The server.
 */
export async function pruneAndRestore({ uri }: Subject): Promise<void> {
  const ask = askerOf(uri);
  const filled = await fillServer(ask, "prune and restore");
  const { experiment, runs } = filled;
  await using directory = await memoryDirectory();
  await using store = await openAs(uri, directory.path);
  const before = await allOf(ask, experiment);
  assert(before.every(({ status }) => status === 200));
  const { report } = await prune(store, policy);
  assertEquals([report?.complete, report?.totals.applied], [true, GOING.length]);
  const stages = await stagesOf(ask, filled);
  assertEquals(stages, {
    ...Object.fromEntries(Object.keys(runs).map((name) => [name, "active"])),
    ...Object.fromEntries([...GOING, "deleted"].map((name) => [name, "deleted"])),
  });
  // It is planned once.
  assertEquals((await prune(store, policy)).plan.actions, []);
  assertEquals((await restore(store)).changes, GOING.length);
  assertEquals(await allOf(ask, experiment), before);
}

/**
 * Carries out a plan that was saved, and ends runs that nobody ended; undoes both.
 *
 * @param subject The server.
 */
export async function applySavedAndRepair({ uri }: Subject): Promise<void> {
  const ask = askerOf(uri);
  const { experiment, runs } = await fillServer(ask, "apply and repair");
  const before = await allOf(ask, experiment);
  await using directory = await memoryDirectory();
  await using store = await openAs(uri, directory.path);
  const { plan } = await prune(store, { ...policy, apply: false });
  const saved = parsePlan(JSON.stringify(plan), "plan.json");
  {
    await using locked = await lockStore(store, { task: "apply" });
    const { complete, totals } = await applyPlan(locked, saved);
    assertEquals([complete, totals.applied], [true, plan.actions.length]);
    await assertRejects(() => applyPlan(locked, saved), StalePlanError);
  }
  await restore(store);
  assertEquals(await allOf(ask, experiment), before);
  const { report } = await repair(store, { apply: true });
  assertEquals(report?.complete, true);
  const { body } = await ask("GET", "runs/get", { run_id: runs["running"]! });
  assertEquals((body as unknown as RunBody).run.info.status, "FAILED");
  await restore(store);
  assertEquals(await allOf(ask, experiment), before);
}

/**
 * Does all that the front page tells of a server, and of what keeps its store.
 *
 * @param subject Both.
 */
export async function doAsTold({ uri, backend }: Subject): Promise<void> {
  await fillServer(askerOf(uri), "as told");
  await using directory = await memoryDirectory();
  await assertAsInTable("a server", { uri, state: directory.path });
  const named = backend.startsWith("sqlite") ? "`sqlite:///" : "`postgresql://";
  await assertAsInTable(named, { uri: backend, state: directory.path });
}

async function stagesOf(ask: Asker, { runs }: Filled): Promise<Readonly<Record<string, string>>> {
  const stages = await Promise.all(
    Object.entries(runs).map(async ([name, run_id]) => {
      const { body } = await ask("GET", "runs/get", { run_id });
      return [name, (body as unknown as RunBody).run.info.lifecycle_stage] as const;
    }),
  );
  return Object.fromEntries(stages);
}

interface RunBody {
  readonly run: {
    readonly info: { readonly lifecycle_stage: string; readonly status: string };
    readonly data: { readonly tags?: readonly { readonly key: string; readonly value: string }[] };
  };
}

/**
 * Fails at requests of all that changes something, each time with another fault, and settles it.
 *
 * @param subject The server.
 */
export async function failAndSettle({ uri }: Subject): Promise<void> {
  const ask = askerOf(uri);
  const { experiment } = await fillServer(ask, "fail and settle");
  const before = await allOf(ask, experiment);
  await using directory = await memoryDirectory();
  await using proxy = startFaultProxy(forwardTo(uri));
  // Of those it can be told how long they take; the others wait for a client that gives up.
  const all = FAULTS.filter((one) => !one.includes("freeze"));
  const faults = isLong ? all : all.filter((one) => /^(?:lost-answer|half|gone-after)$/.test(one));
  const kinds = [/runs\/set-tag$/, /runs\/delete$/, /runs\/restore$/, /runs\/delete-tag$/];
  for (const [index, fault] of faults.entries()) {
    proxy.fail(null);
    const kind = kinds[index % kinds.length]!;
    proxy.failAt((request) => kind.test(request.url), 1 + index % 2, fault);
    for (const deed of [() => change(prune, policy), () => change(restore, {})]) {
      await deed().catch((error: unknown) => assert(proxy.hasFailed(), `${error}`));
    }
    assert(proxy.hasFailed(), fault);
    proxy.fail(null);
    await change(recover, {});
    while ((await change(restore, {})).backup !== null);
    assertEquals(await allOf(ask, experiment), before, fault);
  }

  async function change<O, T>(task: (store: Store, options: O) => Promise<T>, options: O) {
    await using store = await openAs(proxy.uri, directory.path);
    return await task(store, options);
  }
}

/**
 * Lets two who know nothing of each other clean up at the same time.
 *
 * @param subject The server.
 */
export async function pruneTwice({ uri }: Subject): Promise<void> {
  const ask = askerOf(uri);
  const filled = await fillServer(ask, "prune twice", 6);
  const before = await allOf(ask, filled.experiment);
  await using one = await memoryDirectory();
  await using other = await memoryDirectory();
  const places = [one.path, other.path];
  const deleted: string[] = [];
  const forward = forwardTo(uri);
  await using proxy = startFaultProxy(async (request) => {
    const asked = request.url.endsWith("runs/delete") ? request.clone() : null;
    const answer = await forward(request);
    if (asked !== null && answer.ok) deleted.push((await asked.json()).run_id);
    return answer;
  });
  const reports = await Promise.all(places.map(async (place) => {
    await using store = await openAs(proxy.uri, place);
    return (await prune(store, policy)).report;
  }));
  const applied = reports.flatMap((report) =>
    report?.outcomes.flatMap(({ path, outcome }) => outcome === "applied" ? [path] : []) ?? []
  );
  // What both wanted nobody may have got; nothing is done twice, nor counted by one that has not done it.
  assertEquals(
    applied.map((path) => path.split("/")[1]!).toSorted(),
    deleted.toSorted(),
  );
  assertEquals(new Set(applied).size, applied.length);
  const stages = await stagesOf(ask, filled);
  const isOld = (name: string) => /^(?:old|more)/.test(name);
  for (const [name, stage] of Object.entries(stages)) {
    assertEquals(
      stage === "deleted",
      name === "deleted" ||
        isOld(name) && applied.some((path) => path.endsWith(filled.runs[name]!)),
      name,
    );
  }
  // Until then what one has marked when the other deleted it could be the mark of one that is at work.
  const hourLater = () => Date.now() + 3_600_000;
  for (const place of places) {
    await using store = await openAs(proxy.uri, place, ADMINISTRATOR, hourLater);
    assertEquals((await recover(store)).settled, []);
    await restore(store);
  }
  assertEquals(await allOf(ask, filled.experiment), before);
}

/**
 * Cleans up and undoes that while others log.
 *
 * @param subject The server.
 */
export async function pruneWhileTraining({ uri }: Subject): Promise<void> {
  const ask = askerOf(uri);
  const { experiment, runs } = await fillServer(ask, "prune while training");
  const before = await allOf(ask, experiment);
  await using directory = await memoryDirectory();
  let isOver = false;
  const logged = new Map<string, number>();
  const train = async () => {
    const other = await ask("POST", "experiments/create", { name: "training" });
    const { experiment_id } = other.body as { experiment_id: string };
    while (!isOver) {
      const { status, body } = await ask("POST", "runs/create", {
        ...{ experiment_id, start_time: Date.now() },
      });
      assertEquals(status, 200);
      const { info: { run_id } } = (body as unknown as { run: { info: { run_id: string } } }).run;
      for (const step of [1, 2, 3]) {
        const point = { run_id, key: "loss", value: 1 / step, timestamp: Date.now(), step };
        assertEquals((await ask("POST", "runs/log-metric", point)).status, 200);
        logged.set(run_id, step);
      }
      const end = { run_id, status: "FINISHED", end_time: Date.now() };
      assertEquals((await ask("POST", "runs/update", end)).status, 200);
    }
    return experiment_id;
  };
  const training = train();
  try {
    for (let round = 0; round < 2; round++) {
      await using store = await openAs(uri, directory.path);
      const { report } = await prune(store, policy);
      const paths = report!.outcomes.map(({ path }) => path);
      const own = GOING.map((name) => `${experiment}/${runs[name]}`);
      assertEquals([report!.complete, own.filter((one) => !paths.includes(one as never))], [
        true,
        [],
      ]);
      await restore(store);
    }
  } finally {
    isOver = true;
    await training;
  }
  assert(logged.size > 0);
  for (const [run_id, steps] of logged) {
    const { body } = await ask("GET", "metrics/get-history", { run_id, metric_key: "loss" });
    assertEquals((body as { metrics: readonly unknown[] }).metrics.length, steps);
  }
  const [, ...own] = await allOf(ask, experiment);
  assertEquals(own, before.slice(1));
}

/**
 * Lets somebody who may not see all plan, and change nothing.
 *
 * @param subject The server.
 */
export async function refuseOthers({ uri }: Subject): Promise<void> {
  const ask = askerOf(uri);
  const kim = { user: "kim", password: "Another-one/12345" };
  const { status } = await ask("POST", "users/create", {
    ...{ username: kim.user, password: kim.password },
  });
  assertEquals(status, 200);
  const { experiment } = await fillServer(askerOf(uri, kim), "of another");
  const before = await allOf(ask, experiment);
  await using directory = await memoryDirectory();
  await using store = await openAs(uri, directory.path, kim);
  assertEquals((await prune(store, { ...policy, apply: false })).plan.actions.length, GOING.length);
  await assertRejects(
    () => prune(store, policy),
    PlanRefusedError,
    "kim",
  );
  assertEquals(await allOf(ask, experiment), before);
}
