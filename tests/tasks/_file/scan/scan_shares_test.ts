import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import type { Depth } from "../../../../lib/store/snapshot.ts";
import type { Reading, Share } from "../../../../tasks/_file/scan/scan_share.ts";
import { type ScannedShare, scanShares } from "../../../../tasks/_file/scan/scan_shares.ts";
import { experiment, NOW, run, runId } from "../../../_support/builders.ts";
import { PROJECT } from "../../../_support/command.ts";
import { diskStore, type TempStore } from "../../../_support/disk_store.ts";

const EXPERIMENTS = 12;
const RUNS = 40;

/** So many runs that a second thread pays at depth `full`. */
const LARGE = {
  experiments: Array.from({ length: EXPERIMENTS }, (_, index) =>
    experiment({
      id: String(index + 1),
      runs: Array.from({ length: RUNS }, (_, number) => run({ id: runId(index * RUNS + number) })),
    })),
};

let store: TempStore;
Deno.test.beforeAll(async () => {
  store = await diskStore(LARGE);
});
Deno.test.afterAll(async () => await store[Symbol.asyncDispose]());

function readingOf(root: string, depth: Depth): Reading {
  return { root, depth, sizes: true, extras: null, now: NOW, isShown: false };
}

function sharesOf(of: number): readonly Share[] {
  return LARGE.experiments.flatMap(({ id, path }) =>
    Array.from({ length: of }, (_, index) => ({ name: id, path, link: false, index, of }))
  );
}

function runsIn(found: readonly ScannedShare[]) {
  return found.flatMap(({ runs }) => runs).toSorted((a, b) => a.id < b.id ? -1 : 1);
}

Deno.test("scanShares() finds with two threads what one finds, whatever is read", async () => {
  for (const depth of ["meta", "tags", "full"] as const) {
    const reading = readingOf(store.root, depth);
    const alone: ScannedShare[] = [];
    for (const share of sharesOf(1)) alone.push(...await scanShares(reading, [share], {}));
    assertEquals(runsIn(alone).length, EXPERIMENTS * RUNS);
    assertEquals(await scanShares(reading, sharesOf(1), {}), alone);
  }
});

Deno.test("scanShares() finds in halves what there is in the whole", async () => {
  const reading = readingOf(store.root, "full");
  const [whole, halves] = [
    await scanShares(reading, sharesOf(1), {}),
    await scanShares(reading, sharesOf(2), {}),
  ];
  assertEquals(runsIn(halves), runsIn(whole));
  assertEquals(
    halves.flatMap(({ experiment }) => experiment ?? []),
    whole.flatMap(({ experiment }) => experiment ?? []),
  );
  const bytes = (found: readonly ScannedShare[]) =>
    found.reduce((sum, { weight }) => sum + weight!.bytes, 0);
  assertEquals(bytes(halves), bytes(whole));
  assert(halves.every(({ runs }) => runs.length < RUNS && runs.length > RUNS / 4));
});

Deno.test("scanShares() reads everything alone where a second thread cannot be had", async () => {
  const verify = async (...permissions: readonly string[]) => {
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      cwd: PROJECT,
      args: [
        ...[
          "run",
          "--no-prompt",
          ...permissions,
          "-E=MLFLOW_TRACKING_URI,INIT_CWD,NO_COLOR",
        ],
        ...["tasks/cli.ts", "verify", "--json", "--store", store.root],
      ],
    }).output();
    return new TextDecoder().decode(stdout) || new TextDecoder().decode(stderr);
  };
  const whole = await verify("--allow-read");
  assert(whole.startsWith('{\n  "schema": "mltidy/'), whole);
  const worker = join(PROJECT, "tasks/_file/scan/scan_worker.ts");
  assertEquals(await verify("--allow-read", `--deny-read=${worker}`), whole);
});

Deno.test("scanShares() tells how many runs have been read, and stops when it is told to", async () => {
  const reading = readingOf(store.root, "full");
  const seen: number[] = [];
  await scanShares(reading, sharesOf(1), { onProgress: (runs) => seen.push(runs) });
  assertEquals(seen, seen.toSorted((a, b) => a - b));
  assert(seen.length >= RUNS && seen.at(-1)! <= EXPERIMENTS * RUNS);
  const controller = new AbortController();
  const onProgress = (runs: number) => runs > 3 * RUNS && controller.abort();
  await assertRejects(
    () => scanShares(reading, sharesOf(1), { onProgress, signal: controller.signal }),
    DOMException,
  );
});
