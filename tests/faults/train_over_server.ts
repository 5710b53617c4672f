/**
 * A small training over a tracking server, to be killed: says of each thing that it has logged, once it is told so.
 *
 * ```
 * deno run -A train_over_server.ts URI STATE NAME
 * ```
 *
 * @module
 */

import { openStore } from "../../tasks/open_store.ts";
import { setupExperiment } from "../../tasks/training/experiment.ts";
import { type ActiveRun, safeRun } from "../../tasks/training/run.ts";

const [uri = "", state = "", name = ""] = Deno.args;
const say = (...words: readonly (string | number)[]) =>
  void Deno.stdout.writeSync(new TextEncoder().encode(`${words.join(" ")}\n`));

async function train(run: ActiveRun, of: string): Promise<void> {
  say(of, "run");
  for (let step = 0; step < 4; step++) {
    await run.logMetric("loss", 1 / (1 + step), { step });
    say(of, "metric", step);
    await run.logParam(`param${step}`, step);
    say(of, "param", step);
  }
  await run.setTag("stage", "done");
  say(of, "tag", "done");
  await run.logText("whole", "reports/a.txt");
  say(of, "artifact", "whole");
}

await using store = await openStore(uri, {
  environment: (variable) => variable === "XDG_STATE_HOME" ? state : undefined,
});
const { experimentId } = await setupExperiment(store, "killed");
const options = { experimentId, warn: () => {} };
await safeRun(store, { ...options, runName: name }, async (run) => {
  await train(run, "parent");
  await safeRun(
    store,
    { ...options, runName: `${name} child`, parentRunId: run.id },
    async (one) => {
      await train(one, "child");
    },
  );
  say("child", "end", "FINISHED");
});
say("parent", "end", "FINISHED");
