/**
 * A tracking server behind the ports.
 *
 * @module
 */

import { UnsupportedStoreError } from "../../lib/errors.ts";
import { assembleRows } from "../../lib/snapshot/assemble_rows.ts";
import type { Extras } from "../../lib/store/extras.ts";
import type { Depth, ServerFacts, StoreSnapshot } from "../../lib/store/snapshot.ts";
import { inWorkspace, type ServerName } from "../../lib/store/store_uri.ts";
import { isStandInThere } from "../_database/stand_in.ts";
import type { ReadOptions, Store } from "../ports/store.ts";
import { changingPorts } from "./changing_ports.ts";
import { READING } from "./client/endpoints.ts";
import type { Environment } from "../_io/process.ts";
import { findUser } from "./client/find_credentials.ts";
import { normalServer } from "./client/normal_server.ts";
import { openClient } from "./client/open_client.ts";
import { isSilent, orStoreError, storeErrorOf } from "./client/request_error.ts";
import { probeServer } from "./scan/probe_server.ts";
import type { ReadingClient } from "./scan/read_pages.ts";
import { readServer } from "./scan/read_server.ts";
import { PATIENCE, type Patience } from "./tracking/patience.ts";
import { trackingPort } from "./tracking_port.ts";

/** How a server is opened. */
export interface ServerStoreOptions {
  readonly chosenBy: string;
  readonly now: () => number;
  readonly environment: Environment;
  /** Where what is changed is kept. @default {null: where the user's programs keep such things} */
  readonly backups?: string | null;
  /** Whether it is opened, to be trained into, though no server answers just now. @default {false} */
  readonly later?: boolean;
  /** Waits, ms, before something is asked again. @default {real time} */
  readonly pause?: ((ms: number) => Promise<void>) | undefined;
  /** How long training waits for the server. @default {a few seconds} */
  readonly patience?: Patience | undefined;
}

/**
 * Opens a tracking server. Needs net permission for its host.
 *
 * @param name The server.
 * @param options How it was chosen, the clock, and what the environment says of how to reach it.
 * @returns The store.
 * @throws {StoreNotFoundError} When no server answers.
 * @throws {StoreAccessError} When it does not let us in, or this process may not ask it.
 * @throws {UnsupportedStoreError} When it is no tracking server, or one of MLflow 1.
 */
export async function openServerStore(
  name: ServerName,
  { chosenBy, now, environment, backups = null, later = false, pause, patience }:
    ServerStoreOptions,
): Promise<Store> {
  const named = name.workspace ?? (environment("MLFLOW_WORKSPACE") || null);
  const asSpelt = named === null ? name : inWorkspace(name, named);
  const normal = normalServer(asSpelt);
  // What was once kept of it by its address as it is spelt is found by that.
  const isKept = normal !== asSpelt && isStandInThere(asSpelt, backups, environment);
  const server = isKept ? asSpelt : normal;
  const { location } = server;
  const client: ReadingClient = await orStoreError(
    location,
    () => openClient(server, { endpoints: READING, environment, pause }),
  );
  const user = findUser(server, environment);
  let facts: ServerFacts | null = null;
  const known = async () =>
    facts ??= await orStoreError(location, () => probeServer(client, { user }));
  try {
    if (later) facts = await probeForAWhile(client, user, patience?.start ?? PATIENCE.start);
    else await known();
  } catch (error) {
    client[Symbol.dispose]();
    throw storeErrorOf(error, location) ?? error;
  }
  const changing = changingPorts({
    ...{ server, client, environment, backups, pause },
    store: () => store,
    readReferring: async () =>
      readSnapshot(client, await known(), {
        ...{ depth: "tags", extras: REFERRING, now: now(), onlyReferring: true },
      }),
  });
  const { standIn, ...ports } = changing;
  const tracking = trackingPort({ server, environment, now, standIn, pause, patience });
  const store: Store = {
    describe: () => ({ location, chosenBy }),
    now,
    read: <D extends Depth>(options: ReadOptions<D>) =>
      orStoreError(
        location,
        async () => readSnapshot(client, await known(), { ...options, now: now() }),
      ),
    ...ports,
    mending: {
      async evidence(snapshot, policy) {
        const { readRunEvidence } = await import("./read_run_evidence.ts");
        return await orStoreError(location, () => readRunEvidence(client, snapshot, policy));
      },
    },
    moving: null,
    merging: null,
    pinning: {
      async pin(run, pinned) {
        const { pinServerRun } = await import("./change/pin_run.ts");
        await orStoreError(
          location,
          () => pinServerRun({ server, environment, pause }, run, pinned),
        );
      },
    },
    tracking,
    async [Symbol.asyncDispose]() {
      await tracking[Symbol.asyncDispose]();
      client[Symbol.dispose]();
    },
  };
  return store;
}

/** `null`: no server answers by then. */
async function probeForAWhile(
  client: ReadingClient,
  user: string | null,
  patience: number,
): Promise<ServerFacts | null> {
  const signal = AbortSignal.timeout(patience);
  try {
    return await probeServer(client, { user, signal });
  } catch (error) {
    if (signal.aborted || isSilent(error)) return null;
    throw error;
  }
}

/** What refers to runs, whatever a policy asks for. */
const REFERRING: Extras = { tags: [], metrics: [], params: [], uses: true, artifacts: null };

async function readSnapshot<D extends Depth>(
  client: ReadingClient,
  server: ServerFacts,
  options: ReadOptions<D> & { readonly now: number; readonly onlyReferring?: boolean },
): Promise<StoreSnapshot<D>> {
  const { location } = client.server;
  if (options.sizes === true) {
    throw new UnsupportedStoreError(
      `Cannot measure store ${location}: a tracking server does not tell what its runs take; name its database instead, on a machine that reaches that and the artifacts`,
      location,
    );
  }
  const rows = await readServer(client, { ...options, server });
  const snapshot = assembleRows(rows);
  if (options.depth !== "full") return snapshot;
  const { inspectServer } = await import("./scan/inspect_server.ts");
  return inspectServer(rows, snapshot, rows.signs);
}
