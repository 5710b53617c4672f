import { assertEquals } from "@std/assert";
import type { PurgeRun, SoftDeleteRun } from "../../../lib/plan/plan.ts";
import type { ActionOutcome } from "../../../lib/plan/report.ts";
import { NO_USAGE } from "../../../lib/store/usage.ts";
import { performInChunks } from "../../../tasks/ports/perform_in_chunks.ts";
import type { PerformOptions } from "../../../tasks/ports/store.ts";
import { DAY, NOW, run, runId } from "../../_support/builders.ts";

type Removal = SoftDeleteRun | PurgeRun;

function softDelete(number: number): SoftDeleteRun {
  const { id, experimentId, path, name } = run({ id: runId(number) });
  return {
    ...{ kind: "soft-delete-run", path, name, runId: id, experimentId, usage: NO_USAGE },
    reasons: [{ kind: "older-than", field: "end_time", time: NOW, age: DAY, limit: DAY }],
    stamp: "stamp",
  };
}

function purge(number: number): PurgeRun {
  return { ...softDelete(number), kind: "purge-run" };
}

/** What is carried out together, and what comes of each action, as `[path, outcome or because]`. */
async function perform(actions: readonly Removal[], options: PerformOptions = {}) {
  const chunks: (readonly string[])[] = [];
  const signals: (AbortSignal | undefined)[] = [];
  const outcomes = await Array.fromAsync(performInChunks<Removal>(actions, {
    most: (kind) => kind === "purge-run" ? 3 : 2,
    perform: (chunk, signal) => {
      chunks.push(chunk.map(({ path }) => path));
      signals.push(signal);
      return Promise.resolve(chunk.map(({ kind, path }): ActionOutcome => ({
        ...{ kind, path, outcome: "applied", usage: NO_USAGE },
      })));
    },
  }, options));
  return {
    chunks,
    signals,
    outcomes: outcomes.map((one) => [one.path, "because" in one ? one.because : one.outcome]),
  };
}

const pathOf = (number: number) => softDelete(number).path;
const [A, B, C, D, E, F] = [pathOf(1), pathOf(2), pathOf(3), pathOf(4), pathOf(5), pathOf(6)];

Deno.test("performInChunks() carries out neighbours of one kind together, of each kind so many", async () => {
  const actions = [1, 2, 3].map(softDelete);
  const { chunks, outcomes } = await perform([...actions, purge(4), purge(5), softDelete(6)]);
  assertEquals(chunks, [[A, B], [C], [D, E], [F]]);
  assertEquals(outcomes, [A, B, C, D, E, F].map((path) => [path, "applied"]));
});

Deno.test("performInChunks() carries out nothing that would not be planned any more, and keeps the order", async () => {
  const refused: readonly string[] = [A, C, D];
  const { chunks, outcomes } = await perform([1, 2, 3, 4].map(softDelete), {
    isStillPlanned: ({ path }) => Promise.resolve(!refused.includes(path)),
  });
  assertEquals(chunks, [[B]]);
  assertEquals(outcomes, [
    [A, "changed-since-plan"],
    [B, "applied"],
    [C, "changed-since-plan"],
    [D, "changed-since-plan"],
  ]);
});

Deno.test("performInChunks() looks at the signal before each chunk, and hands it on", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const { chunks, signals, outcomes } = await perform([1, 2, 3, 4].map(softDelete), {
    signal,
    isStillPlanned: ({ path }) => {
      if (path === C) controller.abort();
      return Promise.resolve(true);
    },
  });
  assertEquals(chunks, [[A, B]]);
  assertEquals(signals, [signal]);
  assertEquals(outcomes, [
    [A, "applied"],
    [B, "applied"],
    [C, "interrupted"],
    [D, "interrupted"],
  ]);
});

Deno.test("performInChunks() without actions carries out nothing", async () => {
  assertEquals(await perform([]), { chunks: [], signals: [], outcomes: [] });
});
