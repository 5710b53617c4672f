/**
 * One deed of one account, for tests of several accounts: `act.ts DEED ROOT`.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { backup } from "../../tasks/backups/backup.ts";
import { expireBackups } from "../../tasks/backups/expire_backups.ts";
import { recover } from "../../tasks/backups/recover.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { openStore } from "../../tasks/open_store.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { preflight } from "../../tasks/preflight.ts";
import { setupExperiment } from "../../tasks/training/experiment.ts";
import { type RunOptions, safeRun } from "../../tasks/training/run.ts";
import { NOW } from "../_support/builders.ts";

/** Logs one of each kind. */
async function train(store: Store, options: RunOptions): Promise<void> {
  await safeRun(store, { user: "somebody", strict: true, ...options }, async (run) => {
    await run.logParam(`layers/${crypto.randomUUID()}`, 1);
    await run.logMetric("loss", 0.5);
    await run.setTag("note", crypto.randomUUID());
    await run.logText("text", "reports/text.txt");
    await run.logArtifact(join(dirname(store.describe().location), "shared/tool"), "tools");
    await run.logInput({ name: "iris", digest: "1", sourceType: "local", source: "{}" });
  });
}

async function runsIn(store: Store): Promise<readonly string[]> {
  const { experiments } = await store.read({ depth: "meta" });
  const trained = experiments.filter(({ name }) => name === "here" || name === "elsewhere");
  return trained.flatMap(({ runs }) => runs.map(({ id }) => id));
}

const deeds: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  apply: (store) => cleanup(store, { apply: true }),
  "be killed": (store) =>
    cleanup(store, {
      apply: true,
      onProgress: (label, done) => {
        if (label === "Applying" && done === 2) Deno.kill(Deno.pid, "SIGKILL");
      },
    }),
  undo: (store) => restore(store),
  "undo and tell": async (store) => {
    const { lostTimes = [] } = await restore(store);
    await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(lostTimes)));
  },
  recover,
  backup: (store) => backup(store),
  expire: async (store) => {
    for (const { id } of await (await store.backups!.open(null)).list()) {
      const { complete } = await expireBackups(store, { which: { id } });
      if (!complete) throw new Error(`${id} has not gone`);
    }
  },
  preflight: (store) => preflight(store),
  train: async (store) => {
    const artifacts = join(dirname(store.describe().location), "shared/artifacts");
    for (const [name, artifactLocation] of [["here", ""], ["elsewhere", artifacts]] as const) {
      const options = { artifactLocation, tags: { "team/name": "blue" } };
      const { experimentId } = await setupExperiment(store, name, options);
      await train(store, { experimentId });
    }
  },
  "train on": async (store) => {
    for (const runId of await runsIn(store)) await train(store, { runId });
  },
};

const [deed = "", root = ""] = Deno.args;
await using store = await openStore(root, { now: () => NOW });
await deeds[deed]!(store);
