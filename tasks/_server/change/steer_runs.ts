/**
 * Bringing runs of a server to where they are to be.
 *
 * *Ordering*: each is read, and what is read tells the one request that comes next, until nothing is left to be asked.
 * So it is never guessed what became of a request: where no answer came, the next reading tells.
 *
 * *Locking*: none; a server has no lock. Whatever another client does in between is found by the next reading.
 *
 * *After an interruption*: doing the same again goes on from whatever is read then.
 *
 * @module
 */

import { atOnce } from "../../_io/take_turns.ts";
import { REQUESTS_AT_ONCE } from "../client/open_client.ts";
import type { Changing } from "../client/changing_endpoints.ts";
import type { ChangingClient } from "../client/open_changing_client.ts";
import { RequestError } from "../client/request_error.ts";
import type { RunRecord } from "../scan/records.ts";
import { readAgain, type Subject } from "./read_again.ts";

/** What comes next for a run: one request, another look at it, or nothing any more. */
export type Step<R> = Deed | { readonly waits: true } | { readonly ends: R };

interface Deed {
  readonly asks: keyof Changing;
  readonly with: Readonly<Record<string, string | number>>;
}

/** What was done for a run so far, oldest first. */
export type Past = readonly (keyof Changing | "wait")[];

/** Why it could not be brought there. */
export interface Stuck {
  readonly stuck: RequestError;
}

/** How to steer. */
export interface SteerOptions {
  /** Waits, ms. @default {real time} */
  readonly pause?: ((ms: number) => Promise<void>) | undefined;
  /** How they stand, where that was read just now. @default {they are read first} */
  readonly found?: ReadonlyMap<string, RunRecord> | undefined;
}

/** How often the same is asked of a run. */
const MOST_TRIES = 4;
/** Before the same is asked again, ms; each time twice as long. */
const FIRST_PAUSE = 250;

/**
 * Brings runs to where they are to be. Needs the right to change them.
 *
 * @param client The client.
 * @param subjects The runs.
 * @param next Tells what comes next for one, as it is read, after all that was done; `null`: it is gone.
 * @param options How.
 * @returns How each ended.
 * @throws {RequestError} When the server does not tell any more how runs stand: each is somewhere on its way.
 */
export async function steerRuns<S extends Subject, R>(
  client: ChangingClient,
  subjects: readonly S[],
  next: (subject: S, found: RunRecord | null, past: Past) => Step<R>,
  { pause = sleep, found: known }: SteerOptions = {},
): Promise<ReadonlyMap<S, R | Stuck>> {
  const ended = new Map<S, R | Stuck>();
  const pasts = new Map<S, readonly Trial[]>(subjects.map((one) => [one, []]));
  for (let [pending, found] = [subjects, known]; pending.length > 0; found = undefined) {
    found ??= await readAgain(client, pending);
    const trials = new Map<S, Trial>();
    for (const subject of pending) {
      const past = pasts.get(subject)!;
      const step = next(
        subject,
        found.get(subject.run) ?? null,
        past.map(({ deed }) => deed?.asks ?? "wait"),
      );
      if ("ends" in step) {
        ended.set(subject, step.ends);
        continue;
      }
      const last = past.at(-1);
      const deed = "asks" in step ? step : null;
      const isAgain = last !== undefined && sameDeed(last.deed, deed);
      if (isAgain && deed !== null && !mayHelp(last)) {
        ended.set(subject, { stuck: last.error ?? new RequestError("foreign", UNDONE) });
        continue;
      }
      const trial: Trial = { deed, tries: isAgain ? last.tries + 1 : 1, error: null };
      trials.set(subject, trial);
      pasts.set(subject, [...past, trial]);
    }
    const most = Math.max(0, ...[...trials.values()].map(({ tries }) => tries));
    if (most > 1) await pause(FIRST_PAUSE * 2 ** (most - 2));
    await atOnce(REQUESTS_AT_ONCE, [...trials.values()], async (trial) => {
      if (trial.deed === null) return;
      try {
        await client.ask(trial.deed.asks, trial.deed.with);
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        trial.error = error;
      }
    });
    pending = [...trials.keys()];
  }
  return ended;
}

const UNDONE = "the server says that it is done, and it is not";

interface Trial {
  /** `null`: it was only waited. */
  readonly deed: Deed | null;
  readonly tries: number;
  error: RequestError | null;
}

function sameDeed(one: Deed | null, other: Deed | null): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What was understood and not done will not be done by asking again. */
function mayHelp({ tries, error }: Trial): boolean {
  const isFinal = error?.failure === "refused" || error?.failure === "denied" ||
    error?.failure === "untrusted";
  return !isFinal && tries < MOST_TRIES;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Tells whether a run could not be brought to where it was to be.
 *
 * @param end How it ended.
 * @returns Whether it is stuck.
 */
export function isStuck(end: unknown): end is Stuck {
  return typeof end === "object" && end !== null && "stuck" in end;
}
