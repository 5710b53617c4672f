/**
 * The commands that read a database, its log, its copies and its artifacts, and what must hold whatever they could not
 * read.
 *
 * @module
 */

import { join } from "@std/path";
import { backup } from "../../tasks/backups/backup.ts";
import { listBackups } from "../../tasks/backups/list_backups.ts";
import { verifyBackups } from "../../tasks/backups/verify_backups.ts";
import { openStore } from "../../tasks/open_store.ts";
import { readTree } from "../_support/tree.ts";
import {
  copyTree,
  DAMAGE,
  databaseScenarios,
  differences,
  execute,
  look,
  writeDatabaseCase,
} from "./database_scenarios.ts";
import {
  type Compare,
  noLessFound,
  noOtherAction,
  nothingConcealed,
  parsed,
  saidWell,
} from "./printed.ts";
import type { Ran } from "./program.ts";
import type { ReadScenario, ReadSetup } from "./read_scenarios.ts";
import type { SubjectOptions } from "./subject.ts";

interface DatabaseCase {
  readonly place: string;
  /** Absolute path of the database's file. */
  readonly path: string;
  /** Makes a command line for that store. */
  readonly program: SubjectOptions["program"];
}

/** Those that only look, and those that change something. */
export const databaseReads: readonly ReadScenario[] = [
  ofDatabase("summary", planning(["summary", "--sizes"], noLessFound, DAMAGE)),
  ofDatabase("verify", planning(["verify"], nothingConcealed, DAMAGE)),
  ofDatabase("cleanup", planning(["cleanup"], noOtherAction)),
  ofDatabase("prune", planning(["prune", "--days-old", "30"], noOtherAction)),
  ofDatabase("repair", planning(["repair"], noOtherAction, DAMAGE)),
  ofDatabase("backup", prepareBackup),
  ofDatabase("verify-copy", prepareVerifyCopy),
  ofDatabase("verify-damaged-copy", prepareVerifyDamagedCopy),
  ...databaseScenarios.map(({ name, prepare }): ReadScenario => ({
    name: `apply-${name}`,
    task: "database",
    async prepare(options) {
      const subject = await prepare(options);
      const judge = async (ran: Ran) => [...saidWell(ran), ...await subject.judgeReads(ran)];
      return { ...subject, judge };
    },
  })),
];

function ofDatabase(
  name: string,
  prepare: (one: DatabaseCase) => Promise<ReadSetup>,
): ReadScenario {
  return {
    name: `database-${name}`,
    task: "database",
    async prepare({ directory, seed, program }) {
      const [place, kept] = [join(directory, "case"), join(directory, "kept")] as const;
      const path = writeDatabaseCase(place, seed);
      const onStore: DatabaseCase["program"] = (...words) => program(...words, "--store", path);
      const setup = await prepare({ place, path, program: onStore });
      await copyTree(place, kept);
      const putBack = () => copyTree(kept, place);
      return { ...setup, place, log: join(directory, "trace"), putBack };
    },
  };
}

function planning(
  words: readonly string[],
  compare: Compare,
  damage?: string,
): (one: DatabaseCase) => Promise<ReadSetup> {
  return async ({ place, path, program }) => {
    if (damage !== undefined) execute(path, damage);
    const before = await look(place);
    return {
      program: program(...words, "--json"),
      judge: async (ran, healthy) => [
        ...saidWell(ran),
        ...compare(parsed(ran), parsed(healthy), [ran.code, healthy.code]),
        ...differences(await look(place), before).map((line) => `changed: ${line}`),
        ...await ourOwn(place),
      ],
    };
  };
}

/** What a command has made that only looks. */
async function ourOwn(place: string): Promise<readonly string[]> {
  const names = [...(await readTree(place)).keys()];
  return names.filter((name) => name.startsWith("mlflow.db.mltidy")).map((name) => `made: ${name}`);
}

async function prepareBackup({ place, path, program }: DatabaseCase): Promise<ReadSetup> {
  const before = await look(place);
  return {
    program: program("backup", "--json"),
    async judge(ran) {
      await using store = await openStore(`sqlite:///${path}`);
      const { backups } = await listBackups(store);
      const { checks } = await verifyBackups(store);
      const made = ran.code === 0 ? 1 : backups.length;
      return [
        ...saidWell(ran),
        ...differences(await look(place), before).map((line) => `changed: ${line}`),
        ...(backups.length === made ? [] : [`${backups.length} copies with exit code ${ran.code}`]),
        ...checks.flatMap(({ faults }) => faults).map((fault) =>
          `listed, and not sound: ${JSON.stringify(fault)}`
        ),
      ];
    },
  };
}

async function prepareVerifyCopy({ place, path, program }: DatabaseCase): Promise<ReadSetup> {
  await using store = await openStore(`sqlite:///${path}`);
  await backup(store);
  const before = await look(place);
  return {
    program: program("backup", "--verify", "--json"),
    judge: async (ran) => [
      ...saidWell(ran),
      ...differences(await look(place), before).map((line) => `changed: ${line}`),
    ],
  };
}

async function prepareVerifyDamagedCopy(one: DatabaseCase): Promise<ReadSetup> {
  const { program, judge } = await prepareVerifyCopy(one);
  const own = `${one.path}.mltidy`;
  const copied = [...await readTree(own)].filter(([path, { kind }]) =>
    path.startsWith("backups/") && path.endsWith("/mlflow.db") && kind === "file"
  );
  for (const [path] of copied) {
    using file = Deno.openSync(join(own, path), { write: true });
    file.seekSync(-100, Deno.SeekMode.End);
    file.writeSync(new TextEncoder().encode("rotten"));
  }
  if (copied.length === 0) throw new Error("There is no copy to damage");
  return {
    program,
    judge: async (ran, healthy) => [
      ...await judge(ran, healthy),
      ...(ran.code === 0 ? ["it called a damaged copy sound"] : []),
    ],
  };
}
