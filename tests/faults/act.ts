/**
 * One deed of one account, for tests of several accounts: `act.ts DEED ROOT`.
 *
 * @module
 */

import { backup } from "../../tasks/backups/backup.ts";
import { expireBackups } from "../../tasks/backups/expire_backups.ts";
import { recover } from "../../tasks/backups/recover.ts";
import { restore } from "../../tasks/backups/restore.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { openStore } from "../../tasks/open_store.ts";
import type { Store } from "../../tasks/ports/store.ts";
import { preflight } from "../../tasks/preflight.ts";
import { NOW } from "../_support/builders.ts";

const deeds: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  apply: (store) => cleanup(store, { apply: true }),
  "be killed": (store) =>
    cleanup(store, {
      apply: true,
      onProgress: (label, done) => {
        if (label === "Applying" && done === 2) Deno.kill(Deno.pid, "SIGKILL");
      },
    }),
  undo: (store) => restore(store),
  recover,
  backup: (store) => backup(store),
  expire: async (store) => {
    for (const { id } of await (await store.backups!.open(null)).list()) {
      const { complete } = await expireBackups(store, { which: { id } });
      if (!complete) throw new Error(`${id} has not gone`);
    }
  },
  preflight: (store) => preflight(store),
};

const [deed = "", root = ""] = Deno.args;
await using store = await openStore(root, { now: () => NOW });
await deeds[deed]!(store);
