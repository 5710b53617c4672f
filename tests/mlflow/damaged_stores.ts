/**
 * What real MLflow makes of damaged stores.
 *
 * @module
 */

import { join } from "@std/path";
import { type Damage, layOutDamaged, layOutHealthy } from "../_support/damage.ts";
import { DAMAGES } from "../_support/damages.ts";
import { tempDirectory } from "../_support/temp_directory.ts";
import { doRemedies } from "./do_remedies.ts";
import { type MlflowVersion, runPython } from "./python.ts";

/** What MLflow does where something is broken. */
export type Verdict =
  /** A listing or a search raises, or a healthy run cannot be opened. */
  | "error"
  /** It warns, hides what is there, or refuses the broken thing alone. */
  | "warning"
  /** None of that. */
  | "silent";

/** What a version of MLflow makes of a damage. */
export interface Judgement {
  readonly damage: Damage;
  /** Absolute path of the damaged store, as MLflow has left it. */
  readonly verdict: Verdict;
  /** Whether a migration stops or leaves something behind; `null` where there is none (MLflow 2). */
  readonly stumbles: boolean | null;
  /** What it said. */
  readonly why: string;
  /** What it showed of the damaged store, and no longer does once its remedies are done. */
  readonly lost: readonly string[];
  /** What it raises once the remedies are done, and did not before. */
  readonly broken: readonly string[];
}

/** What `ask_damaged.py` says of one store. */
export interface Answer {
  readonly raised: Readonly<Record<string, string>>;
  readonly refused: Readonly<Record<string, string>>;
  readonly warned: readonly string[];
  readonly shown: Readonly<Record<string, unknown>>;
  readonly migration: null | {
    readonly aborted: string | null;
    readonly warned: readonly string[];
    readonly shown: Readonly<Record<string, unknown>>;
  };
  readonly gc: string | null;
}

/** Lost with the damage: what is mended shows otherwise, and better so. */
export const CORRECTED: Readonly<Record<string, RegExp>> = {
  // The misread end of a torn line was shown as a point.
  "metric-line-torn": /metrics\/val\/loss|val\/loss\//,
  // Two points were shown as one.
  "metric-lines-joined": /metrics\/val\/loss|val\/loss\//,
  "metric-time-joined": /\/(timestamp|\d\/0)$/,
  "logged-model-metric-lines-joined": /\/metrics\/0\//,
  // An integer, a date or nothing was shown for a text.
  "value-of-wrong-type": /name$|runName$|user_id$|user$|digest$/i,
  "logged-model-value-of-wrong-type": /name$/,
  "experiment-name-missing": /name$/,
  "experiment-location-missing": /location$/,
  "stale-run": /info\/(status|end_time)$/,
  "stage-disagrees-with-location": /^experiments\//,
  "duplicate-experiment-name": /\/name$/,
  "run-artifact-uri-missing": /artifact_uri$/,
  "run-artifacts-moved": /artifact_uri$/,
  "experiment-location-moved": /location$/,
  "logged-model-artifacts-moved": /artifact_location$/,
  "model-source-moved": /\/source$/,
  "trace-artifacts-moved": /artifactLocation$/,
  "location-relative": /location$|artifact_uri$/,
  "everything-moved": /location$|artifact_uri$|artifactLocation$|\/source$/i,
  // An editor's file was shown as a tag.
  "stray-file-among-keys": /tags\/\.note\.swp$|\/\.ipynb_checkpoints\//,
};

/** How far MLflow goes: each does what is named before it, too. */
export type Asked =
  /** It lists, searches and opens. */
  | "reading"
  /** It logs, deletes and restores. */
  | "changing"
  /** It migrates, as far as it can, and collects garbage. */
  | "all";

/** The stores that get damaged. */
export const BASES = ["2.22", "3.17"] as const;

/**
 * Asks MLflow about every damage, each in a store of its own.
 *
 * @param version The version of MLflow.
 * @param asked The damages.
 * @returns What it makes of each that it can meet.
 */
export async function judgeDamages(
  version: MlflowVersion,
  asked: readonly Damage[] = DAMAGES,
): Promise<readonly Judgement[]> {
  const isThree = version.name.startsWith("3.");
  const damages = asked.filter(({ onlyMlflow3 }) => isThree || !onlyMlflow3);
  // On the disk: which of two directories of one name MLflow meets first is up to the file system.
  await using directory = await tempDirectory();
  const place = directory.path;
  const stores: Record<string, string> = {};
  for (const base of BASES) {
    stores[base] = join(place, base, "mlruns");
    layOutHealthy(stores[base], base);
  }
  for (const [index, damage] of damages.entries()) {
    stores[damage.name] = layOutDamaged(join(place, String(index)), damage);
    const cured = layOutDamaged(join(place, `${index}-cured`), damage);
    if (await doRemedies(cured)) stores[`${CURED}${damage.name}`] = cured;
  }
  const answers = await askStores(
    version,
    stores,
    place,
    (name) => name.startsWith(CURED) ? "reading" : "all",
  );
  return damages.map((damage) => {
    const base = damage.base ?? "2.22";
    const answer = answers[damage.name]!;
    const cured = answers[`${CURED}${damage.name}`] ?? answer;
    return { ...judge(damage, answer, answers[base]!), ...lossesOf(answer, cured) };
  });
}

/**
 * Asks MLflow about stores; it changes them.
 *
 * @param version The version of MLflow.
 * @param stores The roots, each by a name.
 * @param place A directory of the caller's own.
 * @param asked How far it goes in each. @default {as far as it can}
 * @returns What it says of each, comparable with one another: each root is called `/ROOT`.
 */
export async function askStores(
  version: MlflowVersion,
  stores: Readonly<Record<string, string>>,
  place: string,
  asked: (name: string) => Asked = () => "all",
): Promise<Readonly<Record<string, Answer>>> {
  const list = join(place, "list.json");
  const questions = Object.entries(stores)
    .map(([name, root]) => ({ name, root, asked: asked(name) }));
  await Deno.writeTextFile(list, JSON.stringify(questions));
  const answers = await runPython(version, "ask_damaged.py", [list]) as Record<string, Answer>;
  return Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [name, withoutPlace(answer, stores[name]!)]),
  );
}

/** What one store says, comparable with what another does. */
function withoutPlace(answer: Answer, root: string): Answer {
  return JSON.parse(JSON.stringify(answer).replaceAll(root, "/ROOT"));
}

/** Asked only what they show. */
const CURED = "cured: ";

function lossesOf(before: Answer, after: Answer): Pick<Judgement, "lost" | "broken"> {
  // What is listed twice is to be listed once: under two stages, or as another one's copy.
  const shown = (answer: Answer) =>
    Object.entries(answer.shown).map(([path, value]) =>
      [path.replace(/^experiments\/\d\//, "experiments/"), value] as const
    );
  const left = new Map(shown(after).map(([path, value]) => [`${path} ${value}`, true]));
  const lost = shown(before)
    .filter(([path, value]) => !left.has(`${path} ${value}`) && !path.includes(" again"))
    .map(([path, value]) => `${path} was ${value}, and is ${after.shown[path]}`);
  return { lost, broken: newIn(after.raised, before.raised) };
}

function judge(
  damage: Damage,
  answer: Answer,
  healthy: Answer,
): Omit<Judgement, "lost" | "broken"> {
  const { victims = [], changes = /^$/ } = damage;
  const raised = newIn(answer.raised, healthy.raised);
  const refused = newIn(answer.refused, healthy.refused);
  const healthyRefused = refused.filter((what) =>
    what.startsWith("get_run(") && !victims.some((id) => what.includes(id))
  );
  const hidden = Object.keys(healthy.shown)
    .filter((path) => answer.shown[path] !== healthy.shown[path] && !changes.test(path));
  const twice = Object.keys(answer.shown).filter((path) => path.includes(" again"));
  const gc = healthy.gc === null && answer.gc !== null ? [answer.gc] : [];
  const errors = [...raised, ...healthyRefused];
  const warnings = [...answer.warned, ...refused, ...hidden, ...twice, ...gc];
  return {
    damage,
    verdict: errors.length > 0 ? "error" : warnings.length > 0 ? "warning" : "silent",
    stumbles: stumbles(answer, healthy, changes),
    why: [...errors, ...warnings, answer.migration?.aborted, ...answer.migration?.warned ?? []]
      .slice(0, 3).join("; "),
  };
}

function newIn(found: Answer["raised"], known: Answer["raised"]): readonly string[] {
  return Object.keys(found).filter((what) => !(what in known));
}

function stumbles({ migration }: Answer, healthy: Answer, changes: RegExp): boolean | null {
  if (migration === null || healthy.migration === null) return null;
  if (migration.aborted !== null || migration.warned.length > 0) return true;
  return Object.entries(healthy.migration.shown).some(([what, before]) => {
    const after = migration.shown[what];
    if (changes.test(what)) return false;
    return typeof before === "number" ? Number(after ?? 0) < before : after !== before;
  });
}
