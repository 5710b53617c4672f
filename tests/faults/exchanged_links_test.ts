// deno-lint-ignore-file no-console -- a skipped test says why.
import { assert } from "@std/assert";
import { join } from "@std/path";
import { backup } from "../../tasks/backups/backup.ts";
import { expireBackups } from "../../tasks/backups/expire_backups.ts";
import { listBackups } from "../../tasks/backups/list_backups.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { deletedRun, experiment, NOW, run, runId } from "../_support/builders.ts";
import { tempStore } from "../_support/disk_store.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";
import { open } from "./rubbish.ts";

/** Exchanges two names, thousands of times a second, until it is ended. */
const EXCHANGE = `
import ctypes, sys
call, a, b = ctypes.CDLL(None).renameat2, sys.argv[1].encode(), sys.argv[2].encode()
if call(-100, a, -100, b, 2): sys.exit(3)
print("ready", flush=True)
while not call(-100, a, -100, b, 2): pass
`;

const DAY = 24 * 60 * 60 * 1000;
const OLD = { startTime: NOW - 90 * DAY, endTime: NOW - 89 * DAY };
const RUNS = Array.from(
  { length: 40 },
  (_, index) =>
    index % 2 === 0
      ? run({ id: runId(index), ...OLD })
      : deletedRun({ id: runId(index), ...OLD, deletedTime: NOW - 80 * DAY }),
);

function canExchange(): boolean {
  try {
    const test = "import ctypes; ctypes.CDLL(None).renameat2";
    return Deno.build.os === "linux" &&
      new Deno.Command("python3", { args: ["-c", test], stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

async function whileExchanged(one: string, other: string, work: () => Promise<void>) {
  const attack = new Deno.Command("python3", {
    args: ["-c", EXCHANGE, one, other],
    stdout: "piped",
  }).spawn();
  try {
    const ready = await attack.stdout.getReader().read();
    assert(!ready.done, "the attack did not begin");
    await work();
  } finally {
    attack.kill("SIGKILL");
    await attack.status;
  }
}

const able = canExchange();
if (!able) console.error("tests/faults/exchanged_links_test.ts: skipped, needs Linux and python3");

for (const task of ["cleanup", "cleanup without a backup", "restore"] as const) {
  Deno.test({
    name: `${task} never leaves the store while a directory is exchanged for a link all the time`,
    ignore: !able,
    async fn() {
      await using store = await tempStore({ experiments: [experiment({ id: "1", runs: RUNS })] });
      await using opened = await open(store);
      // The same names lie outside: whoever is led there finds what they look for.
      const victim = join(store.outside, "victim");
      await new Deno.Command("cp", { args: ["-a", join(store.root, "1"), victim] }).output();
      const backedUp = task === "restore" ? await cleanup(opened, { apply: true }) : null;
      const directory = backedUp === null
        ? join(store.root, "1")
        : join(backedUp.report!.backup!.path, "files/1");
      const link = join(store.outside, "link");
      Deno.symlinkSync(victim, link);
      const before = await readTree(victim);
      await whileExchanged(directory, link, async () => {
        for (let round = 0; round < 5; round++) {
          const done = task === "restore"
            ? restore(opened)
            : cleanup(opened, { apply: true, backup: task === "cleanup" });
          await done.catch((error) => assert(error instanceof Error));
        }
      });
      assertSameTree(await readTree(victim), before);
    },
  });
}

const OF_BACKUPS: Readonly<Record<string, (store: Store, to: string) => Promise<unknown>>> = {
  backup: (store) => backup(store),
  cleanup: (store) => cleanup(store, { apply: true }),
  restore: (store) => restore(store),
  "restore --to": (store, to) => restore(store, { to }),
  "backup --expire": async (store) => {
    const [newest] = (await listBackups(store)).backups;
    if (newest !== undefined) await expireBackups(store, { which: { id: newest.id } });
  },
};

for (const [task, work] of Object.entries(OF_BACKUPS)) {
  for (const name of ["backups", "staging"]) {
    Deno.test({
      name:
        `${task} never leaves our directory while its ${name} is exchanged for a link all the time`,
      ignore: !able,
      async fn() {
        await using store = await tempStore({ experiments: [experiment({ id: "1", runs: RUNS })] });
        await using opened = await open(store);
        await cleanup(opened, { apply: true });
        await backup(opened);
        const own = join(store.root, ".mltidy.trash");
        const victim = join(store.outside, "victim");
        await new Deno.Command("cp", { args: ["-a", join(own, "backups"), victim] }).output();
        const link = join(store.outside, "link");
        Deno.symlinkSync(victim, link);
        const before = await readTree(victim);
        await whileExchanged(join(own, name), link, async () => {
          for (let round = 0; round < 10; round++) {
            const to = join(store.outside, `to-${round}`);
            await work(opened, to).catch((error) => assert(error instanceof Error));
          }
        });
        assertSameTree(await readTree(victim), before);
      },
    });
  }
}
