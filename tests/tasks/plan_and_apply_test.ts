import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { planCleanup } from "../../lib/cleanup/plan_cleanup.ts";
import { StoreLockedError } from "../../lib/errors.ts";
import type { Plan } from "../../lib/plan/plan.ts";
import type { StoreSnapshot } from "../../lib/store/snapshot.ts";
import { recover } from "../../tasks/backups/recover.ts";
import { openStore } from "../../tasks/open_store.ts";
import { planAndApply, type PlanAndApplyOptions } from "../../tasks/plan_and_apply.ts";
import { lockStore } from "../../tasks/ports/lock_store.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { DAY, NOW, runId } from "../_support/builders.ts";
import { runTask } from "../_support/command.ts";
import { tempStore, writeFiles } from "../_support/disk_store.ts";
import { lookingAlways } from "../_support/looking_always.ts";
import { beginCleanup, planFor, POLICY, ROTTEN, ROTTEN_ACTIONS } from "../_support/rotten_store.ts";
import { tempDirectory } from "../_support/temp_directory.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

const EXCEPT = { except: [".mltidy.trash"] };

async function run(root: string, options: PlanAndApplyOptions, now: () => number = () => NOW) {
  await using store = await openStore(root, { now });
  const plan = (snapshot: StoreSnapshot<"tags">, now: number) =>
    planCleanup(snapshot, POLICY, { now });
  return await planAndApply(store, { task: "cleanup", plan }, options);
}

function subjectsOf({ actions }: Plan): readonly string[] {
  return actions.map(({ path }) => path);
}

const SUBJECTS = ROTTEN_ACTIONS.map(([, path]) => path);

Deno.test("planAndApply() only plans unless it is told to apply", async () => {
  await using store = await tempStore(ROTTEN);
  const before = await readTree(store.root);
  const { plan, report, settled } = await run(store.root, {});
  assertEquals([subjectsOf(plan), report, settled], [SUBJECTS, null, []]);
  assertSameTree(await readTree(store.root), before);
});

Deno.test("planAndApply() touches nothing, not even to lock, when it is not approved", async () => {
  await using store = await tempStore(ROTTEN);
  const before = await readTree(store.root);
  const asked: Plan[] = [];
  const approve = (plan: Plan) => Promise.resolve(asked.push(plan) < 0);
  const { plan, report } = await run(store.root, { apply: true, approve });
  assertEquals([asked, report], [[plan], null]);
  assertSameTree(await readTree(store.root), before);
});

Deno.test("planAndApply() applies what was approved", async () => {
  await using store = await tempStore(ROTTEN);
  let asked = 0;
  const approve = () => Promise.resolve(++asked > 0);
  const { plan, report } = await run(store.root, { apply: true, approve });
  assertEquals([asked, subjectsOf(plan), report?.complete], [1, SUBJECTS, true]);
  assertEquals((await planFor(store.root)).actions, []);
});

Deno.test("planAndApply() asks again when the store has changed since it was asked", async () => {
  await using store = await tempStore(ROTTEN);
  const asked: (readonly string[])[] = [];
  const approve = (plan: Plan) => {
    asked.push(subjectsOf(plan));
    if (asked.length === 1) {
      Deno.removeSync(join(store.root, `1/${runId(1)}`), { recursive: true });
    }
    return Promise.resolve(true);
  };
  const { plan, report } = await run(store.root, { apply: true, approve });
  assertEquals(asked, [SUBJECTS, SUBJECTS.slice(1)]);
  assertEquals([subjectsOf(plan), report?.totals.applied], [SUBJECTS.slice(1), 4]);
});

Deno.test("planAndApply() does nothing when the changed plan is not approved", async () => {
  await using store = await tempStore(ROTTEN);
  let asked = 0;
  const approve = () => {
    if (asked++ > 0) return Promise.resolve(false);
    writeFiles(store.root, { "7/meta.yaml": "" });
    return Promise.resolve(true);
  };
  const { report } = await run(store.root, { apply: true, approve });
  assertEquals([asked, report], [2, null]);
  assertEquals(subjectsOf(await planFor(store.root)).slice(0, 4), SUBJECTS.slice(0, 4));
});

Deno.test("planAndApply() lists the store for certain under the lock, and at a glance what is shown before, or compared with that", async () => {
  await using store = await tempStore(ROTTEN);
  await using opened = await openStore(store.root, { now: () => NOW });
  const previews: boolean[] = [];
  const watched = <S extends Store>(one: S): S => ({
    ...one,
    read: (options) => {
      previews.push(options.isPreview ?? false);
      return one.read(options);
    },
  });
  const changes = opened.changes!;
  const lock: typeof changes.lock = async (options) =>
    watched(lookingAlways(await changes.lock(options)));
  const plan = (snapshot: StoreSnapshot<"tags">, now: number) =>
    planCleanup(snapshot, POLICY, { now });
  const approve = () => Promise.resolve(true);
  const task = { task: "cleanup", plan } as const;
  await planAndApply({ ...watched(opened), changes: { ...changes, lock } }, task, {
    apply: true,
    approve,
  });
  // The others look once more, before each action.
  assertEquals(previews, [true, false, ...SUBJECTS.map(() => true)]);
});

Deno.test("planAndApply() does not ask again because time has passed", async () => {
  await using store = await tempStore(ROTTEN);
  let [now, asked] = [NOW, 0];
  const approve = () => {
    now += DAY / 24;
    return Promise.resolve(++asked > 0);
  };
  const { report } = await run(store.root, { apply: true, approve }, () => now);
  assertEquals([asked, report?.complete, report?.startedAt], [1, true, NOW + DAY / 24]);
});

Deno.test("planAndApply() without a question applies the plan of the locked store", async () => {
  await using store = await tempStore(ROTTEN);
  const labels = new Set<string>();
  const { plan, report, settled } = await run(store.root, {
    apply: true,
    onProgress: (label) => labels.add(label),
  });
  assertEquals([subjectsOf(plan), report?.complete, settled], [SUBJECTS, true, []]);
  assertEquals([...labels], ["Reading runs", "Applying"]);
});

Deno.test("planAndApply() tells of the files that are copied to another place, or freed", async () => {
  await using store = await tempStore(ROTTEN);
  await using other = await tempStore(ROTTEN);
  const stepsOf = async (root: string, options: PlanAndApplyOptions) => {
    const steps = new Set<string>();
    const onFiles: PlanAndApplyOptions["onFiles"] = ({ step }) => steps.add(step);
    assertEquals((await run(root, { apply: true, ...options, onFiles })).report?.complete, true);
    return [...steps];
  };
  await using disk = await tempDirectory();
  const elsewhere = await stepsOf(store.root, { backups: disk.path });
  assertEquals(elsewhere.slice(-1), ["Freeing"]);
  assertEquals(elsewhere.includes("Copying"), true);
  assertEquals(await stepsOf(other.root, { backup: false }), ["Freeing"]);
});

Deno.test("planAndApply() settles first what was cut off before", async () => {
  await using store = await tempStore(ROTTEN);
  {
    using cleanup = await beginCleanup(store.root);
    for (const action of cleanup.plan.actions.slice(0, 3)) await cleanup.change.perform(action);
  }
  const { report, settled } = await run(store.root, { apply: true });
  assertEquals(settled.map(({ task, outcome }) => [task, outcome]), [["cleanup", "reversed"]]);
  assertEquals(report?.totals.applied, 5);
});

Deno.test("planAndApply() refuses while another holds the lock", async () => {
  await using store = await tempStore(ROTTEN);
  await using opened = await openStore(store.root);
  await using _locked = await lockStore(opened, { task: "restore" });
  await assertRejects(() => run(store.root, { apply: true }), StoreLockedError, "restore (pid");
  assertEquals((await run(store.root, {})).plan.actions.length, 5, "planning needs no lock");
});

Deno.test("planAndApply() takes all back and releases the lock when it cannot apply", async () => {
  await using store = await tempStore(ROTTEN);
  const failing = () => {
    throw new Error("no progress");
  };
  const before = await readTree(store.root);
  await assertRejects(
    () =>
      run(store.root, { apply: true, onProgress: (label) => label === "Applying" && failing() }),
    Error,
    "no progress",
  );
  assertSameTree(await readTree(store.root, EXCEPT), before);
  await using opened = await openStore(store.root);
  await using locked = await lockStore(opened, { task: "recover" });
  assertEquals(locked.settled, []);
});

Deno.test("planAndApply() says what it could not free, frees the rest, and leaves that to the next", async (t) => {
  await using store = await tempStore(ROTTEN);
  const stuck = join(store.root, `1/${runId(5)}/artifacts/stuck.bin`);
  Deno.writeTextFileSync(stuck, "weights");
  const chattr = async (flag: string, path: string) => {
    try {
      return (await new Deno.Command("chattr", { args: [flag, path], stderr: "null" }).output())
        .success;
    } catch {
      return false;
    }
  };
  const canBeStuck = await chattr("+i", stuck);
  await t.step({
    name: canBeStuck ? "an immutable file" : "skipped: no file can be made immutable here",
    ignore: !canBeStuck,
    fn: async () => {
      const staging = join(store.root, ".mltidy.trash/staging");
      const left = async () =>
        [...await readTree(staging)].flatMap(([path, { kind }]) => kind === "file" ? [path] : []);
      const { report } = await run(store.root, { apply: true, backup: false });
      const kept = (await left())[0] ?? "";
      try {
        assertEquals([await left(), report?.complete], [[kept], false]);
        assertEquals(report?.remains, {
          path: join(staging, kept.split("/")[0]!),
          message: "Operation not permitted",
        });
        await using opened = await openStore(store.root);
        for (const later of [await run(store.root, { apply: true }), await recover(opened)]) {
          assertEquals(later.remains, [report?.remains!]);
        }
        const lines = ["preflight", "restore --last", "backup", "backup --expire 0d", "recover"];
        for (const line of lines) {
          const [task = "", ...words] = line.split(" ");
          const { out, err } = await runTask(task, [...words, "--store", store.root]);
          const says = `An earlier change could not free ${report?.remains?.path}: `;
          assertStringIncludes(task === "recover" ? out : err, says, line);
          const printed = await runTask(task, [...words, "--json", "--store", store.root]);
          // Whoever undid the last change has nothing to lock the store for.
          if (task !== "restore") {
            assertEquals(JSON.parse(printed.out).remains, [report?.remains!], line);
          }
        }
      } finally {
        await chattr("-i", join(staging, kept));
      }
      await run(store.root, { apply: true, backup: false });
      assertEquals([...Deno.readDirSync(staging)], []);
    },
  });
});
