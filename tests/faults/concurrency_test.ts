// deno-lint-ignore-file no-console -- which stores were used is worth a line.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Plan } from "../../lib/plan/plan.ts";
import type { ApplyReport } from "../../lib/plan/report.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { verifyBackups } from "../../tasks/backups/verify_backups.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { depth, seed as chosenSeed } from "../_support/depth.ts";
import {
  type Case,
  keep,
  look,
  type Moment,
  openCase,
  putBack,
  settle,
  untidiness,
  writeCase,
} from "./case.ts";
import { bundleProgram, makeScratch, type Ran, run } from "./program.ts";
import { differences, exactly, promised } from "./promise.ts";

const STORES = depth(5, 5);
const ROUNDS_PER_STORE = 6;
const LOCKED = 11;

interface Round {
  readonly one: Case;
  readonly before: Moment;
  readonly plan: Plan;
  readonly first: Ran;
  readonly second: Ran;
}

/** Starts two commands at once, the second a little later each time, and counts who was refused. */
async function race(
  commands: readonly [first: readonly string[], second: readonly string[]],
  check: (round: Round) => Promise<void>,
): Promise<void> {
  const seed = chosenSeed ?? crypto.getRandomValues(new Uint16Array(1))[0]!;
  const scratch = await makeScratch();
  let refused = 0;
  try {
    const program = await bundleProgram(scratch);
    for (let store = 0; store < STORES; store++) {
      const directory = `${scratch}/${store}`;
      Deno.mkdirSync(directory);
      const one = writeCase(directory, seed + store);
      await keep(one);
      const before = await look(one);
      await using opened = await openCase(one);
      const { plan } = await cleanup(opened);
      for (let round = 0; round < ROUNDS_PER_STORE; round++) {
        await putBack(one);
        const [first, second] = commands.map((words) => program(...words, "--store", one.root));
        const running = run(first!);
        await new Promise((resolve) => setTimeout(resolve, round * 15));
        const ended = { first: await run(second!), second: await running };
        for (const { code, stderr } of [ended.first, ended.second]) {
          assert(code === 0 || code === LOCKED, `seed ${seed + store}: exit ${code}\n${stderr}`);
          if (code !== LOCKED) continue;
          refused++;
          assertMatch(stderr, /holds the lock; wait until it is done/);
        }
        assert(
          ended.first.code === 0 || ended.second.code === 0,
          `seed ${seed + store}: nobody won`,
        );
        await check({ one, before, plan, first: ended.second, second: ended.first });
        assertEquals(untidiness(one), [], `seed ${seed + store}`);
      }
    }
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  console.log(`seeds ${seed} to ${seed + STORES - 1}: ${refused} refused`);
  assert(refused > 0, "the commands never met");
}

Deno.test("cleanup:apply and another cleanup:apply at once do the work once and lose nothing", async () => {
  const words = ["cleanup", "--apply", "--force", "--json"];
  await race([words, words], async ({ one, before, plan }) => {
    assertEquals(await settle(one), []);
    const after = await look(one);
    assertEquals(differences(after, promised(before, plan.actions, after)), []);
    await using store = await openCase(one);
    await restore(store);
    assertEquals(differences(await look(one), exactly(before)), []);
  });
});

Deno.test("cleanup:apply and backup at once: each is done whole or not at all", async () => {
  const words = ["cleanup", "--apply", "--force", "--json"];
  await race([["backup", "--json"], words], async ({ one, before, plan, first, second }) => {
    assertEquals(await settle(one), []);
    const after = await look(one);
    const cleaned = second.code === 0;
    const expected = cleaned ? promised(before, plan.actions, after) : exactly(before);
    assertEquals(differences(after, expected), []);
    await using store = await openCase(one);
    const { checks, sound } = await verifyBackups(store);
    assertEquals([checks.length, sound], [first.code === 0 ? 1 : 0, true]);
    if (cleaned) {
      const { backup } = JSON.parse(second.stdout) as ApplyReport;
      assert(backup !== null);
      await restore(store, { id: backup.id });
      assertEquals(differences(await look(one), exactly(before)), []);
    }
  });
});
