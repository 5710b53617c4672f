/**
 * The task `report`: what a store holds and what a clean-up would do, for others to read.
 *
 * @module
 */

import { basename, dirname, join, resolve } from "@std/path";
import { reportStore, type StoreReport } from "../lib/answers/report_store.ts";
import { planCleanup } from "../lib/cleanup/plan_cleanup.ts";
import { InvalidArgumentError } from "../lib/errors.ts";
import { type CleanupPolicy, policyOfAges, readingOf } from "../lib/policy/policy.ts";
import type { StoreSnapshot } from "../lib/store/snapshot.ts";
import { writeAmongOthers } from "./_io/durable.ts";
import { failureText, infoOf, readStart } from "./_io/read.ts";
import { decideAndApply } from "./plan_and_apply.ts";
import type { Abortable, Store } from "./ports/store.ts";

/** What to report. */
export interface ReportOptions extends Abortable {
  /** What a clean-up would go by. @default {ages alone, as `cleanup` has them} */
  readonly policy?: CleanupPolicy;
  /** Measure everything on disk. @default {false} */
  readonly sizes?: boolean;
  /** Called as runs are read, with their number so far. */
  readonly onProgress?: ((runs: number) => void) | undefined;
}

/**
 * Tells what a store holds and what a clean-up would do, from one reading. Needs read permission for it.
 *
 * @param store The store.
 * @param options What a clean-up would go by, and what to measure.
 * @returns The report; sizes in bytes, times in epoch ms.
 *
 * @example
 * ```ts
 * import { openStore } from "mltidy";
 * import { renderHtml } from "mltidy/render";
 * import { report } from "./report.ts";
 *
 * await using store = await openStore("./mlruns");
 * const html = renderHtml(await report(store));
 * ```
 */
export async function report(store: Store, options: ReportOptions = {}): Promise<StoreReport> {
  const { policy = policyOfAges(), sizes = false, signal, onProgress } = options;
  const reading = readingOf(policy);
  const isMeasured = sizes || reading.sizes === true;
  let read: StoreSnapshot | undefined;
  const { plan } = await decideAndApply(store, "cleanup", async (from) => {
    const snapshot = await from.read({
      ...{ depth: "tags", isPreview: true, ...reading, sizes: isMeasured, signal, onProgress },
    });
    read = snapshot;
    const { kinds } = store.changes ?? {};
    return { snapshot, plan: planCleanup(snapshot, policy, { now: from.now(), kinds }) };
  }, { signal });
  return reportStore(read!, plan, { by: isMeasured ? "size" : "runs" });
}

/**
 * Tells whether a report may be written to a place: not into a store, and over nothing but an earlier one.
 *
 * @param path The place.
 * @param store The store's location.
 * @returns The place, without links.
 * @throws {InvalidArgumentError} When it may not.
 */
export function placeOfReport(path: string, store: string): string {
  const place = realPlaceOf(path);
  if (place.replaceAll("\\", "/").startsWith(`${store}/`)) {
    throw refusal(path, "it lies in the store; name a file outside of it");
  }
  const info = infoOf(place);
  if (info !== null && !(info.isFile && isReport(place))) {
    throw refusal(path, "something else is there already; name another file");
  }
  return place;
}

/** What is found under a link is what would be written to. */
function realPlaceOf(path: string): string {
  const place = resolve(path);
  try {
    if (infoOf(place) !== null) return Deno.realPathSync(place);
    return join(Deno.realPathSync(dirname(place)), basename(place));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw refusal(path, `there is no directory ${dirname(place)}`);
    }
    if (!(error instanceof Error) || error instanceof Deno.errors.NotCapable) throw error;
    throw refusal(path, `${failureText(error)}; name another file`);
  }
}

function isReport(place: string): boolean {
  return new TextDecoder().decode(readStart(place, BEGINNING.length)) === BEGINNING;
}

const BEGINNING = "<!doctype html>";

function refusal(path: string, why: string): InvalidArgumentError {
  return new InvalidArgumentError(`Cannot write ${path}: ${why}`);
}

/**
 * Writes a report, whole or not at all. Needs write permission for its directory.
 *
 * @param place Where, as {@linkcode placeOfReport} gives it.
 * @param html The report.
 */
export function writeReport(place: string, html: string): void {
  writeAmongOthers(place, html);
}
