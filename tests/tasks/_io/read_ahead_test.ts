import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { newReadAhead } from "../../../tasks/_io/read_ahead.ts";
import { tempDirectory } from "../../_support/temp_directory.ts";

/** Lets time pass, as a read does that waits for a disk. */
function wait(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

Deno.test("before() lets a scan go on that does not wait for anything", () => {
  const readAhead = newReadAhead("full", null);
  const runs = Array.from({ length: 1_000 }, (_, index) => `/nowhere/${index}`);
  const waits = runs.filter((_, index) => readAhead.before(runs, index) !== null);
  assertEquals(waits, []);
});

Deno.test("before() reads ahead once runs have taken long, across directories, then looks again", async () => {
  await using directory = await tempDirectory();
  const runs = Array.from({ length: 100 }, (_, index) => join(directory.path, String(index)));
  for (const run of runs.slice(0, 90)) {
    Deno.mkdirSync(join(run, "tags"), { recursive: true });
    Deno.writeTextFileSync(join(run, "meta.yaml"), "");
    Deno.writeTextFileSync(join(run, "tags", "key"), "");
  }
  const readAhead = newReadAhead("tags", null);
  const asked: number[] = [];
  for (let turn = 0; turn < 25; turn++) {
    for (const index of runs.keys()) {
      if (turn === 0 && index < 64) wait(1);
      const waiting = readAhead.before(runs, index);
      if (waiting === null) continue;
      asked.push(turn * runs.length + index);
      await waiting;
    }
  }
  // At the 65th run, then at the start of each directory until 2,048 runs are ahead.
  assertEquals(asked, [64, ...Array.from({ length: 21 }, (_, turn) => (turn + 1) * 100)]);
});
