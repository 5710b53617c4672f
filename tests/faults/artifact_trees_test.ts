// deno-lint-ignore-file no-console -- how much was tried is worth a line.
/**
 * Kills and hinders what sets trees of artifacts aside and brings them back, on one file system and between two, at
 * the system calls by which it writes, and compares the trees.
 *
 * ```
 * deno test -A --lock=tests/deno.lock tests/faults/artifact_trees_test.ts -- --long --times 50 --seed 7
 * ```
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { depth, isLong, seed } from "../_support/depth.ts";
import { writeFiles } from "../_support/disk_store.ts";
import { memoryDirectory, tempDirectory } from "../_support/temp_directory.ts";
import { readTree, treeDifferences } from "../_support/tree.ts";
import { type Program, run as runProgram, scriptWords } from "./program.ts";
import { shuffled } from "./shuffled.ts";
import { type Call, hasStrace, isPossible, KINDS, runInjected, traceCalls } from "./strace.ts";

const INJECTIONS = depth(0, 3);
const SEED = seed ?? Math.floor(Math.random() * 2 ** 31);
const canTrace = isLong && await hasStrace();
const SCRIPT = fromFileUrl(new URL("move_trees.ts", import.meta.url));
const FILES = {
  "1/ab/artifacts/model.bin": "weights",
  "1/ab/artifacts/plots/loss.svg": "<svg/>",
  "1/models/m-1/artifacts/MLmodel": "flavors",
  "1/traces/tr-1/artifacts/traces.json": "{}",
  "2/cd/artifacts/other": "stays",
};

for (const disks of ["one disk", "two disks"] as const) {
  for (
    const [deed, from] of [["aside", ""], ["out", ""], ["back", "aside"], ["back", "out"]] as const
  ) {
    Deno.test({
      name: `whatever a call does that moves trees, no byte is lost: ${deed} ${from}, ${disks}`,
      ignore: !canTrace,
      async fn() {
        await using memory = await memoryDirectory();
        await using disk = await tempDirectory();
        const own = disks === "one disk" ? memory : disk;
        const [root, state] = [join(memory.path, "case/mlruns"), join(own.path, "case/own")];
        const words = (deed: string): Program => ({
          words: scriptWords(SCRIPT, deed, root, state),
          directory: Deno.cwd(),
        });
        const fresh = join(memory.path, "fresh");
        writeFiles(fresh, FILES);
        const before = await readTree(fresh);
        const begin = async () => {
          for (const path of new Set([join(memory.path, "case"), join(own.path, "case")])) {
            Deno.mkdirSync(path, { recursive: true });
            Deno.removeSync(path, { recursive: true });
            Deno.mkdirSync(path);
          }
          Deno.mkdirSync(state);
          await new Deno.Command("cp", { args: ["-a", fresh, root] }).output();
          if (from !== "") assertEquals((await runProgram(words(from))).code, 0);
        };
        await begin();
        const log = join(disk.path, "trace");
        const { ending, calls } = await traceCalls(words(deed), memory.path, log);
        assertEquals([ending.code, ending.stderr], [0, ""]);
        const possible = calls.flatMap((call: Call) =>
          KINDS.filter((kind) => isPossible(call, kind)).map((kind) => ({ call, kind }))
        );
        const chosen = shuffled(possible, SEED).slice(0, INJECTIONS);
        for (const { call, kind } of chosen) {
          await begin();
          const what = `seed ${SEED}: ${deed}, ${kind} at ${call.text}`;
          const hindered = await runInjected(words(deed), memory.path, log, call, kind);
          const settled = await runProgram(words("back"));
          assertEquals([settled.code, settled.stderr], [0, ""], what);
          const differences = treeDifferences(await readTree(root), before)
            // Who is killed between a rename and the time of the directory around it leaves the new time.
            .filter((one) => !/^(1|1\/models): mtimeMs/.test(one));
          assertEquals(differences, [], `${what}\n${hindered.stderr}`);
        }
        console.log(`seed ${SEED}: ${chosen.length} of ${possible.length} injections`);
      },
    });
  }
}
