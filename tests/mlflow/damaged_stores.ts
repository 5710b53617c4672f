/**
 * What real MLflow makes of damaged stores.
 *
 * @module
 */

import { join } from "@std/path";
import { type Damage, layOutDamaged, layOutHealthy } from "../_support/damage.ts";
import { DAMAGES } from "../_support/damages.ts";
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
  const place = await Deno.makeTempDir({ prefix: "mltidy-" });
  try {
    const stores: Record<string, string> = {};
    for (const base of BASES) {
      stores[base] = join(place, base, "mlruns");
      layOutHealthy(stores[base], base);
    }
    for (const [index, damage] of damages.entries()) {
      stores[damage.name] = layOutDamaged(join(place, String(index)), damage);
    }
    const answers = await askStores(version, stores, place);
    return damages.map((damage) => {
      const base = damage.base ?? "2.22";
      return judge(damage, answers[damage.name]!, answers[base]!);
    });
  } finally {
    await Deno.remove(place, { recursive: true });
  }
}

/**
 * Asks MLflow about stores; it changes them.
 *
 * @param version The version of MLflow.
 * @param stores The roots, each by a name.
 * @param place A directory of the caller's own.
 * @returns What it says of each, comparable with one another: each root is called `/ROOT`.
 */
export async function askStores(
  version: MlflowVersion,
  stores: Readonly<Record<string, string>>,
  place: string,
): Promise<Readonly<Record<string, Answer>>> {
  const list = join(place, "list.json");
  await Deno.writeTextFile(list, JSON.stringify(stores));
  const answers = await runPython(version, "ask_damaged.py", [list]) as Record<string, Answer>;
  return Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [name, withoutPlace(answer, stores[name]!)]),
  );
}

/** What one store says, comparable with what another does. */
function withoutPlace(answer: Answer, root: string): Answer {
  return JSON.parse(JSON.stringify(answer).replaceAll(root, "/ROOT"));
}

function judge(damage: Damage, answer: Answer, healthy: Answer): Judgement {
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
