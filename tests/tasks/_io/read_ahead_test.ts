import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { newReadAhead } from "../../../tasks/_io/read_ahead.ts";
import { tempDirectory } from "../../_support/temp_directory.ts";

/** Lets time pass, as a read does that waits for a disk. */
function wait(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

Deno.test("before() lets a scan go on that does not wait for anything", () => {
  const readAhead = newReadAhead({ root: "/nowhere", depth: "full", sizes: false, extras: null });
  const runs = Array.from({ length: 1_000 }, (_, index) => ({ path: String(index) }));
  const waits = runs.filter((_, index) => readAhead.before(runs, index) !== null);
  assertEquals(waits, []);
});

Deno.test("before() lets a scan go on that waits for its turn on a busy system now and then", () => {
  const options = { root: "/nowhere", depth: "tags", sizes: false, extras: null } as const;
  const readAhead = newReadAhead(options, () => true);
  const runs = Array.from({ length: 480 }, (_, index) => ({ path: String(index) }));
  const waits = runs.filter((_, index) => {
    if (index % 48 === 24) wait(60);
    return readAhead.before(runs, index) !== null;
  });
  assertEquals(waits, []);
});

Deno.test("before() lets a scan go on that waits for its turn all the time, and for no disk", () => {
  const options = { root: "/nowhere", depth: "tags", sizes: false, extras: null } as const;
  const looked: (readonly string[])[] = [];
  const readAhead = newReadAhead(options, (samples) => looked.push(samples) === 0);
  const runs = Array.from({ length: 200 }, (_, index) => ({ path: String(index) }));
  const waits = runs.filter((_, index) => {
    wait(1);
    return readAhead.before(runs, index) !== null;
  });
  // After eight looks at 16 runs each, then after four.
  const samples = [128, 192].map((from) => [0, 1, 2, 3].map((more) => `/nowhere/${from + more}`));
  assertEquals([waits, looked], [[], samples]);
});

Deno.test("before() reads ahead once runs have taken long, across directories, then looks again", async () => {
  await using directory = await tempDirectory();
  const runs = Array.from({ length: 100 }, (_, index) => ({ path: String(index) }));
  for (const { path } of runs.slice(0, 90)) {
    const run = join(directory.path, path);
    Deno.mkdirSync(join(run, "tags"), { recursive: true });
    Deno.writeTextFileSync(join(run, "meta.yaml"), "");
    Deno.writeTextFileSync(join(run, "tags", "key"), "");
  }
  const readAhead = newReadAhead(
    { root: directory.path, depth: "tags", sizes: false, extras: null },
    () => true,
  );
  const asked: number[] = [];
  for (let turn = 0; turn < 25; turn++) {
    for (const index of runs.keys()) {
      if (turn * runs.length + index < 130) wait(1);
      const waiting = readAhead.before(runs, index);
      if (waiting === null) continue;
      asked.push(turn * runs.length + index);
      await waiting;
    }
  }
  // After eight looks at 16 runs each, then at the start of each directory until 2,048 runs are ahead.
  assertEquals(asked, [128, ...Array.from({ length: 20 }, (_, turn) => (turn + 2) * 100)]);
});
