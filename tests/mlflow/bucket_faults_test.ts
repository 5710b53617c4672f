// deno-lint-ignore-file no-console -- a skipped test says why.
/**
 * Faults between two requests to a real server of S3: whatever meets the n-th request of a purge, or of its undoing,
 * rows and objects are in the end as they were, or can be brought back to that.
 *
 * ```sh
 * deno task test:mlflow -- --long   # at every request, with every fault; else at some
 * ```
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { cleanup, openStore, recover, restore } from "mltidy";
import { policyOfAges } from "../../lib/policy/policy.ts";
import { listObjects } from "../../tasks/_artifacts/s3/bucket.ts";
import { type BucketClient, openBucket } from "../../tasks/_artifacts/s3/client.ts";
import { DAY, deletedRun, experiment, NOW, run, runId } from "../_support/builders.ts";
import { relocateRows, type TempDatabase, tempDatabase } from "../_support/database_store.ts";
import { isLong } from "../_support/depth.ts";
import {
  type Fault,
  type FaultProxy,
  type Forward,
  startFaultProxy,
} from "../_support/fault_proxy.ts";
import { exactRowsOf } from "../_support/owned_rows.ts";
import { type BucketServer, findProgram, startBucketServer } from "./bucket.ts";

const inCi = Deno.env.get("CI") === "true";
const ignore = !inCi && findProgram() === null;
if (ignore) console.error('Skipping faults of buckets: run "deno task test:mlflow"');

const POLICY = { ...policyOfAges(), olderThan: null };
const BUCKET = "faults";
const long = { deletedTime: NOW - 90 * DAY };
const HISTORY = {
  experiments: [
    experiment({
      id: "1",
      name: "churn",
      runs: [
        deletedRun({ id: runId(1), ...long }),
        deletedRun({ id: runId(2), ...long }),
        run({ id: runId(3), startTime: NOW - DAY, endTime: NOW - DAY }),
      ],
    }),
    experiment({
      id: "2",
      name: "old",
      lifecycleStage: "deleted",
      lastUpdateTime: NOW - 90 * DAY,
      runs: [deletedRun({ id: runId(4), ...long })],
    }),
    experiment({ id: "3", name: "next" }),
  ],
};

/** Those after which the server is there again at the next request. */
const PASSING: readonly Fault[] = ["hang-up", "lost-answer", "500", "503", "half", "page"];
/** Those that end what is being done. */
const LASTING: readonly Fault[] = ["gone", "gone-after"];

/** Hands on what is signed for the proxy. */
function forwardTo(endpoint: string, client: Deno.HttpClient, proxy: () => string): Forward {
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const headers = new Headers(request.headers);
    headers.set("host", new URL(proxy()).host);
    return await fetch(endpoint + pathname + search, {
      client,
      method: request.method,
      headers,
      ...(request.method === "GET" || request.method === "HEAD"
        ? {}
        : { body: await request.text() }),
    });
  };
}

/** Who names the bucket: rows, or a server's variable, as rows say `mlflow-artifacts:/…`. */
const NAMED_BY = ["rows", "a server"] as const;

/** A database whose artifacts lie below a root of their own. */
interface Case extends AsyncDisposable {
  readonly database: TempDatabase;
  readonly namedBy: (typeof NAMED_BY)[number];
  readonly before: Awaited<ReturnType<typeof stateOf>>;
}

async function newCase(
  client: BucketClient,
  number: number,
  namedBy: Case["namedBy"],
): Promise<Case> {
  const database = await tempDatabase(HISTORY);
  const root = namedBy === "rows" ? `s3://${BUCKET}/${number}` : "mlflow-artifacts:";
  relocateRows(database.path, database.artifacts, root);
  for (const [id, where] of [[1, "1"], [2, "1"], [3, "1"], [4, "2"]] as const) {
    for (const name of ["model/MLmodel", "a + b.txt"]) {
      const key = `${number}/${where}/${runId(id)}/artifacts/${name}`;
      await client.ask({ method: "PUT", key, body: `${key} holds this` });
    }
  }
  const before = await stateOf(client, database, number);
  return {
    database,
    namedBy,
    before,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

async function stateOf(client: BucketClient, { path }: TempDatabase, number: number) {
  const objects = await listObjects(client, `${number}/`);
  return {
    rows: exactRowsOf(path),
    objects: Object.fromEntries([...objects].map(([key, { size, etag }]) => [key, [size, etag]])),
  };
}

/** A run whose row is gone has no part of its artifacts in their place, or all of them are lost for nobody. */
function assertWhole({ rows, objects }: Case["before"], number: number): void {
  const keys = Object.keys(objects);
  const text = JSON.stringify(rows["runs"]);
  for (const [id, where] of [[1, "1"], [2, "1"], [4, "2"]] as const) {
    const own = `/${runId(id)}/artifacts/`;
    const there = keys.filter((key) => key.startsWith(`${number}/${where}/`) && key.includes(own));
    const aside = keys.filter((key) => key.includes(".mltidy.trash") && key.includes(own));
    const names = new Set([...there, ...aside].map((key) => key.slice(key.indexOf(own))));
    assertEquals(names.size, 2, `nothing is lost of run ${id}`);
    if (!text.includes(runId(id))) continue;
    assertEquals(there.length, 2, `run ${id} is shown without its artifacts`);
  }
}

Deno.test({
  name: "whatever meets a request to a bucket, rows and artifacts come back together",
  ignore,
  async fn() {
    await using server = await startBucketServer();
    using http = Deno.createHttpClient({ allowHost: true });
    await using proxy: FaultProxy = startFaultProxy(
      forwardTo(server.endpoint, http, () => proxy.uri),
    );
    const client = openBucket(`s3://${BUCKET}`, (name) => server.variables[name]);
    await client.ask({ method: "PUT" });
    let number = 0;
    for (const namedBy of NAMED_BY) {
      const count = { apply: 0, restore: 0 };
      for (const phase of ["apply", "restore"] as const) {
        await using one = await newCase(client, ++number, namedBy);
        count[phase] = await meet({ server, proxy, client }, one, phase, null, number);
        assert(count[phase] > 20, `${phase} asks for something`);
      }
      const first = number;
      for (const [phase, at, fault] of casesOf(count)) {
        await using one = await newCase(client, ++number, namedBy);
        try {
          await meet({ server, proxy, client }, one, phase, { at, fault }, number);
        } catch (error) {
          const where = `request ${at} of ${phase}, the bucket named by ${namedBy}`;
          throw new Error(`${fault} at ${where}`, { cause: error });
        }
      }
      const faults = `${number - first} faults at ${count.apply} and ${count.restore} requests`;
      console.error(`${faults}, the bucket named by ${namedBy}`);
    }
  },
});

function* casesOf(
  count: Readonly<Record<"apply" | "restore", number>>,
): Iterable<readonly ["apply" | "restore", number, Fault]> {
  for (const phase of ["apply", "restore"] as const) {
    const step = isLong ? 1 : Math.floor(count[phase] / 4);
    for (let at = 1; at <= count[phase]; at += step) {
      const passing = isLong ? PASSING : [PASSING[at % PASSING.length]!];
      for (const fault of passing) yield [phase, at, fault];
    }
    const all = Array.from({ length: Math.floor(count[phase] / 3) }, (_, index) => 3 * index + 3);
    const [early = 3, late = 3] = [all[Math.floor(all.length / 5)], all.at(-3)];
    if (!isLong) yield* [[phase, early, "gone"], [phase, late, "gone-after"]] as const;
    else for (const at of all) for (const fault of LASTING) yield [phase, at, fault];
  }
}

interface Reached {
  readonly server: BucketServer;
  readonly proxy: FaultProxy;
  readonly client: BucketClient;
}

/** How many requests were asked in the phase. */
async function meet(
  { server, proxy, client }: Reached,
  { database, namedBy, before }: Case,
  phase: "apply" | "restore",
  wanted: { readonly at: number; readonly fault: Fault } | null,
  number: number,
): Promise<number> {
  const destination = { MLFLOW_ARTIFACTS_DESTINATION: `s3://${BUCKET}/${number}` };
  const open = (endpoint: string, how: "told" | "untold" = "told") => {
    const variables = {
      ...server.variables,
      MLFLOW_S3_ENDPOINT_URL: endpoint,
      ...(namedBy === "a server" && how === "told" ? destination : {}),
    };
    return openStore(database.uri, {
      now: () => NOW,
      environment: (name) => (variables as Record<string, string>)[name],
    });
  };
  if (phase === "restore") {
    await using store = await open(server.endpoint);
    const { report } = await cleanup(store, { apply: true, policy: POLICY });
    assertEquals(report?.complete, true);
  }
  proxy.fail(wanted?.at ?? null, wanted?.fault ?? "500");
  try {
    await using store = await open(proxy.uri);
    if (phase === "apply") await cleanup(store, { apply: true, policy: POLICY });
    else await restore(store);
  } catch (error) {
    // It says what is wrong; what came of it is looked at below.
    if (wanted === null) throw error;
  }
  const requests = proxy.count();
  proxy.fail(null);
  assertWhole(await stateOf(client, database, number), number);
  // Whoever settles it need not be told where a server keeps artifacts: a run that stays lies there.
  await using store = await open(server.endpoint, "untold");
  await recover(store);
  assertWhole(await stateOf(client, database, number), number);
  const settled = await stateOf(client, database, number);
  if (JSON.stringify(settled) !== JSON.stringify(before)) await restore(store);
  assertEquals(await stateOf(client, database, number), before);
  return requests;
}
