import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { planCleanup } from "../../lib/cleanup/plan_cleanup.ts";
import { PlanRefusedError, StalePlanError } from "../../lib/errors.ts";
import { parsePlan } from "../../lib/plan/parse_plan.ts";
import type { Action, Plan } from "../../lib/plan/plan.ts";
import { policyOf, readConfig } from "../../lib/policy/config.ts";
import { type CleanupPolicy, readingOf } from "../../lib/policy/policy.ts";
import type { RunId } from "../../lib/store/path.ts";
import { applyWhatStillHolds } from "../../tasks/apply_what_still_holds.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { openStore } from "../../tasks/open_store.ts";
import { repair } from "../../tasks/repair.ts";
import {
  DAY,
  experiment,
  modelVersion,
  NOW,
  registeredModel,
  run,
  runId,
} from "../_support/builders.ts";
import { type TempDatabase, tempDatabase } from "../_support/database_store.ts";
import { draws } from "../_support/depth.ts";
import {
  runMeta,
  type StorePlace,
  tempStore,
  writeFiles,
  writeStore,
} from "../_support/disk_store.ts";
import fc from "../_support/fast_check.ts";
import { rulesArbitrary } from "../_support/policy_arbitraries.ts";
import { DEFAULT_POLICY, randomStore } from "../_support/random_store.ts";
import { planFor, POLICY, ROTTEN } from "../_support/rotten_store.ts";
import { assertSameTree, readTree, type Tree } from "../_support/tree.ts";

const EXCEPT = { except: [".mltidy.trash"] };
const subjectOf = ({ kind, path }: Pick<Action, "kind" | "path">) => `${kind} ${path}`;
const saved = (plan: Plan) => parsePlan(JSON.stringify(plan), "plan.json");

async function planAt(root: string, policy: CleanupPolicy, now: number): Promise<Plan> {
  await using store = await openStore(root, { now: () => now });
  const snapshot = await store.read({ depth: "tags", ...readingOf(policy) });
  return planCleanup(snapshot, policy, { now, kinds: store.changes!.kinds });
}

Deno.test("applyWhatStillHolds() takes what both plans take, and says of the rest why it does not", async () => {
  await using place = await tempStore(ROTTEN);
  const { root } = place;
  const reviewed = saved(await planFor(root));
  writeFiles(root, {
    [`1/${runId(1)}/tags/mltidy.pin`]: "",
    [`1/${runId(2)}/meta.yaml`]: runMeta(
      run({ id: runId(2), experimentId: "1", status: "RUNNING" }),
    ),
    "7/new-file": "",
  });
  Deno.removeSync(join(root, `1/${runId(5)}`), { recursive: true });
  const before = await readTree(root);
  await using store = await openStore(root, { now: () => NOW + 3 * DAY });
  const shown = await applyWhatStillHolds(store, reviewed);
  assertEquals(shown.report, null);
  assertSameTree(await readTree(root), before);
  assertEquals(shown.plan.actions.map(subjectOf), ["purge-experiment .trash/2"]);
  assertEquals(
    shown.plan.reviewed,
    {
      plannedAt: NOW,
      lapsed: [
        {
          kind: "soft-delete-run",
          path: `1/${runId(1)}`,
          name: "first",
          because: "kept",
          reasons: [{ kind: "pinned", tag: "mltidy.pin" }],
        },
        {
          kind: "soft-delete-run",
          path: `1/${runId(2)}`,
          name: "second",
          because: "kept",
          reasons: [{ kind: "not-finished", status: "RUNNING" }],
        },
        { kind: "purge-run", path: `1/${runId(5)}`, name: "gone", because: "gone", reasons: [] },
        {
          kind: "quarantine-orphan",
          path: "7",
          name: "7",
          because: "kept",
          reasons: [{ kind: "holds-foreign-files", entries: ["new-file"] }],
        },
      ],
    } as unknown as Plan["reviewed"],
  );
  const again = await applyWhatStillHolds(store, saved(shown.plan), { apply: true });
  assertEquals([again.report?.totals.applied, again.report?.complete], [1, true]);
  await restore(store);
  const { report } = await applyWhatStillHolds(store, reviewed, { apply: true });
  assertEquals([report?.totals.applied, report?.complete], [1, false]);
  assertEquals(report?.reviewed, shown.plan.reviewed);
  await restore(store);
  assertSameTree(await readTree(root, EXCEPT), before);
});

Deno.test("applyWhatStillHolds() lets a reviewed parent stay whose child nobody has reviewed", async () => {
  const old = { startTime: NOW - 50 * DAY, endTime: NOW - 40 * DAY };
  const parent = run({ id: runId(1), ...old });
  await using place = await tempStore({ experiments: [experiment({ id: "1", runs: [parent] })] });
  const { root } = place;
  const reviewed = saved(await planAt(root, POLICY, NOW));
  assertEquals(reviewed.actions.length, 1);
  const child = run({ id: runId(2), experimentId: "1", ...old });
  writeFiles(root, {
    [`1/${child.id}/meta.yaml`]: runMeta(child),
    [`1/${child.id}/tags/mlflow.parentRunId`]: parent.id,
  });
  assertEquals((await planAt(root, POLICY, NOW)).actions.length, 2, "today both would go");
  await using store = await openStore(root, { now: () => NOW });
  const { plan } = await applyWhatStillHolds(store, reviewed, { apply: true });
  assertEquals(plan.actions, []);
  assertEquals(plan.reviewed?.lapsed.map(({ reasons }) => reasons), [
    [{ kind: "parent-of-kept", child: child.id }],
  ]);
});

Deno.test("applyWhatStillHolds() goes by what is worth keeping today, and by the limits that were reviewed", async () => {
  await using place = await tempStore(ROTTEN);
  const { root } = place;
  const policy = policyOf(
    readConfig("limits: { max_share: 100% }\nretention: { keep_within: 30d }", "y"),
  );
  const reviewed = saved(await planAt(root, policy, NOW));
  const { retention } = policyOf(
    readConfig(
      "limits: { max_share: 0% }\nretention: { keep_within: 30d, keep_named: [first] }",
      "y",
    ),
  );
  await using store = await openStore(root, { now: () => NOW });
  const { plan } = await applyWhatStillHolds(store, reviewed, { retention });
  assertEquals<unknown>(plan.reviewed?.lapsed.map(({ path, reasons }) => [path, reasons]), [
    [`1/${runId(1)}`, [{ kind: "keep-named", glob: "first" }]],
  ]);
  const tight = {
    ...policy,
    retention: { ...policy.retention!, limits: { maxShare: 0.6, maxRuns: null } },
  };
  const allowed = saved(await planAt(root, tight, NOW));
  assertEquals(allowed.stops, undefined);
  // Of fewer runs the same ones are a larger share.
  for (const id of [3, 4]) Deno.removeSync(join(root, `1/${runId(id)}`), { recursive: true });
  Deno.removeSync(join(root, "models"), { recursive: true });
  await assertRejects(
    () => applyWhatStillHolds(store, allowed, { apply: true }),
    PlanRefusedError,
    "2 of 2",
  );
});

Deno.test("applyWhatStillHolds() says of what was selected that it is gone, and takes nothing in its place", async () => {
  await using place = await tempStore(ROTTEN);
  const { root } = place;
  const only = (runs: readonly string[], experiments: readonly string[] = []) => ({
    ...POLICY,
    only: { experiments, exclude: [], runs },
  });
  const [one, two] = [runId(1), runId(2)];
  const plans = {
    both: saved(await planAt(root, only([one, two]), NOW)),
    // As it was typed, by its first letters.
    first: saved(await planAt(root, only([one]), NOW)),
    holder: saved(await planAt(root, only([], ["2"]), NOW)),
  };
  assertEquals(plans.both.actions.length, 2);
  Deno.removeSync(join(root, `1/${one}`), { recursive: true });
  Deno.removeSync(join(root, ".trash/2"), { recursive: true });
  await using store = await openStore(root, { now: () => NOW });
  const ended = async (reviewed: Plan) => {
    const { plan } = await applyWhatStillHolds(store, reviewed);
    assertEquals(plan.policy, reviewed.policy);
    return [
      ...plan.actions.map(subjectOf),
      ...plan.reviewed!.lapsed.map((lapsed) => `${subjectOf(lapsed)} ${lapsed.because}`),
    ];
  };
  assertEquals(await ended(plans.both), [
    `soft-delete-run 1/${two}`,
    `soft-delete-run 1/${one} gone`,
  ]);
  assertEquals(await ended(plans.first), [`soft-delete-run 1/${one} gone`]);
  assertEquals(await ended(plans.holder), ["purge-experiment .trash/2 gone"]);
});

Deno.test("applyWhatStillHolds() refuses a plan of another store, and carries out what still holds of a repair", async () => {
  await using place = await tempStore({
    experiments: [
      experiment({ id: "0", name: "Default" }),
      experiment({
        id: "1",
        runs: [1, 2].map((id) => run({ id: runId(id), startTime: NOW - 50 * DAY })),
      }),
    ],
  });
  const { root } = place;
  for (const id of [1, 2]) {
    Deno.removeSync(join(root, `1/${runId(id)}/metrics`), { recursive: true });
  }
  await using store = await openStore(root, { now: () => NOW });
  const { plan } = await repair(store, { settle: 0 });
  const reviewed = saved(plan);
  assertEquals(reviewed.actions.filter(({ path }) => path.startsWith("1/")).length, 2);
  writeFiles(root, { [`1/${runId(1)}/metrics`]: null });
  const { report } = await applyWhatStillHolds(store, reviewed, { apply: true });
  assertEquals<unknown>(report?.reviewed?.lapsed.map(({ path, because }) => [path, because]), [
    [`1/${runId(1)}`, "changed-since-plan"],
  ]);
  assert(Deno.statSync(join(root, `1/${runId(2)}/metrics`)).isDirectory);
  await assertRejects(
    () => applyWhatStillHolds(store, { ...reviewed, store: "/elsewhere" }),
    StalePlanError,
    "it was made for store /elsewhere",
  );
});

/** What may happen to a store between the review of a plan and its day. */
const EVENTS = [
  "pin",
  "resume",
  "register",
  "nest",
  "delete",
  "undelete",
  "remove",
  "touch",
  "train",
  "wait",
] as const;

interface Event {
  readonly what: typeof EVENTS[number];
  readonly which: number;
}

/** Has an event happen to the store, and says what time it is then. */
function happen({ what, which }: Event, place: StorePlace, reviewed: Plan, now: number): number {
  const { root } = place;
  const runs = reviewed.actions.flatMap((one) =>
    "runId" in one && one.kind !== "drop-artifact" ? [one] : []
  );
  const chosen = runs[which % runs.length];
  const id = (which % 0xffff_ffff).toString(16).padStart(32, "e");
  const fresh = { root, outside: join(place.outside, id) };
  if (what === "wait") return now + (1 + which % 40) * DAY;
  if (what === "train") {
    const at = { startTime: now - 60 * DAY, endTime: which % 2 ? now - 50 * DAY : null };
    const runs = [run({ id, ...at, status: which % 2 ? "FINISHED" : "RUNNING" })];
    writeStore(fresh, { experiments: [experiment({ id: `77${which}`, runs })] });
    return now;
  }
  if (chosen === undefined) return now;
  const directory = join(root, chosen.path);
  const meta = (() => {
    try {
      return Deno.readTextFileSync(join(directory, "meta.yaml"));
    } catch {
      return null;
    }
  })();
  if (meta === null) return now;
  const edit = (pattern: RegExp, text: string) =>
    Deno.writeTextFileSync(join(directory, "meta.yaml"), meta.replace(pattern, text));
  switch (what) {
    case "pin":
      writeFiles(directory, { "tags/mltidy.pin": "" });
      break;
    case "resume":
      edit(/^status: \d$/m, "status: 1");
      break;
    case "register":
      writeStore(fresh, {
        registeredModels: [
          registeredModel({ name: `m${id}`, versions: [modelVersion({ runId: chosen.runId })] }),
        ],
      });
      break;
    case "nest": {
      const { experimentId } = chosen;
      const at = { startTime: NOW - 200 * DAY, endTime: NOW - (which % 2 ? 190 : 2) * DAY };
      writeFiles(join(directory, "..", id), {
        "meta.yaml": runMeta(run({ id, experimentId, ...at })),
        "tags/mlflow.parentRunId": chosen.runId,
      });
      break;
    }
    case "delete":
      edit(/^lifecycle_stage: active$/m, `lifecycle_stage: deleted\ndeleted_time: ${now}`);
      break;
    case "undelete":
      edit(/^lifecycle_stage: deleted$/m, "lifecycle_stage: active");
      break;
    case "remove":
      Deno.removeSync(directory, { recursive: true });
      break;
    case "touch":
      writeFiles(directory, { "params/late": "1" });
      break;
  }
  return now;
}

function outsideOf(tree: Tree, taken: readonly string[]): Tree {
  const isTaken = (path: string) => taken.some((one) => path === one || path.startsWith(`${one}/`));
  return new Map(
    [...tree].flatMap(([path, entry]) =>
      isTaken(path) ? [] : [[path, entry.kind === "directory" ? { ...entry, mtimeMs: 0 } : entry]]
    ),
  );
}

Deno.test("whatever happens to a store after the review: nothing goes that today's plan would keep or nobody has reviewed, all else is told, and it can be undone", async () => {
  const policies = fc.oneof(fc.constant(DEFAULT_POLICY), rulesArbitrary());
  const events = fc.array(
    fc.record({ what: fc.constantFrom(...EVENTS), which: fc.nat() }),
    { maxLength: 8 },
  );
  let [held, lapsed] = [0, 0];
  await fc.assert(
    fc.asyncProperty(fc.nat(1e5), policies, events, async (seed, policy, happening) => {
      await using place = await tempStore(randomStore(seed, NOW));
      const { root } = place;
      const { stops, ...plan } = await planAt(root, policy, NOW);
      if (stops !== undefined) return;
      const reviewed = saved(plan as Plan);
      let now = NOW;
      for (const event of happening) now = happen(event, place, reviewed, now);
      const before = await readTree(root);
      const today = await planAt(root, policy, now);
      await using store = await openStore(root, { now: () => now });
      const result = await applyWhatStillHolds(store, reviewed, { apply: true })
        .catch((error: unknown) => {
          if (!(error instanceof PlanRefusedError)) throw error;
          return null;
        });
      if (result === null) return assertSameTree(await readTree(root, EXCEPT), before);
      const { plan: part, report } = result;
      const [agreed, wanted] = [reviewed, today].map(({ actions }) =>
        new Set(actions.map(subjectOf))
      );
      const done = part.actions.map(subjectOf);
      const told = part.reviewed!.lapsed;
      assertEquals(done.filter((one) => !agreed!.has(one) || !wanted!.has(one)), []);
      assertEquals([...done, ...told.map(subjectOf)].toSorted(), [...agreed!].toSorted());
      assert(told.every(({ because, reasons }) => because === "kept" === reasons.length > 0));
      assert(report?.outcomes.every(({ outcome }) => outcome === "applied") ?? done.length === 0);
      held += done.length;
      lapsed += told.length;
      const taken = part.actions.flatMap((one) => {
        if (one.kind !== "soft-delete-run") return [`${one.path}`];
        assert(today.kept.every(({ path }) => path !== one.path));
        return [`${one.path}/meta.yaml`];
      });
      const after = await readTree(root, EXCEPT);
      // A clean-up tags the run whose files it drops.
      const dropped = part.actions.flatMap(({ kind, path }) =>
        kind === "drop-artifact" ? [path.replace(/\/artifacts\/.*$/, "/tags")] : []
      );
      assertEquals(
        outsideOf(after, [...taken, ...dropped]),
        outsideOf(before, [...taken, ...dropped]),
      );
      for (const [path, entry] of after) {
        const [, place] = /^(.*)\/[^/]+\/tags\/mlflow\.parentRunId$/.exec(path) ?? [];
        if (place === undefined || entry.kind !== "file") continue;
        const parent = `${place}/${entry.content}`;
        const stays = after.get(path.replace("tags/mlflow.parentRunId", "meta.yaml"));
        if (stays?.kind !== "file" || !/^lifecycle_stage: active$/m.test(stays.content)) continue;
        assert(!done.includes(`soft-delete-run ${parent}`), `${parent} goes before its child`);
      }
      if (report !== null && done.length > 0) {
        await restore(store);
        assertSameTree(await readTree(root, EXCEPT), before);
      }
    }),
    draws(25, 300),
  );
  assert(held > 20 && lapsed > 10, `${held} held, ${lapsed} lapsed`);
});

/** The same, as SQL on a database in which others have gone on. */
function happenInRows(
  { what, which }: Event,
  { execute }: Pick<TempDatabase, "execute">,
  reviewed: Plan,
  now: number,
): number {
  const runs = reviewed.actions.flatMap((one) => "runId" in one ? [one] : []);
  const chosen = runs[which % runs.length];
  const id = (which % 0xffff_ffff).toString(16).padStart(32, "e");
  if (what === "wait") return now + (1 + which % 40) * DAY;
  if (chosen === undefined) return now;
  const { runId, experimentId } = chosen;
  const insertRun = (end: number | null, status: string) =>
    `INSERT OR IGNORE INTO runs (run_uuid, name, experiment_id, status, start_time, end_time,
        lifecycle_stage, artifact_uri)
      SELECT '${id}', 'new', experiment_id, '${status}', ${now - 60 * DAY}, ${end}, 'active', ''
      FROM experiments WHERE experiment_id = ${experimentId};`;
  const at = `WHERE run_uuid = '${runId}'`;
  const tag = (run: string, key: string, value: string) =>
    `INSERT OR REPLACE INTO tags (run_uuid, key, value)
      SELECT run_uuid, '${key}', '${value}' FROM runs WHERE run_uuid = '${run}';`;
  switch (what) {
    case "pin":
      execute(tag(runId, "mltidy.pin", ""));
      break;
    case "resume":
      execute(`UPDATE runs SET status = 'RUNNING' ${at}`);
      break;
    case "register":
      execute(`
        INSERT OR IGNORE INTO registered_models (name, creation_time) VALUES ('m${id}', 1);
        INSERT OR IGNORE INTO model_versions (name, version, creation_time, run_id, source)
          VALUES ('m${id}', 1, 1, '${runId}', 'runs:/${runId}/model')`);
      break;
    case "nest":
      execute(insertRun(now - (which % 2 ? 190 : 2) * DAY, "FINISHED"));
      execute(tag(id, "mlflow.parentRunId", runId));
      break;
    case "train":
      execute(insertRun(which % 2 ? now - 50 * DAY : null, which % 2 ? "FINISHED" : "RUNNING"));
      break;
    case "delete":
      execute(`UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = ${now}
        ${at} AND lifecycle_stage = 'active'`);
      break;
    case "undelete":
      execute(`UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL ${at}`);
      break;
    case "remove":
      for (const table of ["metrics", "latest_metrics", "params", "tags", "runs"]) {
        execute(`DELETE FROM ${table} ${at}`);
      }
      break;
    case "touch":
      execute(`UPDATE runs SET name = 'late' ${at}`);
      break;
  }
  return now;
}

/** Every row of every table, by the run that it is of. */
function rowsOf(path: string): ReadonlyMap<string, readonly string[]> {
  using database = new DatabaseSync(path, { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const rows = tables.flatMap(({ name }) => {
    const statement = database.prepare(`SELECT * FROM "${name}"`);
    statement.setReadBigInts(true);
    return statement.all().map((row) => ({
      run: String(row["run_uuid"] ?? ""),
      text: JSON.stringify(
        [name, row],
        (_, value) => typeof value === "bigint" ? `${value}` : value,
      ),
    }));
  });
  return new Map(
    [...Map.groupBy(rows, ({ run }) => run)]
      .map(([run, own]) => [run, own.map(({ text }) => text).toSorted()] as const)
      .toSorted(([left], [right]) => left < right ? -1 : 1),
  );
}

Deno.test("the same of a database: nothing goes that today's plan would keep, or nobody has reviewed, and it can be undone", async () => {
  const policies = fc.oneof(
    fc.constant(DEFAULT_POLICY),
    // Where heavy files lie is a question of files.
    rulesArbitrary().map((policy) => ({
      ...policy,
      retention: { ...policy.retention, artifactsOnly: null },
    })).filter(({ retention }) => retention.rules.every((rule) => !rule.artifactsOnly)),
  );
  const events = fc.array(
    fc.record({ what: fc.constantFrom(...EVENTS), which: fc.nat() }),
    { maxLength: 8 },
  );
  let [held, lapsed] = [0, 0];
  await fc.assert(
    fc.asyncProperty(fc.nat(1e5), policies, events, async (seed, policy, happening) => {
      const { experiments, registeredModels } = randomStore(seed, NOW);
      // A database has each id and each name once.
      const seen = new Set<string>();
      const numbered = experiments.filter(({ id }) => /^\d+$/.test(id)).map((one) => ({
        ...one,
        name: `${one.name} ${one.id}`,
        runs: one.runs.filter(({ id }) => !seen.has(id) && seen.add(id)),
        loggedModels: one.loggedModels.filter(({ id }) => !seen.has(id) && seen.add(id)),
      }));
      const init = { experiments: numbered, registeredModels };
      await using place = await tempDatabase(init, { artifacts: true });
      const { stops, ...plan } = await planAt(place.uri, policy, NOW);
      if (stops !== undefined) return;
      const reviewed = saved(plan as Plan);
      let now = NOW;
      for (const event of happening) now = happenInRows(event, place, reviewed, now);
      const before = rowsOf(place.path);
      const trees = await readTree(place.artifacts);
      const today = await planAt(place.uri, policy, now);
      await using store = await openStore(place.uri, { now: () => now });
      const result = await applyWhatStillHolds(store, reviewed, { apply: true })
        .catch((error: unknown) => {
          if (!(error instanceof PlanRefusedError)) throw error;
          return null;
        });
      if (result === null) return assertEquals(rowsOf(place.path), before);
      const { plan: part, report } = result;
      const [agreed, wanted] = [reviewed, today].map(({ actions }) =>
        new Set(actions.map(subjectOf))
      );
      const done = part.actions.map(subjectOf);
      const told = part.reviewed!.lapsed;
      assertEquals(done.filter((one) => !agreed!.has(one) || !wanted!.has(one)), []);
      assertEquals([...done, ...told.map(subjectOf)].toSorted(), [...agreed!].toSorted());
      assert(report?.outcomes.every(({ outcome }) => outcome === "applied") ?? done.length === 0);
      held += done.length;
      lapsed += told.length;
      const taken = new Set(
        part.actions.flatMap((one) =>
          one.kind === "purge-experiment" ? one.runIds : "runId" in one ? [one.runId] : []
        ),
      );
      const after = rowsOf(place.path);
      for (const [run, rows] of before) {
        if (run !== "" && !taken.has(run as RunId)) assertEquals(after.get(run), rows);
      }
      if (report !== null && done.length > 0) {
        await restore(store);
        assertEquals(rowsOf(place.path), before);
        assertSameTree(await readTree(place.artifacts), trees);
      }
    }),
    draws(20, 300),
  );
  assert(held > 15 && lapsed > 8, `${held} held, ${lapsed} lapsed`);
});
