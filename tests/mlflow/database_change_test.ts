/**
 * What is changed in a database is what MLflow changes there, and what it shows again once that is undone.
 *
 * @module
 */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import {
  applyPlan,
  cleanup,
  lockStore,
  openStore,
  restore,
  RestoreCollisionError,
  StalePlanError,
  type Store,
} from "mltidy";
import { policyOfAges } from "../../lib/policy/policy.ts";
import { DAY } from "../_support/builders.ts";
import { exactRowsOf } from "../_support/owned_rows.ts";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";
import { testEachVersion } from "./each_version.ts";
import { runPython } from "./python.ts";

interface Said {
  readonly active: readonly (readonly [id: string, ...unknown[]])[];
  readonly deleted: readonly (readonly [id: string, ...unknown[]])[];
}

testEachVersion(
  "a run is deleted from a database as MLflow does it, and undone",
  async (version) => {
    await using directory = await memoryDirectory();
    const path = join(directory.path, "mlflow.db");
    const twin = join(directory.path, "twin.db");
    const ask = (...words: readonly string[]) => runPython(version, "database_runs.py", words);
    await ask("make", path);
    Deno.copyFileSync(path, twin);
    const before = rowsOf(path);
    const shown = await ask("say", path) as Said;

    await using store = await openStore(`sqlite:///${path}`);
    const { plan, report } = await cleanup(store, { apply: true });
    const gone = plan.actions.flatMap((action) => "runId" in action ? [action.runId] : []);
    assertEquals([gone.length, report?.complete], [3, true]);
    await ask("delete", twin, ...gone);
    assertEquals(undated(rowsOf(path)), undated(rowsOf(twin)));
    const said = await ask("say", path) as Said;
    assertEquals(said, await ask("say", twin));
    assertEquals(said.deleted.map(([id]) => id), gone.toSorted());
    assertEquals(said.active.length, shown.active.length - 3);

    assertEquals((await restore(store)).changes, 3);
    assertEquals(rowsOf(path), before);
    assertEquals(await ask("say", path), shown);
  },
);

interface Made {
  readonly main: string;
  readonly old: string;
  readonly runs: Readonly<Record<string, string>>;
  /** None by MLflow 2. */
  readonly models: Readonly<Record<string, string>>;
}

interface Shown {
  readonly experiments: readonly string[];
  readonly active: readonly string[];
  readonly deleted: readonly string[];
  /** The files of the registered version. */
  readonly loaded: readonly string[];
  /** The runs that `mlflow gc` would take. */
  readonly rubbish: readonly string[];
  readonly models?: readonly string[];
  readonly traces?: number;
  readonly rubbishModels?: number;
}

testEachVersion(
  "what was deleted long ago is purged from a database, MLflow goes on, and all comes back exactly",
  async (version) => {
    await using temp = await memoryDirectory();
    const directory = Deno.realPathSync(temp.path);
    const path = join(directory, "mlflow.db");
    const ask = (word: string) => runPython(version, "database_purge.py", [word, directory]);
    const { main, old, runs, models } = await ask("make") as Made;
    const shown = await ask("say") as Shown;
    const before = { rows: exactRowsOf(path), files: await readTree(join(directory, "mlruns")) };

    await using store = await openStore(`sqlite:///${path}`, { now: () => Date.now() + 90 * DAY });
    const policy = { ...policyOfAges(), olderThan: null };
    const { plan, report } = await cleanup(store, { apply: true, policy });
    const isThree = shown.models !== undefined;
    assertEquals(
      plan.actions.map(({ kind, path }) => `${kind} ${path}`).toSorted(),
      [
        `purge-experiment ${old}`,
        ...(isThree
          ? ["gone", "stays"].map((name) => `purge-logged-model ${main}/models/${models[name]}`)
          : []),
        `purge-run ${main}/${runs["gone"]}`,
      ].toSorted(),
    );
    assertEquals(report?.outcomes.map(({ outcome }) => outcome), plan.actions.map(() => "applied"));
    assertEquals(report?.totals.usage.files! > 0, true);

    assertEquals(await ask("say"), {
      ...shown,
      experiments: shown.experiments.filter((name) => name !== "old"),
      deleted: ["parent", "registered"],
      rubbish: ["parent", "registered"],
      ...(isThree ? { models: ["parent", "registered"], rubbishModels: 0 } : {}),
    });
    const left = JSON.stringify([exactRowsOf(path), await readTree(join(directory, "mlruns"))]);
    for (
      const id of [
        runs["gone"]!,
        runs["inOld"]!,
        ...isThree ? [models["gone"]!, models["inOld"]!] : [],
      ]
    ) {
      assertEquals([left.includes(id), left.includes(hexOf(id))], [false, false], id);
    }

    assertEquals((await restore(store)).changes, plan.actions.length);
    assertEquals(exactRowsOf(path), before.rows);
    assertSameTree(await readTree(join(directory, "mlruns")), before.files);
    const settled = await ask("settle") as Shown;
    assertEquals(settled, {
      ...shown,
      active: [...shown.active, "parent", "registered"].toSorted(),
      deleted: ["gone", "inOld"],
      rubbish: ["gone", "inOld"],
    });
    await agreesWithGc({ store, path, directory, ask, main, old, runs });
  },
);

interface Purged extends Pick<Made, "main" | "old" | "runs"> {
  readonly store: Store;
  readonly path: string;
  readonly directory: string;
  readonly ask: (word: string) => Promise<unknown>;
}

/** What we purge `mlflow gc` has nothing left of; and what it purges beside us is missed by nobody. */
async function agreesWithGc(
  { store, path, directory, ask, main, old, runs }: Purged,
): Promise<void> {
  const policy = { ...policyOfAges(), olderThan: null };
  const stateNow = async () => ({
    rows: exactRowsOf(path),
    files: [...(await readTree(join(directory, "mlruns"))).keys()],
  });
  const ofOld = () =>
    Object.entries(exactRowsOf(path)).flatMap(([table, rows]) =>
      rows.filter((row) => row.includes(hexOf(runs["inOld"]!))).map((row) => `${table} ${row}`)
    );
  const kept = ofOld();
  const { report } = await cleanup(store, { apply: true, policy });
  assertEquals(report?.complete, true);
  const purged = await stateNow();
  await ask("gc");
  assertEquals(await stateNow(), purged);

  await ask("lose");
  const lost = await stateNow();
  const { collisions } = await assertRejects(() => restore(store), RestoreCollisionError);
  assertStringIncludes(
    collisions.join("\n"),
    `run ${runs["gone"]}: expected its experiment ${main}, found none`,
  );
  assertEquals(await stateNow(), lost);
  assertEquals((await restore(store, { experiment: old })).changes, 1);
  assertEquals([kept.length > 5, ofOld()], [true, kept]);

  const { plan } = await cleanup(store, { policy });
  assertEquals(plan.actions.map(({ kind, path }) => `${kind} ${path}`), [
    `purge-experiment ${old}`,
  ]);
  await ask("gc");
  const rest = await stateNow();
  await using locked = await lockStore(store, { task: "cleanup" });
  await assertRejects(() => applyPlan(locked, plan), StalePlanError);
  assertEquals(await stateNow(), rest);
}

function hexOf(text: string): string {
  return new TextEncoder().encode(text).toHex().toUpperCase();
}

type Rows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

/** Every row of every table. */
function rowsOf(path: string): Rows {
  using database = new DatabaseSync(path, { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  return Object.fromEntries(tables.map(({ name }) => [
    name,
    database.prepare(`SELECT * FROM "${name}"`).all().map((row) => ({ ...row })),
  ]));
}

/** The moment of a deletion is another one. */
function undated(rows: Rows): Rows {
  const runs = rows["runs"]!.map((row) => ({ ...row, deleted_time: row["deleted_time"] !== null }));
  return { ...rows, runs };
}
