/**
 * Running `completions`: what a shell completes command lines by, and, when one asks, the ids that it completes.
 *
 * @module
 */

import { visibleText } from "../../../../lib/text/terminal_text.ts";
import type { Store } from "../../../ports/store.ts";
import { listBackups } from "../../../backups/list_backups.ts";
import { bashScript } from "../../completions/bash.ts";
import { completedTasks, type ValueKind } from "../../completions/completed.ts";
import { fishScript } from "../../completions/fish.ts";
import { zshScript } from "../../completions/zsh.ts";
import { chooseBackups } from "../../choose/choose_backups.ts";
import { ExitCode } from "../../table/exit_code.ts";
import type { TaskCommand } from "../../table/task_table.ts";
import { UsageError } from "../../table/usage_error.ts";
import type { World } from "../../world.ts";
import { openConfigured } from "../open.ts";

type Command = Extract<TaskCommand, { task: "completions" }>;

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };

/**
 * Runs `completions`.
 *
 * @param command The parsed command.
 * @param world What it needs of the world.
 * @returns The exit code.
 */
export async function runCompletions(
  { options, operand }: Command,
  world: World,
): Promise<ExitCode> {
  const { values } = options;
  if (values !== null) {
    world.print(await valuesText(values, options, world));
    return ExitCode.done;
  }
  const shell = (["bash", "zsh", "fish"] as const).find((one) => one === operand);
  if (shell === undefined) {
    throw new UsageError(
      operand === null
        ? "Missing argument of completions: expected deno task completions bash, zsh or fish"
        : `Unknown shell "${operand}": expected bash, zsh or fish`,
    );
  }
  world.print(SCRIPTS[shell](completedTasks()));
  return ExitCode.done;
}

/** Longer nobody waits for a key. */
const PATIENCE = 3_000;
/** More nobody reads. */
const MOST = 200;
/** What a shell takes as it stands, whatever somebody has called something. */
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Where there is no store, or it takes too long, nothing is completed. */
async function valuesText(
  kind: ValueKind,
  options: Command["options"],
  world: World,
): Promise<string> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  try {
    await using opened = await openConfigured({ ...options, quiet: true }, {
      ...world,
      say: () => {},
    });
    const { directory } = world;
    const place = chooseBackups({ flag: options.backups, chosen: opened.chosen, directory });
    const found = await valuesOf(opened.store, { kind, place, signal: stop.signal });
    return found.filter(([value]) => PLAIN.test(value) && value.startsWith(options.prefix ?? ""))
      .slice(0, MOST).map(([value, about]) => `${value} ${visibleText(about)}\n`).join("");
  } catch {
    return "";
  } finally {
    clearTimeout(timer);
  }
}

interface Wanted {
  readonly kind: ValueKind;
  /** Where backups lie, if that is not the store. */
  readonly place: string | null;
  readonly signal: AbortSignal;
}

type Value = readonly [value: string, about: string];

async function valuesOf(store: Store, { kind, place, signal }: Wanted): Promise<readonly Value[]> {
  if (kind === "backups") {
    const elsewhere = store.backups?.elsewhere === true && place !== null;
    const { backups } = await listBackups(
      store,
      elsewhere ? { backups: place, signal } : { signal },
    );
    return backups.map((one): Value => [one.id, one.kind === "change" ? one.task : one.kind]);
  }
  const { experiments } = await store.read({ depth: "meta", isReport: true, signal });
  const ofExperiments = experiments.flatMap(({ id, name }): Value[] => [
    ...(PLAIN.test(name) && name !== id ? [[name, `experiment ${id}`] as const] : []),
    [id, `experiment ${name}`],
  ]);
  if (kind === "experiments") return ofExperiments;
  const ofRuns = experiments.flatMap(({ name, runs }) => runs.map((run) => ({ run, name })))
    .toSorted((left, right) => right.run.startTime - left.run.startTime)
    .map(({ run, name }): Value => [run.id, `${run.name} of ${name}`]);
  return kind === "runs" ? ofRuns : [...ofExperiments, ...ofRuns];
}
