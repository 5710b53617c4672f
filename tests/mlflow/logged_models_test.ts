/**
 * Logged models, put to real MLflow: after a purge it shows everything of those that stay, and nothing of
 * the others; after undoing that it shows everything again.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Plan } from "../../lib/plan/plan.ts";
import { runForJson } from "../_support/command.ts";
import { memoryDirectory } from "../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";
import { testEachVersion } from "./each_version.ts";
import { runPython } from "./python.ts";

interface Made {
  readonly experiment: string;
  /** Name → id. */
  readonly runs: Readonly<Record<string, string>>;
  /** Name → id; none of MLflow 2. */
  readonly models: Readonly<Record<string, string>>;
}

interface Answer {
  readonly runs: Readonly<Record<string, unknown>>;
  readonly models?: Readonly<Record<string, unknown>>;
  readonly version?: unknown;
}

const PURGE = ["--purge-after", "0d"];

function without<T>(
  all: Readonly<Record<string, T>>,
  ...names: readonly string[]
): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));
}

testEachVersion(
  "logged models leave with their run or once they are deleted, and come back",
  async (version) => {
    await using directory = await memoryDirectory();
    const store = join(directory.path, "mlruns");
    const made = await runPython(version, "logged_models.py", ["make", store]) as Made;
    const before = join(directory.path, "before");
    const purged = join(directory.path, "purged");
    await copy(store, before);
    const whole = await readTree(store);

    const { actions } = await runForJson<Plan>("cleanup", store, ...PURGE);
    const isThree = Object.keys(made.models).length > 0;
    // MLflow 2 has no models, by which runs stay.
    const runs = isThree ? ["follows"] : ["follows", "registered", "input", "pinned"];
    const models = isThree ? ["follows", "deleted"] : [];
    assertEquals(
      actions.map(({ kind, path }) => `${kind} ${path}`).sort(),
      [
        ...runs.map((name) => `purge-run ${made.experiment}/${made.runs[name]}`),
        ...models.map((name) =>
          `purge-logged-model ${made.experiment}/models/${made.models[name]}`
        ),
      ].sort(),
    );
    await runForJson("cleanup:apply", store, "--force", ...PURGE);
    await copy(store, purged);
    await runForJson("restore", store, "--last");
    assertSameTree(
      new Map([...await readTree(store)].filter(([path]) => !path.startsWith(".mltidy.trash"))),
      whole,
    );

    const stores = [before, purged, store];
    const [first, second, third] = await runPython(version, "logged_models.py", [
      "ask",
      ...stores,
    ]) as [Answer, Answer, Answer];
    assertEquals(second, {
      ...first,
      runs: without(first.runs, ...runs),
      ...(first.models ? { models: without(first.models, "follows") } : {}),
    });
    assertEquals(third, first);
    if (isThree) {
      assertEquals(Object.keys(first.models ?? {}).sort(), [
        ...["follows", "input", "kept", "pinned", "registered"],
      ]);
    }
  },
);

async function copy(from: string, to: string): Promise<void> {
  const { success } = await new Deno.Command("cp", { args: ["-a", from, to] }).output();
  assertEquals(success, true);
}
