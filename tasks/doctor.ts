/**
 * The task `doctor`: what mltidy sees of a store, for whoever looks for a fault.
 *
 * @module
 */

import type { ExaminedPart, Fact } from "../lib/doctor/examination.ts";
import { errorMessage } from "../lib/errors.ts";
import { parseStoreName, placeOf } from "../lib/store/store_uri.ts";
import { hideCredentials } from "../lib/text/credentials.ts";
import { lookAtFileSystem } from "./_doctor/file_system.ts";
import { listBackups } from "./backups/list_backups.ts";
import type { Store } from "./ports/store.ts";

/** How to look. */
export interface DoctorOptions {
  /** Absolute path of where backups lie, if that is not the store. @default {null} */
  readonly backups?: string | null;
  /** How long to count what a store holds, ms. @default {10 seconds} */
  readonly patience?: number;
}

/** What a look gives. */
export type Facts = Readonly<Record<string, Fact>>;

/**
 * Looks at one part: what fails there says why, and stops nothing else.
 *
 * @param part What it is about.
 * @param look Looks at it.
 * @param reasonOf Says why it failed. @default {what the error says}
 * @returns What was seen.
 */
export async function examine(
  part: string,
  look: () => Promise<Facts> | Facts,
  reasonOf: (error: unknown) => string = errorMessage,
): Promise<ExaminedPart> {
  try {
    const facts = Object.entries(await look()).map(([name, fact]) => [name, hidden(fact)] as const);
    return { part, facts: Object.fromEntries(facts), problem: null };
  } catch (error) {
    return { part, facts: {}, problem: hideCredentials(reasonOf(error)) };
  }
}

function hidden(fact: Fact): Fact {
  if (typeof fact === "string") return hideCredentials(fact);
  return Array.isArray(fact) ? fact.map(hideCredentials) : fact;
}

/**
 * Looks at a store. Needs read permission for it.
 *
 * @param store The store.
 * @param options How to look.
 * @returns What was seen: what it holds, who changes it, what was cut off, its backups and its disk.
 */
export async function doctor(
  store: Store,
  { backups = null, patience = 10_000 }: DoctorOptions = {},
): Promise<readonly ExaminedPart[]> {
  const { location } = store.describe();
  const place = placeOf(location);
  return [
    await examine("contents", () => contentsOf(store, patience)),
    await examine("lock", async () => ({ heldBy: await store.changes?.holder() ?? null })),
    await examine("changes", async () => ({
      cutOff: await store.changes?.interrupted() ?? [],
      staged: (await store.changes?.staged() ?? []).length,
    })),
    await examine("backups", () => backupsOf(store, backups)),
    ...(place === null ? [] : [await examine("fileSystem", () => lookAtFileSystem(place))]),
  ];
}

/**
 * Names the kind of a store.
 *
 * @param location The store's location.
 * @returns In a word or two.
 */
export function kindOf(location: string): string {
  const { kind } = parseStoreName(location);
  return kind === "path" ? "files" : kind;
}

async function contentsOf(store: Store, patience: number): Promise<Facts> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), patience);
  const begun = performance.now();
  try {
    const { experiments, problems } = await store.read({
      depth: "meta",
      isReport: true,
      signal: stop.signal,
    });
    const runs = experiments.flatMap((experiment) => experiment.runs);
    return {
      experiments: experiments.length,
      runs: runs.length,
      unreadable: problems.length,
      countedInMs: Math.round(performance.now() - begun),
    };
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    throw new Error(`Cannot count within ${patience / 1_000} s what the store holds`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

async function backupsOf(store: Store, directory: string | null): Promise<Facts> {
  if (store.backups === null) return { kept: false };
  const list = await listBackups(store, directory === null ? {} : { backups: directory });
  const sound = list.backups.filter((one) => one.kind !== "damaged");
  const times = sound.map(({ createdAt }) => createdAt);
  return {
    directory: list.directory,
    copies: sound.filter(({ kind }) => kind === "copy").length,
    changes: sound.filter(({ kind }) => kind === "change").length,
    damaged: list.backups.length - sound.length,
    takesBytes: sound.reduce(
      (sum, one) => sum + one.bytes - (one.kind === "copy" ? one.sharedBytes : 0),
      0,
    ),
    newestAt: times.length === 0 ? null : Math.max(...times),
    recordsBytes: list.history?.bytes ?? null,
  };
}
