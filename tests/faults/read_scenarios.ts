/**
 * The commands whose reads fail, and what must hold whatever they could not read.
 *
 * @module
 */

import { join } from "@std/path";
import { backup } from "../../tasks/backups/backup.ts";
import { type Tree, treeDifferences } from "../_support/tree.ts";
import {
  backupsIn,
  type Case,
  keep,
  look,
  type Moment,
  openCase,
  putBack,
  settle,
  untidiness,
  writeCase,
} from "./case.ts";
import { databaseReads } from "./database_reads.ts";
import { bringBack } from "./judge.ts";
import type { Program, Ran } from "./program.ts";
import { differences, exactly, type Expected } from "./promise.ts";
import { type Compare, noLessFound, noOtherAction, parsed, saidWell } from "./printed.ts";
import { scenarios, type Setup, type Tools } from "./scenarios.ts";
import type { SubjectOptions } from "./subject.ts";

/** A command that is ready, and whose reads are to fail. */
export interface ReadSetup {
  readonly program: Program;
  /**
   * Says what is wrong.
   *
   * @param ran How the command ended.
   * @param healthy How it ends when nothing fails.
   */
  readonly judge: (ran: Ran, healthy: Ran) => Promise<readonly string[]>;
}

/** The same on a store that can be put back, whatever kind of store it is. */
export interface ReadSubject extends ReadSetup {
  /** Absolute path of the directory that has the store and what lies beside it. */
  readonly place: string;
  /** Where strace may write. */
  readonly log: string;
  /** Puts the store back to how the command finds it. */
  readonly putBack: () => Promise<void>;
}

/** A command that reads. */
export interface ReadScenario {
  readonly name: string;
  /** What `--tasks` selects it by, together with others. */
  readonly task?: string;
  readonly prepare: (options: SubjectOptions) => Promise<ReadSubject>;
}

/** Those that only look, and those that change something. */
export const readScenarios: readonly ReadScenario[] = [
  ...([
    planning("summary", [], noLessFound),
    planning("summary-sizes", ["summary", "--sizes"], noLessFound),
    planning("verify", [], noLessFound),
    planning("cleanup", [], noOtherAction),
    planning("prune", ["prune", "--days-old", "60"], noOtherAction),
    planning("repair", [], noOtherAction),
    { name: "verify-copy", prepare: prepareVerifyCopy },
    { name: "verify-damaged-copy", prepare: prepareVerifyDamagedCopy },
    ...scenarios.filter(({ task }) => task !== "training")
      .map(({ name, prepare }): CaseScenario => ({
        name: `apply-${name}`,
        prepare: async (one, tools) => {
          const setup = await prepare(one, tools);
          return { program: setup.program, judge: (ran) => judgeChange(one, setup, ran) };
        },
      })),
  ] satisfies readonly CaseScenario[]).map(ofCase),
  ...databaseReads,
];

interface CaseScenario {
  readonly name: string;
  readonly prepare: (one: Case, tools: Tools) => Promise<ReadSetup>;
}

function ofCase({ name, prepare }: CaseScenario): ReadScenario {
  return {
    name,
    async prepare({ directory, seed, program }) {
      const log = join(directory, "trace");
      const one = writeCase(directory, seed);
      const setup = await prepare(one, { seed, log, program });
      await keep(one);
      return { ...setup, place: one.place, log, putBack: () => putBack(one) };
    },
  };
}

function planning(name: string, words: readonly string[], compare: Compare): CaseScenario {
  return {
    name,
    async prepare(one, { program }) {
      const before = await look(one);
      const typed = words.length === 0 ? [name] : words;
      return {
        program: program(...typed, "--json", "--store", one.root),
        async judge(ran, healthy) {
          const after = await look(one);
          return [
            ...saidWell(ran),
            ...treeDifferences(after.tree, before.tree).map((line) => `changed: ${line}`),
            ...treeDifferences(after.own, before.own).map((line) => `changed of ours: ${line}`),
            ...compare(parsed(ran), parsed(healthy), [ran.code, healthy.code]),
          ];
        },
      };
    },
  };
}

async function prepareVerifyCopy(one: Case, { program }: Tools): Promise<ReadSetup> {
  await using store = await openCase(one);
  await backup(store);
  const { own } = await look(one);
  return {
    program: program("backup", "--verify", "--json", "--store", one.root),
    judge: async (ran) => [
      ...saidWell(ran),
      ...treeDifferences((await look(one)).own, own).map((line) => `changed: ${line}`),
    ],
  };
}

async function prepareVerifyDamagedCopy(one: Case, tools: Tools): Promise<ReadSetup> {
  const { program, judge } = await prepareVerifyCopy(one, tools);
  const { own } = await look(one);
  const [file = ""] = [...own].filter(([path, entry]) =>
    /^backups\/[^/]+\/files\/.*\/params\//.test(path) && entry.kind === "file"
  ).map(([path]) => path);
  Deno.removeSync(join(one.root, ".mltidy.trash", file));
  return {
    program,
    judge: async (ran, healthy) => [
      ...(await judge(ran, healthy)).filter((line) => !line.startsWith("changed")),
      ...(ran.code === 0 ? ["it called a damaged copy sound"] : []),
    ],
  };
}

/** Nothing but what was promised has happened, and all that was there can be brought back. */
async function judgeChange(one: Case, setup: Setup, ran: Ran): Promise<readonly string[]> {
  const wrong = [...saidWell(ran)];
  const blame = (what: string, lines: readonly string[]) =>
    wrong.push(...lines.slice(0, 6).map((line) => `${what}: ${line}`));
  const timeless = [...setup.timeless ?? [], "mlruns"];
  const from = (after: Moment, expected: ReturnType<Setup["promises"]>) =>
    differences(after, { ...expected, timeless: new Set([...expected.timeless, ...timeless]) });
  await settle(one);
  const after = await look(one);
  const ways = [
    from(after, exactly(setup.before)),
    from(after, setup.promises(after, null)),
    ...[setup.partly, setup.each].flatMap((part) =>
      part === undefined
        ? []
        : [from(after, part(after)), from(after, withFewerEdits(part(after), setup.before, after))]
    ),
  ];
  // Of a copy that cannot all be read, all else comes back, and what does not is named.
  if (ran.code === 4 && setup.undo !== undefined) {
    const { tree, timeless: own } = setup.promises(after, null);
    const untimed = new Set([...own, ...setup.undo.timeless]);
    ways.push(from(after, { tree, timeless: untimed }).filter(isUnnamed(ran)));
  }
  if (ways.every((way) => way.length > 0)) {
    blame("neither as before nor as promised", ways.at(-1)!);
  }
  blame("untidy", untidiness(one).filter((line) => !line.startsWith("README")));
  if (setup.checkBackups !== undefined) {
    blame("backups", await setup.checkBackups(one, after));
    if (ran.code === 0) blame("not in the copy", lackedBy(after, setup.before));
  }
  if (setup.original !== null && (ways[0]!.length === 0 || setup.isUndoable)) {
    const isThere = from(after, exactly(setup.original)).length === 0;
    const back = isThere ? after : await bringBack(one, setup, after);
    blame(
      "lost",
      from(back, { ...exactly(setup.original), timeless: setup.undo?.timeless ?? NONE }),
    );
  }
  return wrong;
}

/** Of the edits of one record those are left out for which not all that speaks for them could be read. */
function withFewerEdits(promised: Expected, before: Moment, after: Moment): Expected {
  const contentOf = (tree: Tree, path: string) => {
    const entry = tree.get(path);
    return entry?.kind === "file" ? entry.content : null;
  };
  const tree = new Map([...promised.tree].map(([path, entry]) => {
    const [old, found] = [contentOf(before.tree, path), contentOf(after.tree, path)];
    if (entry.kind !== "file" || old === null || found === null) return [path, entry];
    const known = new Set([...old.split("\n"), ...entry.content.split("\n")]);
    return [
      path,
      found.split("\n").every((line) => known.has(line)) ? { ...entry, content: found } : entry,
    ];
  }));
  return { ...promised, tree };
}

/** Tells of which differences a command has said nothing: all but what is missing and was named. */
function isUnnamed({ stdout }: Ran): (line: string) => boolean {
  return (line) => {
    const [, path] = /^mlruns\/(.*): missing$/s.exec(line) ?? [];
    const parts = path?.split("/") ?? [];
    const above = parts.map((_, index) => parts.slice(0, index + 1).join("/"));
    return !above.some((one) => stdout.includes(JSON.stringify(one)));
  };
}

const NONE: ReadonlySet<string> = new Set();

/** What the new copies have not of what was in the store. */
function lackedBy(after: Moment, before: Moment): readonly string[] {
  const made = backupsIn(after).filter((place) => !backupsIn(before).includes(place));
  return made.flatMap((place) =>
    [...before.tree].filter(([path]) => path.startsWith("mlruns/"))
      .map(([path]) => path.slice("mlruns/".length))
      .filter((path) => !after.own.has(`${place}/files/${path}`))
  );
}
