/**
 * Starting: what a task costs before it has done anything, against starting Node.
 *
 * @module
 */

import { join } from "@std/path";
import { outputOf } from "./compare_programs.ts";
import { type Bench, type Figure, ratio } from "./measurement.ts";
import { taskWords } from "./programs.ts";

/** Starting takes little time, so that many rounds can make up for what disturbs it. */
const ROUNDS = 25;

/** The smallest tasks. */
export async function measureStartUp(bench: Bench): Promise<readonly Figure[]> {
  const hello = join(bench.directory, "hello.js");
  Deno.writeTextFileSync(hello, 'console.log("Hello");\n');
  const demo = ["--store", await demoStore(join(bench.directory, "demo", "mlruns"))];
  const deno = Deno.execPath();
  const programs = {
    node: { words: ["node", hello] },
    deno: { words: [deno, "run", hello] },
    help: { words: taskWords("summary", ["--help"]) },
    real: { words: taskWords("summary", demo) },
    all: { words: taskWords("summary", demo, "all") },
    task: { words: [deno, "task", "summary", ...demo] },
    library: { words: [deno, "run", "mod.ts"] },
  };
  const { node, ...ours } = await bench.compare(programs, Math.max(bench.rounds, ROUNDS));
  return [
    ratio("`summary` of the demo store ÷ `node hello.js`", ours.real, node, { atMost: 1.1 }),
    ratio("the same with `-A`", ours.all, node, null),
    ratio("`deno task summary` ÷ the `deno run` that it stands for", ours.task, ours.real, null),
    ratio("`--help` ÷ `node hello.js`", ours.help, node, { atMost: 0.5 }),
    ratio("importing `mod.ts` ÷ `node hello.js`", ours.library, node, null),
    ratio("`deno run hello.js` ÷ `node hello.js`", ours.deno, node, null),
  ];
}

async function demoStore(root: string): Promise<string> {
  try {
    await Deno.stat(root);
  } catch {
    await outputOf(taskWords("demo:store", [root]));
  }
  return root;
}
