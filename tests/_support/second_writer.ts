/**
 * Another program that writes into a store at random moments: it deletes runs as MLflow does, adds some, pins some,
 * takes some away. It logs what it has taken or deleted, so that this is not laid at anybody else's door.
 *
 * @module
 */

import { join } from "@std/path";
import { seededRandom } from "../../tasks/_demo/random.ts";

/** The time of deletion by which its own are known. */
export const WRITERS_TIME = 1_500_000_000_000;

/** What it works on. */
export interface WriterPlace {
  /** The store's root. */
  readonly root: string;
  /** Where it takes runs to. */
  readonly outside: string;
}

/**
 * Makes a writer.
 *
 * @param place What it works on.
 * @param seed The seed of its choices.
 * @returns Does one thing, whatever is there by then.
 */
export function secondWriter({ root, outside }: WriterPlace, seed: number): () => void {
  const random = seededRandom(seed);
  let made = 0;
  const one = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  const experiments = () => namesIn(root).filter((name) => /^\d+$/.test(name));
  const doing: readonly (() => void)[] = [
    () => edit({ lifecycle_stage: "deleted", deleted_time: WRITERS_TIME }),
    () => edit({ end_time: 1_700_000_000_000 + Math.floor(random() * 1e9) }),
    () => edit({ run_name: `renamed ${made++}` }),
    () => inRun((path) => Deno.writeTextFileSync(join(path, "tags", "mltidy.pin"), "")),
    () =>
      inRun((path) => Deno.renameSync(path, join(outside, `${made++}-${path.split("/").at(-1)}`))),
    () =>
      inRun((path, experiment) => {
        const id = `${seed.toString(16)}${made++}`.padStart(32, "b");
        const to = join(root, experiment, id);
        const text = Deno.readTextFileSync(join(path, "meta.yaml"));
        for (const name of ["tags", "metrics", "params", "artifacts"]) {
          Deno.mkdirSync(join(to, name), { recursive: true });
        }
        Deno.writeTextFileSync(
          join(to, "meta.yaml"),
          text.replace(/^(run_id|run_uuid): .*$/gm, `$1: ${id}`),
        );
      }),
  ];

  function inRun(work: (path: string, experiment: string) => void): void {
    const experiment = one(experiments());
    const run = experiment &&
      one(namesIn(join(root, experiment)).filter((name) => name.length === 32));
    if (experiment === undefined || run === undefined) return;
    try {
      work(join(root, experiment, run), experiment);
    } catch (error) {
      // Somebody else was faster.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  function edit(changes: Readonly<Record<string, string | number>>): void {
    inRun((path) => {
      const file = join(path, "meta.yaml");
      let text = Deno.readTextFileSync(file);
      for (const [key, value] of Object.entries(changes)) {
        const line = `${key}: ${value}`;
        const found = new RegExp(`^${key}: .*$`, "m");
        text = found.test(text) ? text.replace(found, line) : `${text}${line}\n`;
      }
      Deno.writeTextFileSync(file, text);
    });
  }

  return () => one(doing)!();
}

function namesIn(path: string): readonly string[] {
  try {
    return [...Deno.readDirSync(path)].filter(({ isDirectory }) => isDirectory).map(({ name }) =>
      name
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

if (import.meta.main) {
  const [root = "", outside = "", seed = "0"] = Deno.args;
  const write = secondWriter({ root, outside }, Number(seed));
  const random = seededRandom(Number(seed) + 1);
  Deno.stdout.writeSync(new TextEncoder().encode("ready\n"));
  while (true) {
    await new Promise((resolve) => setTimeout(resolve, Math.floor(random() * 4)));
    write();
  }
}
