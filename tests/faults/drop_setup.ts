/**
 * A case for `cleanup` with a policy that lets heavy files and points of long metrics go of runs that stay.
 *
 * @module
 */

import { join } from "@std/path";
import { policyOf, readConfig } from "../../lib/policy/config.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { writeFiles } from "../_support/disk_store.ts";
import { type Case, errorsIn, look, openCase } from "./case.ts";
import { carriedOut } from "./promise.ts";
import type { Setup, Tools } from "./scenarios.ts";
import { shuffled } from "./shuffled.ts";

const CONFIG =
  "retention: { keep_last: 1000 }\npurge: { artifacts_only: checkpoints/*, thin_metrics: 10 }\n";

/**
 * Gives some runs of a case several heavy files each, and one of them the tag of an earlier clean-up.
 *
 * @param one The case.
 * @param tools Which seed, and the command line.
 * @returns The case, ready.
 */
export async function prepareDrop(one: Case, { seed, program }: Tools): Promise<Setup> {
  const file = join(one.directory, "mltidy.yaml");
  Deno.writeTextFileSync(file, CONFIG);
  const policy = policyOf(readConfig(CONFIG, file));
  await using store = await openCase(one);
  const { experiments } = await store.read({ depth: "tags" });
  const runs = experiments.filter(({ link }) => !link).flatMap((each) => each.runs)
    .filter(({ link, lifecycleStage }) => !link && lifecycleStage === "active");
  for (const [index, { path }] of shuffled(runs, seed).entries()) {
    for (const name of "abcde".slice(index % 5)) {
      writeFiles(one.root, { [`${path}/artifacts/checkpoints/${name}`]: `weights ${name}` });
    }
    if (index % 4 === 0) {
      const points = Array.from(
        { length: 30 + index },
        (_, step) => `${1e12 + step} 0.${step} ${step}\n`,
      );
      writeFiles(one.root, { [`${path}/metrics/long/curve`]: points.join("") });
    }
    // As Lightning leaves them.
    if (index % 3 === 0) writeFiles(one.root, { [`${path}/checkpoints/last.ckpt`]: "weights" });
    if (index % 2 === 1) {
      writeFiles(one.root, {
        [`${path}/tags/mltidy.artifacts_dropped`]: "2026-10-01T00:00:00.000Z",
      });
    }
  }
  const before = await look(one);
  const { plan } = await cleanup(store, { policy });
  return {
    program: program(
      ...["cleanup", "--apply", "--force", "--json", "--config", file, "--store", one.root],
    ),
    before,
    ...carriedOut(plan, before),
    original: before,
    errors: await errorsIn(one),
    isUndoable: true,
  };
}
