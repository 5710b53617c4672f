/**
 * Training that goes on while the store is cleaned, copied and restored: nothing that MLflow was told is
 * logged may be missing afterwards.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { backup } from "../../tasks/backups/backup.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { openStore } from "../../tasks/open_store.ts";
import { tempStore } from "../_support/disk_store.ts";
import { rottenAt } from "../_support/rotten_store.ts";
import { testEachVersion } from "./each_version.ts";
import { runPython } from "./python.ts";

const ROUNDS = 20;

interface Logged {
  readonly status: "RUNNING" | "FINISHED";
  readonly params: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, readonly (readonly [number, number, number])[]>>;
}

testEachVersion("what is logged during clean-ups and backups is all there", async (version) => {
  await using place = await tempStore(rottenAt(Date.now()));
  const stop = join(place.outside, "stop");
  const training = runPython(version, "log_until.py", [place.root, "live", stop]);
  // Waited for below; until then a failure must not end the test before it can tell of it.
  training.catch(() => {});
  try {
    await using store = await openStore(place.root);
    await waitForRun(place.root);
    for (let round = 0; round < ROUNDS; round++) {
      const { report } = await cleanup(store, { apply: true });
      assertEquals([report?.complete, report?.totals.applied], [true, 5]);
      await backup(store, { scope: { kind: "metadata" } });
      assertEquals((await restore(store)).changes, 5);
    }
  } finally {
    Deno.writeTextFileSync(stop, "");
  }
  const logged = Object.entries(await training as Record<string, Logged>);
  assert(logged.length > 1);
  for (const [id, { status, params, metrics }] of logged) {
    const run = findRun(place.root, id);
    const read = (path: string) => Deno.readTextFileSync(join(run, path));
    if (status === "FINISHED") assertMatch(read("meta.yaml"), /^status: 3$/m);
    for (const [key, value] of Object.entries(params)) assertEquals(read(`params/${key}`), value);
    for (const [key, points] of Object.entries(metrics)) {
      const lines = read(`metrics/${key}`).trimEnd().split("\n");
      const found = new Set(lines.map((line) => line.split(" ").map(Number).join(" ")));
      assertEquals(points.map((point) => point.join(" ")).filter((point) => !found.has(point)), []);
    }
  }
});

function findRun(root: string, id: string): string {
  for (const { name } of Deno.readDirSync(root)) {
    const path = join(root, name, id);
    try {
      if (Deno.statSync(path).isDirectory) return path;
    } catch (error) {
      const isElsewhere = error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.NotADirectory;
      if (!isElsewhere) throw error;
    }
  }
  throw new Error(`Run ${id} is nowhere in the store`);
}

/** MLflow takes seconds to load; only then is there anything to disturb. */
async function waitForRun(root: string): Promise<void> {
  const isStarted = () => [...Deno.readDirSync(root)].some(({ name }) => /^\d{15,}$/.test(name));
  const deadline = Date.now() + 120_000;
  while (!isStarted()) {
    assert(Date.now() < deadline, "MLflow has not begun to log");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
