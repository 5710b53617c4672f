// deno-lint-ignore-file no-console -- a skipped test says why.
/**
 * A database that another program keeps locked, or that lies where this account may not write. To be refused takes as
 * long as SQLite waits for a writer, so each is tried by a process of its own, all at once.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { DAY, deletedRun, experiment, run, runId } from "../_support/builders.ts";
import { commandOf, runTask, startTask } from "../_support/command.ts";
import { type TempDatabase, tempDatabase } from "../_support/database_store.ts";
import { isLong } from "../_support/depth.ts";
import { hasSetpriv } from "../_support/other_rights.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";
import { bundleScript } from "./program.ts";

const now = Date.now();

/** A run to delete, and one to purge. */
function database(): Promise<TempDatabase> {
  const old = { startTime: now - 101 * DAY, endTime: now - 100 * DAY };
  const runs = [
    run({ id: runId(1), ...old }),
    deletedRun({ id: runId(2), deletedTime: now - 90 * DAY }),
  ];
  const experiments = [
    experiment({ id: "1", name: "churn", runs }),
    experiment({ id: "2", name: "next" }),
  ];
  return tempDatabase({ experiments }, { artifacts: true, onDisk: true });
}

const contents = ({ directory }: TempDatabase) =>
  readTree(directory, { except: ["mlflow.db.mltidy"] });

const LOCKED: readonly (readonly [lock: string, task: string, ...words: readonly string[]])[] = [
  ["BEGIN EXCLUSIVE", "cleanup"],
  ["BEGIN EXCLUSIVE", "summary"],
  ["BEGIN IMMEDIATE", "cleanup:apply", "--force"],
  ["BEGIN IMMEDIATE", "restore", "--last"],
  ["BEGIN IMMEDIATE", "repair:apply", "--force"],
];

Deno.test({
  name: "a database that another program writes to for seconds ends with 11, and nothing changes",
  ignore: !isLong,
  fn: async () => {
    await Promise.all(LOCKED.map(async ([lock, task, ...words]) => {
      await using store = await database();
      const type = (task: string, ...words: readonly string[]) =>
        runTask(task, [...words, "--store", store.uri]);
      if (task === "restore") assertEquals((await type("cleanup:apply", "--force")).code, 0);
      if (task === "repair:apply") {
        store.execute("INSERT INTO tags VALUES ('a', 'b', '00000000000000000000000000000009')");
      }
      const before = await contents(store);
      {
        using writer = new DatabaseSync(store.path);
        writer.exec(lock);
        const { code, err } = await startTask(task, [...words, "--store", store.uri]);
        writer.exec("ROLLBACK");
        assertEquals([task, code], [task, 11], err);
        assertStringIncludes(err, "a program is writing to it; try again once it is done", task);
      }
      assertSameTree(await contents(store), before);
      // Nor is anything left of it that has to be settled.
      const again = await type(task, ...words);
      assertEquals([task, again.code], [task, 0], again.err);
    }));
  },
});

const canBecome = isLong && await hasSetpriv();
if (isLong && !canBecome) console.error("Skipping other accounts: they take root and setpriv");

const CLOSED: readonly (readonly [directory: number, file: number, says: string])[] = [
  [0o755, 0o666, "this account may not write in "],
  [0o777, 0o644, "let this account write to "],
];

Deno.test({
  name:
    "who may not write beside a database, or to it, plans all the same, and is told why he may not apply",
  ignore: !canBecome,
  fn: async () => {
    await using home = await database();
    const deno = join(home.directory, "deno");
    const program = join(home.directory, "cli.js");
    Deno.copyFileSync(Deno.execPath(), deno);
    Deno.mkdirSync(join(home.directory, "cache"));
    for (const path of [home.directory, deno]) Deno.chmodSync(path, 0o755);
    Deno.chmodSync(join(home.directory, "cache"), 0o777);
    assertEquals(await bundleScript("tasks/cli.ts", program), null);
    Deno.chmodSync(program, 0o644);
    await Promise.all(CLOSED.map(async ([directory, file, says]) => {
      await using store = await database();
      Deno.chmodSync(store.directory, directory);
      Deno.chmodSync(store.path, file);
      const before = await readTree(store.directory);
      const type = async (task: string, ...words: readonly string[]) => {
        const command = commandOf(task);
        const own = command.slice(command.indexOf("tasks/cli.ts") + 1);
        const { code, stderr } = await new Deno.Command("setpriv", {
          args: [
            ...["--reuid", "5001", "--regid", "5001", "--clear-groups"],
            ...[deno, "run", "-A", "--no-config", program, ...own, ...words, "--store", store.uri],
          ],
          env: { DENO_DIR: join(home.directory, "cache"), NO_COLOR: "1" },
          cwd: home.directory,
        }).output();
        return { code, err: new TextDecoder().decode(stderr) };
      };
      const [plan, apply] = await Promise.all([type("cleanup"), type("cleanup:apply", "--force")]);
      assertEquals(plan.code, 0, plan.err);
      assertEquals(apply.code, 10, apply.err);
      assertStringIncludes(apply.err, says);
      assertStringIncludes(apply.err, "nothing was touched");
      assertSameTree(await readTree(store.directory), before);
    }));
  },
});
