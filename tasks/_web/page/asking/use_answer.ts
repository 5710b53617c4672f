/// <reference lib="dom" />
/**
 * What the server answers, as something that a view can show while it waits.
 *
 * @module
 */

import { type Dispatch, type StateUpdater, useEffect, useState } from "preact/hooks";
import { errorMessage } from "../../../../lib/errors.ts";
import { type RefusedError, whyOf } from "./server.ts";

/** An answer, or what there is of it. */
export interface Answer<T> {
  /** The last one; it may be that of an earlier question while a new one is awaited. */
  readonly value: T | null;
  /** Whether one is awaited. */
  readonly isWaiting: boolean;
  /** Why the last question has none. */
  readonly error: string | null;
  /** The server's word for it. */
  readonly why: RefusedError["why"] | null;
}

/** Before anything is asked. */
const NOTHING: Answer<never> = { value: null, isWaiting: true, error: null, why: null };

/**
 * Asks, and asks anew whenever the question changes. What is no longer wanted is aborted.
 *
 * @param ask Asks; `null`: not now; what was answered before stays.
 * @param question What makes it another question.
 * @returns The answer so far.
 */
export function useAnswer<T>(
  ask: ((signal: AbortSignal) => Promise<T>) | null,
  question: readonly unknown[],
): Answer<T> {
  const [answer, setAnswer]: [Answer<T>, Dispatch<StateUpdater<Answer<T>>>] = useState<Answer<T>>(
    NOTHING,
  );
  useEffect(() => {
    if (ask === null) {
      setAnswer((before) => before.value === null ? { ...NOTHING, isWaiting: false } : before);
      return;
    }
    const abort = new AbortController();
    setAnswer((before) => ({ ...before, isWaiting: true }));
    ask(abort.signal).then(
      (value) => {
        if (!abort.signal.aborted) setAnswer({ value, isWaiting: false, error: null, why: null });
      },
      (error) => {
        if (abort.signal.aborted) return;
        const why = whyOf(error);
        setAnswer(({ value }) => ({ value, isWaiting: false, error: errorMessage(error), why }));
      },
    );
    return () => abort.abort();
  }, question);
  return answer;
}
