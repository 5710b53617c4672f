/**
 * The commands whose reads fail, and what must hold whatever they could not read.
 *
 * @module
 */

import { join } from "@std/path";
import { backup } from "../../tasks/backups/backup.ts";
import { type Tree, treeDifferences } from "../_support/tree.ts";
import { backupsIn, type Case, look, type Moment, openCase, settle, untidiness } from "./case.ts";
import { bringBack } from "./judge.ts";
import type { Program, Ran } from "./program.ts";
import { differences, exactly, type Expected } from "./promise.ts";
import { scenarios, type Setup, type Tools } from "./scenarios.ts";

/** A case that is ready for a command whose reads are to fail. */
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

/** A command that reads. */
export interface ReadScenario {
  readonly name: string;
  readonly prepare: (one: Case, tools: Tools) => Promise<ReadSetup>;
}

/** What README says of exit codes. */
const CODES = [0, 1, 3, 4, 10, 11, 12, 13];

/** Those that only look, and those that change something. */
export const readScenarios: readonly ReadScenario[] = [
  planning("summary", [], noLessFound),
  planning("summary-sizes", ["summary", "--sizes"], noLessFound),
  planning("verify", [], noLessFound),
  planning("cleanup", [], noOtherAction),
  planning("prune", ["prune", "--days-old", "60"], noOtherAction),
  planning("repair", [], noOtherAction),
  { name: "verify-copy", prepare: prepareVerifyCopy },
  { name: "verify-damaged-copy", prepare: prepareVerifyDamagedCopy },
  ...scenarios.filter(({ task }) => task !== "training")
    .map(({ name, prepare }): ReadScenario => ({
      name: `apply-${name}`,
      prepare: async (one, tools) => {
        const setup = await prepare(one, tools);
        return { program: setup.program, judge: (ran) => judgeChange(one, setup, ran) };
      },
    })),
];

type Compare = (printed: unknown, healthy: unknown, codes: readonly number[]) => readonly string[];

function planning(name: string, words: readonly string[], compare: Compare): ReadScenario {
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

function parsed({ stdout }: Ran): unknown {
  try {
    return JSON.parse(stdout);
  } catch {
    return null;
  }
}

function saidWell({ code, signal, stderr }: Ran): readonly string[] {
  return [
    ...(signal === null && CODES.includes(code) ? [] : [`exit ${code}, ${signal}: ${stderr}`]),
    ...(/^\s+at .*:\d+:\d+|panicked/m.test(stderr) ? [`stack trace: ${stderr}`] : []),
    ...(code !== 0 && code !== 3 && stderr.trim() === "" ? [`exit ${code}, and not a word`] : []),
  ];
}

interface Printed {
  readonly actions?: readonly { readonly kind: string; readonly path: string }[];
  readonly findings?: readonly { readonly rule: string; readonly path: string }[];
}

/** What takes something away, or has it taken away later. */
const REMOVES = /^(soft-delete|purge|quarantine|drop|finish-stale|trim)/;

function noOtherAction(printed: unknown, healthy: unknown): readonly string[] {
  const keys = (from: unknown) =>
    ((from as Printed | null)?.actions ?? []).filter(({ kind }) => REMOVES.test(kind))
      .map(({ kind, path }) => `${kind} ${path}`);
  const known = new Set(keys(healthy));
  return keys(printed).filter((key) => !known.has(key)).map((key) => `only so planned: ${key}`);
}

/** Sound must not be called what is not. */
function noLessFound(
  _printed: unknown,
  _healthy: unknown,
  [code, wanted]: readonly number[],
): readonly string[] {
  return code === 0 && wanted !== 0 ? [`exit 0 instead of ${wanted}`] : [];
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
