import type { Action } from "../../lib/plan/plan.ts";
import type { ActionOutcome } from "../../lib/plan/report.ts";
import type { PerformOptions } from "./store.ts";

/** How a store carries out some actions of one kind together. */
export interface Chunking<A extends Action> {
  /** Most actions of a kind that are done before the signal is looked at again. */
  readonly most: (kind: A["kind"]) => number;
  /** Carries out actions of one kind: one outcome for each, in their order. */
  readonly perform: (
    chunk: readonly A[],
    signal: AbortSignal | undefined,
  ) => Promise<readonly ActionOutcome[]>;
}

/**
 * Carries out the actions of a change, neighbours of one kind together, and yields what came of each.
 *
 * @param actions The actions, in the change's order.
 * @param chunking How many at once, and what carries them out.
 * @param options What is looked at before each chunk, and asked before each action.
 * @returns The outcomes, as they come; nothing is done before the first is asked for.
 */
export async function* performInChunks<A extends Action>(
  actions: readonly A[],
  { most, perform }: Chunking<A>,
  { signal, isStillPlanned }: PerformOptions = {},
): AsyncGenerator<ActionOutcome> {
  for (const chunk of chunksOf(actions, most)) {
    const refused = new Set<A>();
    for (const action of chunk) {
      if (await isStillPlanned?.(action) === false) refused.add(action);
    }
    const { aborted = false } = signal ?? {};
    const wanted = aborted ? [] : chunk.filter((action) => !refused.has(action));
    const performed = (wanted.length === 0 ? [] : await perform(wanted, signal)).values();
    for (const action of chunk) {
      const { kind, path } = action;
      if (aborted) yield { kind, path, outcome: "not-run", because: "interrupted" };
      else if (!refused.has(action)) yield performed.next().value!;
      else yield { kind, path, outcome: "skipped", because: "changed-since-plan" };
    }
  }
}

function* chunksOf<A extends Action>(
  actions: readonly A[],
  most: Chunking<A>["most"],
): Iterable<readonly A[]> {
  let chunk: A[] = [];
  for (const action of actions) {
    const [first] = chunk;
    if (first && (first.kind !== action.kind || chunk.length === most(first.kind))) {
      yield chunk;
      chunk = [];
    }
    chunk.push(action);
  }
  if (chunk.length > 0) yield chunk;
}
