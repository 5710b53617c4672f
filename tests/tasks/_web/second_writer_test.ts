/**
 * Carrying out from the page, beside another program that writes into the store at random moments.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { seededRandom } from "../../../tasks/_demo/random.ts";
import type { PlanView, RowsView, WorkLine } from "../../../tasks/_web/messages.ts";
import { openStore } from "../../../tasks/open_store.ts";
import { review } from "../../../tasks/review.ts";
import { DAY, experiment, NOW, orphan, run, runId } from "../../_support/builders.ts";
import { depth, isLong, seed } from "../../_support/depth.ts";
import { tempStore } from "../../_support/disk_store.ts";
import { secondWriter, type WriterPlace, WRITERS_TIME } from "../../_support/second_writer.ts";
import { clientOf } from "../../_support/web_page.ts";

const APPLIES = depth(4, 50);
const SEED = seed ?? Math.floor(Math.random() * 2 ** 31);
const random = seededRandom(SEED);

const LONG_AGO = { startTime: NOW - 51 * DAY, endTime: NOW - 50 * DAY };
const HISTORY = {
  experiments: ["1", "2", "3"].map((id, place) =>
    experiment({
      id,
      runs: Array.from({ length: 12 }, (_, index) =>
        run({
          id: runId(100 * place + index),
          ...(index % 3 === 0 ? {} : LONG_AGO),
          ...(index === 5 ? { lifecycleStage: "deleted", deletedTime: NOW - 40 * DAY } : {}),
        })),
    })
  ),
  orphans: [orphan({ id: "9", newestChange: NOW - 60 * DAY })],
};

/** Runs and orphans by path: how they stand, and since when they are deleted. */
function standings({ root }: WriterPlace): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { name } of Deno.readDirSync(root)) {
    if (!/^\d+$/.test(name)) continue;
    found.set(name, "here");
    for (const { name: inner } of Deno.readDirSync(join(root, name))) {
      if (inner.length !== 32) continue;
      const text = textIfThere(join(root, name, inner, "meta.yaml"));
      if (text === null) continue;
      const isActive = /^lifecycle_stage: active$/m.test(text);
      const [, time = ""] = /^deleted_time: (\d+)$/m.exec(text) ?? [];
      found.set(`${name}/${inner}`, isActive ? "active" : `deleted ${time}`);
    }
  }
  return found;
}

/** A writer that was killed may have begun a run that has no record yet. */
function textIfThere(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** What the writer has taken away. */
function takenTo({ outside }: WriterPlace): ReadonlySet<string> {
  return new Set([...Deno.readDirSync(outside)].map(({ name }) => name.replace(/^\d+-/, "")));
}

/** Writes until it is disposed of; with time as a process of its own. */
async function startWriter(place: WriterPlace, seed: number): Promise<AsyncDisposable> {
  if (!isLong) {
    const write = secondWriter(place, seed);
    const timer = setInterval(write, 2);
    return { [Symbol.asyncDispose]: () => Promise.resolve(clearInterval(timer)) };
  }
  const script = fromFileUrl(new URL("../../_support/second_writer.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", "--no-check", script, place.root, place.outside, `${seed}`],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  let isOver = false;
  return {
    async [Symbol.asyncDispose]() {
      await reader.cancel();
      // Once it has ended, there is nothing to end.
      if (!isOver) child.kill("SIGKILL");
      isOver = true;
      await child.status;
    },
  };
}

Deno.test("fifty applies beside a second writer: nothing is carried out that was not shown", async () => {
  const ends = new Map<string, number>();
  for (let round = 0; round < APPLIES; round++) {
    await using disk = await tempStore(HISTORY);
    await using store = await openStore(disk.root, { now: () => NOW });
    await using page = await review(store, { port: 0, apply: true });
    await page.ready;
    const client = clientOf(page);
    const all = await client.post<PlanView>("plan", { values: {}, leftOut: [] });
    const goes = await client.get<RowsView>(`rows?plan=${all.plan}&list=goes`);
    const leftOut = goes.rows.map(({ path }) => path).filter(() => random() < 0.1);
    const plan = await client.post<PlanView>("plan", { values: {}, leftOut });
    const { rows } = await client.get<RowsView>(`rows?plan=${plan.plan}&list=goes`);
    const shown = new Set(rows.map(({ path }) => path));
    assertEquals(leftOut.filter((path) => shown.has(path)), []);
    const before = standings(disk);
    // Now before the plan is carried out, now while it is, once the store was read for that.
    await using writer = round % 2 === 0 && await startWriter(disk, SEED + round) || null;
    const answer = await client.ask("apply", { plan: plan.plan, words: plan.words });
    const pieces = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let told = "";
    let later: AsyncDisposable | null = null;
    for (let piece; (piece = await pieces.read()).value !== undefined;) {
      told += piece.value;
      if (writer === null && told.includes("Applying")) {
        later ??= await startWriter(disk, SEED + round);
      }
    }
    const end: WorkLine = JSON.parse(told.trimEnd().split("\n").at(-1)!);
    await writer?.[Symbol.asyncDispose]();
    await later?.[Symbol.asyncDispose]();
    ends.set(end.work, (ends.get(end.work) ?? 0) + 1);
    const after = standings(disk);
    const taken = takenTo(disk);
    const changed = [...before].filter(([path, was]) => {
      const is = after.get(path);
      const isWriters = is === `deleted ${WRITERS_TIME}` || is === was || is === "active" ||
        is === undefined && taken.has(path.split("/").at(-1)!);
      return !isWriters;
    }).map(([path]) => path);
    const seeded = `--seed ${SEED}, round ${round}, ${JSON.stringify(end)}`;
    assertEquals(changed.filter((path) => !shown.has(path)), [], seeded);
    if (end.work !== "done") assertEquals(changed, [], seeded);
    assert(end.work !== "progress" && end.work !== "failed", seeded);
  }
  // Else nothing was tried.
  assert((ends.get("done") ?? 0) > 0, `--seed ${SEED}: ${JSON.stringify([...ends])}`);
});
