import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import type { Action } from "../../../../lib/plan/plan.ts";
import type { ActionOutcome } from "../../../../lib/plan/report.ts";
import { hasRoomFor, leaveFirst } from "../../../../tasks/_file/change/leave_first.ts";
import { ensureOwnDirectory } from "../../../../tasks/_file/own/own_directory.ts";
import { ownPaths } from "../../../../tasks/_file/own/own_paths.ts";
import { openStore } from "../../../../tasks/open_store.ts";
import { lockStore } from "../../../../tasks/ports/lock_store.ts";
import type { Change } from "../../../../tasks/ports/store.ts";
import { NOW } from "../../../_support/builders.ts";
import { tempStore, writeFiles } from "../../../_support/disk_store.ts";
import { planFor, ROTTEN, ROTTEN_ACTIONS } from "../../../_support/rotten_store.ts";
import { readTree } from "../../../_support/tree.ts";

const ID = "20261101T000000Z-cleanup";
const EXCEPT = { except: [".mltidy.trash"] };

/** The two soft deletions come first in a plan. */
const DELETED = 2;

function begins(root: string): {
  readonly begin: (actions: readonly Action[]) => Promise<Change>;
  /** What lay in the store when there was room to begin with. */
  readonly left: string[];
} & AsyncDisposable {
  const stack = new AsyncDisposableStack();
  const left: string[] = [];
  return {
    left,
    async begin(actions) {
      left.push(...(await readTree(root, EXCEPT)).keys());
      const store = stack.use(await openStore(root, { now: () => NOW }));
      const locked = stack.use(await lockStore(store, { task: "cleanup" }));
      return await locked.begin({ task: "cleanup", actions, now: NOW, keepBackup: false });
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Goes on writing into a file of a directory as soon as that is gone, and then makes the directory anew. */
async function startWriter(directory: string): Promise<Disposable> {
  const script = `
    self.onmessage = ({ data: directory }) => {
      const file = Deno.openSync(directory + "/artifacts/499", { append: true });
      self.postMessage("started");
      while (true) {
        try {
          Deno.lstatSync(directory);
        } catch {
          file.writeSync(new TextEncoder().encode("er"));
          Deno.mkdirSync(directory);
          Deno.writeTextFileSync(directory + "/newest", "newest");
          return;
        }
      }
    };`;
  const worker = new Worker(`data:text/javascript,${encodeURIComponent(script)}`, {
    type: "module",
  });
  const { promise, resolve } = Promise.withResolvers<unknown>();
  worker.onmessage = resolve;
  worker.postMessage(directory);
  await promise;
  return { [Symbol.dispose]: () => worker.terminate() };
}

async function perform(change: Change): Promise<readonly (readonly string[])[]> {
  const outcomes: ActionOutcome[] = await Array.fromAsync(change.performAll());
  assertEquals(await change.finish(), null);
  return outcomes.map(({ kind, path, outcome }) => [kind, path, outcome]);
}

Deno.test("leaveFirst() lets go what goes for good, then does the rest", async () => {
  await using place = await tempStore(ROTTEN);
  const { root } = place;
  const paths = ensureOwnDirectory(root);
  await using started = begins(root);
  const { actions } = await planFor(root);
  const before = await readTree(root, EXCEPT);
  await using change = leaveFirst({ root, paths, actions, id: ID, ...started });
  assertEquals(
    await perform(change),
    ROTTEN_ACTIONS.map(([kind, path]) => [kind, path, "applied"]),
  );
  const gone = ROTTEN_ACTIONS.slice(DELETED).map(([, path]) => path);
  assertEquals(
    started.left,
    [...before.keys()].filter((path) =>
      !gone.some((one) => path === one || path.startsWith(`${one}/`))
    ),
  );
  assertEquals([...(await readTree(root, EXCEPT)).keys()], started.left);
  for (const directory of [paths.staging, paths.backups, paths.journals]) {
    assertEquals([...Deno.readDirSync(directory)], []);
  }
});

Deno.test("leaveFirst() needs no directory of ours to let something go, and leaves the root its time", async () => {
  await using place = await tempStore(ROTTEN);
  const { root } = place;
  await using started = begins(root);
  const { actions } = await planFor(root);
  const runs = actions.filter(({ kind }) => kind === "purge-run");
  const [changed] = runs;
  writeFiles(root, { [`${changed!.path}/artifacts/new.bin`]: "new" });
  const before = await readTree(root);
  const { mtime } = Deno.statSync(root);
  const options = { root, paths: ownPaths(root), actions: runs, id: ID, ready: () => false };
  await using left = leaveFirst({ ...options, ...started });
  assertEquals(
    (await Array.fromAsync(left.performAll())).map(({ outcome }) => outcome),
    runs.map((run) => run === changed ? "skipped" : "applied"),
  );
  const gone = runs.slice(1).map(({ path }) => path);
  assertEquals(
    [...(await readTree(root)).keys()],
    [...before.keys()].filter((path) =>
      !gone.some((one) => path === one || path.startsWith(`${one}/`))
    ),
  );
  assertEquals(Deno.statSync(root).mtime, mtime);
});

Deno.test("leaveFirst() leaves alone what has changed since it was planned", async () => {
  await using place = await tempStore(ROTTEN);
  const { root } = place;
  await using started = begins(root);
  const { actions } = await planFor(root);
  const [, , [, path = ""] = []] = ROTTEN_ACTIONS;
  writeFiles(root, { [`${path}/artifacts/new.bin`]: "new" });
  const before = await readTree(join(root, path));
  const only = actions.filter((action) => action.path === path);
  const change = { root, paths: ensureOwnDirectory(root), actions: only, id: ID };
  await using left = leaveFirst({ ...change, ...started });
  assertEquals(await Array.fromAsync(left.performAll()), [
    { kind: only[0]!.kind, path: only[0]!.path, outcome: "skipped", because: "changed-since-plan" },
  ]);
  assertEquals(await readTree(join(root, path)), before);
});

Deno.test("leaveFirst() keeps what has changed where a writer has made its directory anew meanwhile", async () => {
  // Now and then the writer comes too late.
  for (let attempt = 0, isMet = false; !isMet; attempt++) {
    assert(attempt < 50, "the writer always came too late");
    isMet = await keepsWhatIsWritten();
  }
});

async function keepsWhatIsWritten(): Promise<boolean> {
  await using place = await tempStore(ROTTEN);
  const { root } = place;
  await using started = begins(root);
  const [, , [, path = ""] = []] = ROTTEN_ACTIONS;
  const at = join(root, path);
  // So many that looking at them takes longer than making a directory.
  const files = Array.from({ length: 500 }, (_, index) => [`${path}/artifacts/${index}`, "new"]);
  writeFiles(root, Object.fromEntries(files));
  const { actions } = await planFor(root);
  const only = actions.filter((action) => action.path === path);
  assertEquals(only.length, 1);
  const paths = ensureOwnDirectory(root);
  using _writer = await startWriter(at);
  await using left = leaveFirst({ root, paths, actions: only, id: ID, ...started });
  const [outcome] = await Array.fromAsync(left.performAll());
  const kept = join(paths.own, `kept-${ID}`);
  if (outcome?.outcome !== "failed") return false;
  assertMatch(outcome.message, /^it changed while it was taken out and cannot be put back .*kept-/);
  await using store = await openStore(root, { now: () => NOW });
  await using _locked = await lockStore(store, { task: "recover" });
  assertEquals(Deno.readTextFileSync(join(kept, "artifacts/499")), "newer");
  return true;
}

Deno.test("leaveFirst() touches nothing that is planned no more, nor anything once it is stopped", async () => {
  await using place = await tempStore(ROTTEN);
  const { root } = place;
  const { actions } = await planFor(root);
  const before = await readTree(root, EXCEPT);
  await using started = begins(root);
  const options = { root, paths: ensureOwnDirectory(root), actions, id: ID };
  for (
    const how of [
      { isStillPlanned: () => Promise.resolve(false) },
      { signal: AbortSignal.abort() },
    ]
  ) {
    await using again = begins(root);
    await using change = leaveFirst({ ...options, ...again });
    const outcomes = await Array.fromAsync(change.performAll(how));
    assertEquals(outcomes.map(({ outcome }) => outcome).includes("applied"), false);
    await change.finish();
  }
  assertEquals([...(await readTree(root, EXCEPT)).keys()], [...before.keys()]);
  assertEquals(started.left, []);
});

Deno.test("what was on its way out when a process died goes with the next task that locks the store", async () => {
  await using place = await tempStore(ROTTEN);
  const { root } = place;
  const paths = ownPaths(root);
  ensureOwnDirectory(root);
  writeFiles(join(paths.staging, ID), { "artifacts/model.bin": "half" });
  await using store = await openStore(root, { now: () => NOW });
  await using locked = await lockStore(store, { task: "recover" });
  assertEquals(locked.remains, []);
  assertEquals([...Deno.readDirSync(paths.staging)], []);
});

Deno.test("hasRoomFor() leaves nothing behind, and finds none where our directory is not", async () => {
  await using place = await tempStore(ROTTEN);
  const { actions } = await planFor(place.root);
  assertEquals(hasRoomFor(actions, ownPaths(place.root)), false);
  const paths = ensureOwnDirectory(place.root);
  assertEquals(hasRoomFor(actions, paths), true);
  assertEquals([...Deno.readDirSync(paths.staging)], []);
});
