/**
 * Copies of a database that are made while MLflow logs into it: none keeps MLflow from logging, and MLflow opens
 * each as it was at one moment.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { backup, openStore, restore, verifyBackups, writeDemoStore } from "mltidy";
import { tempDirectory } from "../_support/temp_directory.ts";
import { testEachVersion } from "./each_version.ts";
import { runPython } from "./python.ts";

const ROUNDS = 5;

/** See `log_steps.py`. */
interface Said {
  readonly steps: number;
  readonly copied: readonly number[];
}

testEachVersion("a copy that is made while it logs into a database is sound", async (version) => {
  // MLflow 2 does not know the tables of the example store.
  if (version.name.startsWith("2.")) return;
  await using directory = await tempDirectory();
  const real = Deno.realPathSync(directory.path);
  const { location } = await writeDemoStore(join(real, "store"), {
    now: Date.now(),
    kind: "sqlite",
  });
  const path = join(real, "store/mlflow.db");
  const [stop, target] = [join(real, "stop"), join(real, "copy")];
  const logging = runPython(version, "log_steps.py", [path, stop, join(target, "mlflow.db")]);
  // Waited for below; until then a failure must not end the test before it can tell of it.
  logging.catch(() => {});
  const found: number[][] = [];
  try {
    await using store = await openStore(location);
    await waitForSteps(path);
    for (let round = 0; round < ROUNDS; round++) {
      const made = await backup(store, { scope: { kind: round === 0 ? "full" : "metadata" } });
      assertEquals([made.complete, made.database?.file as string], [true, "mlflow.db"]);
      found.push(stepsIn(join(made.path, "files/mlflow.db")));
      if (round === ROUNDS - 1) await restore(store, { id: made.id, to: target });
    }
    assertEquals((await verifyBackups(store)).sound, true);
  } finally {
    Deno.writeTextFileSync(stop, "");
  }
  const { steps, copied, ...said } = await logging as Said;
  assertEquals(said, { status: "RUNNING", experiments: 15, registeredModels: 2 } as unknown);
  for (const one of found) assertEquals(one, one.map((_, step) => step));
  const counts = found.map(({ length }) => length);
  assertEquals(counts, counts.toSorted((left, right) => left - right));
  assertEquals(copied.length, counts.at(-1));
  assert(counts[0]! < counts.at(-1)! && counts.at(-1)! < steps);
});

function stepsIn(path: string): number[] {
  using database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare("SELECT step FROM metrics WHERE key = 'live' ORDER BY step");
  return rows.all().map(({ step }) => Number(step));
}

/** MLflow takes seconds to load; only then is there anything to disturb. */
async function waitForSteps(path: string): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (stepsIn(path).length === 0) {
    assert(Date.now() < deadline, "MLflow has not begun to log");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
