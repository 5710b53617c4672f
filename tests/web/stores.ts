/**
 * Stores to look at: those of the tasks, and one whose names are meant to do harm.
 *
 * @module
 */

import { benchStore } from "../bench/bench_store.ts";
import { PROJECT, runTask } from "./project.ts";

/** A store in a directory of its own, which goes with it. */
export interface TestStore extends AsyncDisposable {
  /** What `--store` takes. */
  readonly location: string;
  /** Absolute path of the directory in which it lies. */
  readonly directory: string;
}

async function inDirectory(
  write: (directory: string) => Promise<string>,
): Promise<TestStore> {
  const directory = await Deno.makeTempDir({ prefix: "mltidy-web-" });
  const remove = () => Deno.remove(directory, { recursive: true });
  try {
    const location = await write(directory);
    return { location, directory, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * Writes the demo's store.
 *
 * @param kind As what.
 * @returns The store, of 1,293 runs in 15 experiments, with 2 orphans; 143 of the runs ended long ago.
 */
export function demoStore(kind: "files" | "sqlite" = "files"): Promise<TestStore> {
  return inDirectory(async (directory) => {
    const place = `${directory}/mlruns`;
    if (kind === "files") {
      await runTask("demo:store", place);
      return place;
    }
    await runTask("demo:store", "--kind", "sqlite", place);
    return `sqlite:///${place}/mlflow.db`;
  });
}

/**
 * Writes a store whose names are mark-up, control characters, a page of letters and letters of all directions.
 *
 * @returns The store, of 204 runs in 12 experiments, with an orphan; 109 of the runs ended long ago.
 */
export function hostileStore(): Promise<TestStore> {
  return inDirectory(async (directory) => {
    const place = `${directory}/mlruns`;
    // Builders of stores are the project's own, and go by its import map.
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-lock", "--no-check", "-A", "--config", `${PROJECT}/deno.json`],
        ...[`${PROJECT}/tests/_support/write_hostile_store.ts`, place],
      ],
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return place;
  });
}

/**
 * Writes the metadata of many runs, a quarter of which ended long ago.
 *
 * @param runs How many.
 * @returns The store.
 */
export function largeStore(runs: number): Promise<TestStore> {
  return inDirectory((directory) =>
    Promise.resolve(benchStore(directory, runs, "metadata").directory)
  );
}
