/**
 * What changes a tracking server's store, behind the ports. Loaded once something is to be changed, or brought back.
 *
 * @module
 */

import type { StoreSnapshot } from "../../lib/store/snapshot.ts";
import { chooseStandIn, makeStandIn } from "../_database/stand_in.ts";
import { databaseHolder, statePaths } from "../_database/log/state_directory.ts";
import type { BackupPlaces } from "../ports/backups.ts";
import type { Changes, Store } from "../ports/store.ts";
import type { Reach } from "./client/open_client.ts";
import type { ReadingClient } from "./scan/read_pages.ts";

/** What a store's changing is made of. */
export interface ChangingOptions extends Reach {
  /** The store itself. */
  readonly store: () => Store;
  /** Asks what reads. */
  readonly client: ReadingClient;
  /** Where what is changed is kept; `null`: where the user's programs keep such things. */
  readonly backups: string | null;
  /** Reads what refers to runs, and no runs. */
  readonly readReferring: () => Promise<StoreSnapshot>;
}

/**
 * Makes the ports that change a server's store.
 *
 * @param options What they are made of.
 * @returns How it is changed, and where that can be undone.
 * @throws {InvalidArgumentError} When what is named for that is no directory.
 */
export function changingPorts(
  options: ChangingOptions,
): {
  readonly changes: Changes;
  readonly backups: BackupPlaces;
  /** Makes the file that stands for the server, and gives its absolute path. */
  readonly standIn: () => string;
} {
  const { store, server, client, environment, backups, pause, readReferring } = options;
  const { location } = server;
  const { path: standIn, refuseOther, guard, namesakes } = chooseStandIn(
    server,
    backups,
    environment,
  );
  return {
    standIn: () => makeStandIn(standIn, location),
    changes: {
      kinds: new Set(["soft-delete-run", "finish-stale-run"]),
      // Whatever page it asks for, a server works for so long at each run.
      looking: { usual: (runs) => 1_000 + 2 * runs, rest: 10 },
      async interrupted() {
        if (standIn === null) return [];
        const { findCutOff } = await import("../_database/log/find_cut_off.ts");
        const { leftSpools } = await import("./tracking/send_spools.ts");
        return [...findCutOff(standIn), ...await leftSpools(statePaths(standIn).spool)];
      },
      holder: () => Promise.resolve(standIn && databaseHolder(standIn)),
      lostTimes: () => Promise.resolve([]),
      linked: () => Promise.resolve([]),
      async staged() {
        if (standIn === null) return [];
        const { findStaged } = await import("../_database/log/find_cut_off.ts");
        return await findStaged(standIn);
      },
      async lock({ task }) {
        const { lockServerStore } = await import("./change/lock_server.ts");
        const locked = await lockServerStore(store(), {
          task,
          readReferring,
          path: makeStandIn(standIn, location),
          server,
          environment,
          pause,
        });
        return { ...locked, backups: guard(locked.backups!) };
      },
    },
    backups: {
      elsewhere: true,
      extracts: false,
      namesakes,
      async open(directory) {
        refuseOther(directory);
        const { openServerBackups } = await import("./change/server_backups.ts");
        return openServerBackups(standIn ?? makeStandIn(standIn, location), client);
      },
    },
  };
}
