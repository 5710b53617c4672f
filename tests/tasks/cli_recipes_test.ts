/**
 * Recipes of the page, on a directory and on a database: what it shows is written and typed as it stands there.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "@std/path";
import { DatabaseSync } from "node:sqlite";
import { DAY, experiment, run, runId, type SnapshotInit } from "../_support/builders.ts";
import { PROJECT, type Ran, runTask } from "../_support/command.ts";
import { tempDatabase } from "../_support/database_store.ts";
import { diskStore, writeFiles } from "../_support/disk_store.ts";
import { startMlflowDouble } from "../_support/mlflow_double.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

/** Where a store is, and what of it lies on the disk: its runs, or their artifacts. */
interface Place extends AsyncDisposable {
  readonly where: string;
  readonly root: string;
}

const kinds: readonly (readonly [string, (init: SnapshotInit) => Promise<Place>])[] = [
  ["a directory", async (init) => {
    const store = await diskStore(init);
    const { root } = store;
    for (const { path, extras, endTime } of init.experiments?.flatMap(({ runs }) => runs) ?? []) {
      for (const [key, { latest }] of extras?.metrics ?? []) {
        writeFiles(root, { [`${path}/metrics/${key}`]: `${endTime} ${latest} 0\n` });
      }
    }
    return { where: root, root, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
  }],
  ["a database", async (init) => {
    const store = await tempDatabase(init, { artifacts: true });
    const { uri: where, artifacts: root } = store;
    return { where, root, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
  }],
];

/** The file that a section of the page has written, and the commands that it has typed. */
function recipe(heading: string): { readonly yaml: string; readonly lines: readonly string[] } {
  const [, section = ""] = Deno.readTextFileSync(`${PROJECT}/tasks/README.md`)
    .split(`## ${heading}\n`);
  const [, yaml = ""] = /^```yaml\n(.*?)^```$/ms.exec(section) ?? [];
  const [, block = ""] = /^```sh\n(.*?)^```$/ms.exec(section) ?? [];
  return { yaml, lines: block.trimEnd().split("\n") };
}

/** Writes the file of a recipe beside a store, and types its commands. */
function typist({ where, root }: Place, heading: string) {
  const { yaml, lines } = recipe(heading);
  const [, name = ""] = /^# ~\/project\/(\S+)$/m.exec(yaml) ?? [];
  const file = join(dirname(root), name);
  Deno.writeTextFileSync(file, yaml);
  const commands = lines.map((line) =>
    line.replace(`~/project/${name}`, file).replace("~/project/mlruns", where).split(" ").slice(2)
  );
  const type = async ([task = "", ...words]: readonly string[], ...more: readonly string[]) => {
    const force = task.endsWith(":apply") ? ["--force"] : [];
    const ran = await runTask(task, [...words, ...force, ...more]);
    assertEquals(ran.code, 0, `${ran.out}${ran.err}`);
    return ran;
  };
  return { commands, type };
}

const keptOf = ({ out }: Ran): readonly string[] =>
  JSON.parse(out).kept.map((
    { name, reasons }: { name: string; reasons: readonly { kind: string }[] },
  ) => `${name}: ${reasons.map(({ kind }) => kind).join(" + ")}`);
const actionsOf = ({ out }: Ran): readonly string[] =>
  JSON.parse(out).actions.map(({ kind, path }: { kind: string; path: string }) =>
    `${kind} ${path}`
  );

const now = Date.now();
const ended = (days: number) => ({ startTime: now - (days + 1) * DAY, endTime: now - days * DAY });
const extrasOf = (metrics: Readonly<Record<string, number>>) => ({
  metrics: new Map(
    Object.entries(metrics).map(([key, latest]) => [key, { latest, least: null, greatest: null }]),
  ),
  params: new Map(),
  inputs: [],
  heavy: [],
});

/** Five runs, the higher its number the better; the fifth is young, the first pinned. */
const STORE: SnapshotInit = {
  experiments: [
    experiment({ id: "0", name: "Default" }),
    experiment({
      id: "1",
      name: "churn",
      runs: [1, 2, 3, 4, 5].map((number) =>
        run({
          id: runId(number),
          name: `run-${number}`,
          ...ended(number === 5 ? 0.5 : 60 - number),
          tags: { "mlflow.user": "kim", ...number === 1 ? { "mltidy.pin": "" } : {} },
          extras: extrasOf({
            auc: [0.86, 0.88, 0.895, 0.92, 0.94][number - 1]!,
            loss: number === 2 ? 0.05 : 0.7,
          }),
        })
      ),
    }),
    experiment({ id: "2", name: "newest" }),
  ],
};

function writeCheckpoints(root: string): void {
  for (const number of [1, 2, 3, 4, 5]) {
    writeFiles(root, {
      [`1/${runId(number)}/artifacts/checkpoints/last.ckpt`]: `weights ${number}`,
      [`1/${runId(number)}/artifacts/plot.svg`]: "<svg/>",
      [`1/${runId(number)}/checkpoints/epoch=1.ckpt`]: `weights ${number} of Lightning`,
    });
  }
}

for (const [kind, open] of kinds) {
  Deno.test(`the page keeps runs above a threshold, in ${kind}`, async () => {
    await using place = await open(STORE);
    const { commands: [plan, ...more], type } = typist(place, "Runs above a threshold");
    assertEquals(more, []);
    const planned = await type(plan!, "--json");
    // The second by its loss; the third passes nothing.
    assertEquals(keptOf(planned).toSorted(), [
      "run-1: pinned",
      "run-2: keep-where",
      "run-4: keep-where",
      "run-5: ended-recently + keep-where + keep-last",
    ]);
    assertEquals(actionsOf(planned), [`soft-delete-run 1/${runId(3)}`]);
  });

  Deno.test(`the page lets heavy files go of all but the best, and gives them back, in ${kind}`, async () => {
    await using place = await open(STORE);
    const { root } = place;
    writeCheckpoints(root);
    const before = await readTree(root, { except: [".mltidy.trash"] });
    const { commands: [plan, apply, restore, ...more], type } = typist(place, "Heavy files");
    assertEquals(more, []);
    const planned = await type(plan!, "--json");
    assertEquals(
      actionsOf(planned),
      [2, 3].flatMap((number) => [
        `drop-artifact 1/${runId(number)}/artifacts/checkpoints/last.ckpt`,
        `drop-artifact 1/${runId(number)}/checkpoints/epoch=1.ckpt`,
      ]),
    );
    assertEquals(keptOf(planned).toSorted(), [
      "run-1: pinned",
      "run-2: artifacts-only",
      "run-3: artifacts-only",
      "run-4: keep-best",
      "run-5: ended-recently + keep-best",
    ]);
    const text = await type(plan!);
    assertStringIncludes(text.out, "Drop 4 heavy files of runs that stay: out of the store");
    assertStringIncludes(text.out, "2 of which only artifacts may go");
    await type(apply!);
    for (const number of [1, 2, 3, 4, 5]) {
      const isGone = number === 2 || number === 3;
      for (const name of ["artifacts/checkpoints/last.ckpt", "checkpoints/epoch=1.ckpt"]) {
        const path = join(root, "1", runId(number), name);
        assertEquals(await Deno.stat(path).then(() => false, () => true), isGone, path);
      }
      assert((await Deno.stat(join(root, "1", runId(number), "artifacts/plot.svg"))).isFile);
    }
    // What has gone is not missed by the next plan.
    assertEquals(actionsOf(await type(plan!, "--json")), []);
    await type(restore!);
    assertSameTree(await readTree(root, { except: [".mltidy.trash"] }), before);
    assertEquals(actionsOf(await type(plan!, "--json")).length, 4);
  });
}

/** As many points as a long training logs, the last two of the same step, and one that is none. */
function longMetric(count: number): readonly (readonly [number, string, number])[] {
  return Array.from({ length: count }, (_, step) => {
    const value = step === 700 ? "nan" : `${((step * 37) % 1_009) / 1_009}`;
    return [1_700_000_000_000 + step, value, Math.min(step, count - 2)];
  });
}

for (const [kind, open] of kinds) {
  Deno.test(`the page takes points out of long metrics, and gives each back, in ${kind}`, async () => {
    await using place = await open(STORE);
    const { root, where } = place;
    const isDatabase = kind === "a database";
    const points = longMetric(12_000);
    const idOf = (number: number) => runId(number);
    for (const number of [1, 2, 5]) {
      if (isDatabase) {
        using database = new DatabaseSync(where.replace("sqlite:///", ""));
        database.exec("BEGIN");
        const insert = database.prepare(
          "INSERT INTO metrics (run_uuid, key, timestamp, value, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)",
        );
        for (const [time, value, step] of points) {
          const isNan = value === "nan";
          insert.run(
            idOf(number),
            "sys/gpu 0",
            time,
            isNan ? 0 : Number(value),
            step,
            isNan ? 1 : 0,
          );
        }
        database.exec("COMMIT");
      } else {
        writeFiles(root, {
          [`1/${idOf(number)}/metrics/sys/gpu 0`]: points.map((one) => `${one.join(" ")}\n`).join(
            "",
          ),
        });
      }
    }
    const pointsOf = (number: number): readonly string[] => {
      if (!isDatabase) {
        return Deno.readTextFileSync(join(root, `1/${idOf(number)}/metrics/sys/gpu 0`)).trimEnd()
          .split("\n");
      }
      using database = new DatabaseSync(where.replace("sqlite:///", ""));
      return database.prepare(
        "SELECT * FROM metrics WHERE run_uuid = ? AND key = ? ORDER BY timestamp",
      )
        .all(idOf(number), "sys/gpu 0")
        .map((row) => `${row["timestamp"]} ${row["is_nan"] ? "nan" : row["value"]} ${row["step"]}`);
    };
    const all = pointsOf(2);
    assertEquals(all.length, 12_000);
    const before = isDatabase ? null : await readTree(root, { except: [".mltidy.trash"] });
    const { commands: [plan, apply, restore, ...more], type } = typist(place, "Long metrics");
    assertEquals(more, []);
    const planned = await type(plan!, "--json");
    assertEquals(actionsOf(planned), [`thin-metric 1/${idOf(2)}/metrics/sys/gpu 0`]);
    const text = (await type(plan!)).out;
    assertStringIncludes(text, "~ Thin 1 metric of runs that stay: some points go");
    assertStringIncludes(text, "12,000 points, 925 stay, ended 58 d ago, limit 30 d");
    assertStringIncludes(text, "Plan: 0 to soft-delete, 1 metric to thin, 0 to purge");
    const { blocks } = isDatabase
      ? { blocks: 0 }
      : Deno.statSync(join(root, `1/${idOf(2)}/metrics/sys/gpu 0`));
    assertStringIncludes((await type(apply!)).out, "Done: 1 thinned");
    if (!isDatabase) {
      const listed = await runTask("backup", ["--list", "--json", "--store", place.root]);
      const [{ files, bytes }] = JSON.parse(listed.out).backups;
      assertEquals({ files, bytes }, { files: 1, bytes: blocks! * 512 });
    }
    const left = pointsOf(2);
    assertEquals(left.length, 925);
    assertEquals(left.filter((one) => !all.includes(one)), []);
    const values = (lines: readonly string[]) =>
      lines.map((line) => Number(line.split(" ")[1])).filter((value) => !Number.isNaN(value));
    assertEquals([left[0], left.at(-1)], [all[0], all.at(-1)]);
    assertEquals(Math.min(...values(left)), Math.min(...values(all)));
    assertEquals(Math.max(...values(left)), Math.max(...values(all)));
    for (const number of [1, 5]) assertEquals(pointsOf(number), all);
    assertEquals(actionsOf(await type(plan!, "--json")), []);
    await type(restore!);
    assertEquals(pointsOf(2), all);
    if (before !== null) {
      assertSameTree(await readTree(root, { except: [".mltidy.trash"] }), before);
    }
  });
}

Deno.test("a plan that would take points where none can go is refused", async () => {
  await using server = await startMlflowDouble(STORE);
  const config = await Deno.makeTempFile({ suffix: ".yaml" });
  Deno.writeTextFileSync(config, recipe("Long metrics").yaml);
  const { code, err } = await runTask("cleanup", ["--config", config, "--store", server.uri]);
  assertEquals(code, 2, err);
  assertStringIncludes(err, "Cannot plan with purge.thin_metrics");
  Deno.removeSync(config);
});

Deno.test("what a trainer leaves beside artifacts/ is measured, and no orphan", async () => {
  await using store = await diskStore(STORE);
  writeCheckpoints(store.root);
  const { out } = await runTask("summary", ["--sizes", "--store", store.root, "--no-config"]);
  assertStringIncludes(
    out,
    "files that MLflow did not write, such as checkpoints beside artifacts/",
  );
  assertStringIncludes(out, "No orphans");
});
