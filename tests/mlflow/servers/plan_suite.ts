/**
 * What is planned over a server, beside what is planned of its database.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { planCleanup } from "../../../lib/cleanup/plan_cleanup.ts";
import { type CleanupPolicy, policyOfAges, readingOf } from "../../../lib/policy/policy.ts";
import { openStore } from "../../../tasks/open_store.ts";
import { ADMINISTRATOR } from "./start_server.ts";

/** By whose name servers with accounts are asked. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  MLFLOW_TRACKING_USERNAME: ADMINISTRATOR.user,
  MLFLOW_TRACKING_PASSWORD: ADMINISTRATOR.password,
};

/**
 * Decides of a store what goes and what stays.
 *
 * @param location The store.
 * @param policy The rules.
 * @param now Epoch ms.
 * @returns What is decided of runs that are not deleted: of the others a server does not tell when that was.
 */
export async function decided(
  location: string,
  policy: CleanupPolicy,
  now: number,
): Promise<readonly { readonly kind: string; readonly path: string }[]> {
  await using store = await openStore(location, {
    now: () => now,
    environment: (name) => ENVIRONMENT[name],
  });
  const snapshot = await store.read({ depth: "tags", ...readingOf(policy) });
  const { actions, kept } = planCleanup(snapshot, policy, { now });
  const active = new Set<string>(
    snapshot.experiments.flatMap(({ runs }) =>
      runs.flatMap(({ path, lifecycleStage }) => lifecycleStage === "active" ? [path] : [])
    ),
  );
  return [...actions, ...kept].filter(({ path }) => active.has(path))
    .map(({ kind, path, name, reasons }) => ({ kind, path, name, reasons }))
    .toSorted((left, right) => left.path < right.path ? -1 : 1);
}

/**
 * Plans the same over a server as of its database, of all that was filled in before.
 *
 * @param subject The server, and what it keeps its store in.
 */
export async function planTheSame(
  { uri, backend }: { readonly uri: string; readonly backend: string },
): Promise<void> {
  const [policy, now] = [policyOfAges({ olderThan: "30d" }), Date.now()];
  const over = await decided(uri, policy, now);
  assert(over.some(({ kind }) => kind === "soft-delete-run"));
  assertEquals(over, await decided(backend, policy, now));
}
