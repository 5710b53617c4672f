// deno-lint-ignore-file no-console -- a skipped test says why.
/**
 * Artifacts in a bucket of a real server, which verifies signatures: they go with the rows of a database that MLflow
 * wrote, and come back with them, object by object as they were.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { cleanup, openStore, restore } from "mltidy";
import { askWhatIsKept, deleteObjects, listObjects } from "../../tasks/_artifacts/s3/bucket.ts";
import { openBucket } from "../../tasks/_artifacts/s3/client.ts";
import { copyObject } from "../../tasks/_artifacts/s3/copy_object.ts";
import { policyOfAges } from "../../lib/policy/policy.ts";
import { renderPlan } from "../../lib/render/plan.ts";
import { DAY } from "../_support/builders.ts";
import { exactRowsOf } from "../_support/owned_rows.ts";
import { tempDirectory } from "../_support/temp_directory.ts";
import { type BucketServer, findProgram, startBucketServer } from "./bucket.ts";
import { versionsThatRun } from "./each_version.ts";
import { type MlflowVersion, runPython } from "./python.ts";

const inCi = Deno.env.get("CI") === "true";
const ignore = !inCi && (findProgram() === null || versionsThatRun().length === 0);
if (ignore) console.error('Skipping live tests of buckets: run "deno task test:mlflow"');

const HERE = fromFileUrl(new URL(".", import.meta.url));
const POLICY = { ...policyOfAges(), olderThan: null };
const TRASH = "/.mltidy.trash/";

interface Said {
  readonly made: {
    readonly main: string;
    readonly old: string;
    readonly runs: Readonly<Record<string, string>>;
    readonly models: Readonly<Record<string, string>>;
  };
  readonly shown: { readonly experiments: readonly string[]; readonly deleted: readonly string[] };
  /** By keys: digest, type, metadata and tags. */
  readonly objects: Readonly<Record<string, unknown>>;
}

/** A database of MLflow's whose artifacts lie in a bucket. */
interface BucketStore {
  readonly server: BucketServer;
  readonly version: MlflowVersion;
  readonly directory: string;
  readonly bucket: string;
  readonly root: string;
}

/** Lets MLflow write, or say what it shows; and boto3 say what is there. */
async function ask(
  { server, version, directory, bucket, root }: BucketStore,
  word: "make" | "say",
  ...words: readonly string[]
): Promise<Said> {
  const variables = { ...server.variables, ARTIFACT_ROOT: root };
  const all = [word, directory, HERE, bucket, ...words];
  return await runPython(version, "bucket.py", all, variables) as Said;
}

function open({ directory, server }: BucketStore, variables = server.variables) {
  return openStore(`sqlite:///${join(directory, "mlflow.db")}`, {
    now: () => Date.now() + 90 * DAY,
    environment: (name) => variables[name],
  });
}

async function goAndComeBack(store: BucketStore, count: string): Promise<void> {
  const { root } = store;
  const path = join(store.directory, "mlflow.db");
  const { made: { main, old, runs, models }, ...before } = await ask(store, "make", count);
  const rows = exactRowsOf(path);
  if (store.bucket !== "versioned") await copyInParts(store);
  await whoMayNot(store);
  assertEquals(exactRowsOf(path), rows);

  await using opened = await open(store);
  const { plan, report } = await cleanup(opened, { apply: true, policy: POLICY });
  const expected = [
    `purge-experiment ${old}`,
    ...(models["gone"] === undefined
      ? []
      : ["gone", "stays"].map((name) => `purge-logged-model ${main}/models/${models[name]}`)),
    `purge-run ${main}/${runs["gone"]}`,
    `quarantine-orphan ${main}/${"0".repeat(32)}`,
  ];
  assertEquals(
    plan.actions.map(({ kind, path }) => `${kind} ${path}`).toSorted(),
    expected.toSorted(),
  );
  assertEquals("remote" in plan && plan.remote, {
    buckets: [{
      root,
      problem: null,
      keeps: store.bucket === "versioned" ? "versions" : "nothing",
    }],
    elsewhere: {},
  });
  assertEquals(
    report?.outcomes.map(({ usage: _, ...one }: Record<string, unknown>) => one),
    plan.actions.map(({ kind, path }) => ({ kind, path, outcome: "applied" })),
  );
  assertEquals(plan.totals.usage, report?.totals.usage);
  assert(report!.totals.usage.bytes > 18 << 20);

  const after = await ask(store, "say");
  const keys = Object.keys(after.objects);
  assertEquals(keys.length, Object.keys(before.objects).length);
  assertEquals(keys.filter((key) => key.includes(TRASH)).length, report!.totals.usage.files);
  const left = keys.filter((key) => !key.includes(TRASH));
  assertEquals(left.filter((key) => key.includes(runs["gone"]!)), []);
  assertEquals(
    [after.shown.experiments, after.shown.deleted],
    [before.shown.experiments.filter((name) => name !== "old"), ["parent", "registered"]],
  );

  assertEquals((await restore(opened)).changes, plan.actions.length);
  assertEquals(exactRowsOf(path), rows);
  const { shown, objects } = await ask(store, "say");
  assertEquals({ shown, objects }, before);
}

/** Nothing goes of which nobody can tell what goes with it. */
async function whoMayNot(store: BucketStore): Promise<void> {
  const { server, root } = store;
  await using nobody = await open(store, { MLFLOW_S3_ENDPOINT_URL: server.endpoint });
  const { plan } = await cleanup(nobody, { apply: true, policy: POLICY });
  assertEquals(plan.actions, []);
  const text = renderPlan(plan);
  assertStringIncludes(text, `Artifacts in ${root} were not looked at`);
  assertStringIncludes(text, "AWS_ACCESS_KEY_ID");

  await using reader = await open(store, server.reading);
  const { report } = await cleanup(reader, { apply: true, policy: POLICY });
  assertEquals(new Set(report!.outcomes.map(({ outcome }) => outcome)), new Set(["failed"]));
}

/** What is too large to be copied at once, were it only larger: MLflow's own has 18 MiB. */
async function copyInParts(store: BucketStore): Promise<void> {
  const { server: { variables }, root, bucket } = store;
  const client = openBucket(root, (name) => (variables as Record<string, string>)[name]);
  const objects = await listObjects(client, "team/mlflow/");
  const large = [...objects.values()].find(({ key }) => key.endsWith("/weights.bin"))!;
  const key = "team/copy of weights.bin";
  const etag = await copyObject(client, large, key, { largest: 5 << 20 });
  const parts = Math.ceil(large.size / (5 << 20));
  assert(etag.endsWith(`-${parts}`), etag);
  const { objects: said } = await ask(store, "say");
  assertEquals(said[key], said[large.key]);
  await deleteObjects(client, [key]);
  assertEquals((await listObjects(client, key)).size, 0, bucket);
}

Deno.test({
  name: "artifacts in buckets go with the rows of a database, and come back with them",
  ignore,
  async fn(context) {
    await using server = await startBucketServer();
    for (const [index, version] of versionsThatRun().toReversed().entries()) {
      await context.step(`of MLflow ${version.name}`, async () => {
        await using temp = await tempDirectory();
        const bucket = index === 0 ? "versioned" : `mlflow-${version.name.replaceAll(".", "-")}`;
        const directory = Deno.realPathSync(temp.path);
        const root = `s3://${bucket}/team/mlflow`;
        const store = { server, version, directory, bucket, root };
        await goAndComeBack(store, index === 0 ? "1200" : "10");
      });
    }
  },
});

Deno.test({
  name: "of a bucket it is told what it keeps of what is deleted",
  ignore: !inCi && findProgram() === null,
  async fn() {
    await using server = await startBucketServer();
    const make = async (bucket: string, headers: Readonly<Record<string, string>> = {}) => {
      const client = openBucket(`s3://${bucket}`, (name) => server.variables[name]);
      await client.ask({ method: "PUT", headers });
      return client;
    };
    const plain = await make("plain");
    const locked = await make("locked", { "x-amz-bucket-object-lock-enabled": "true" });
    assertEquals([await askWhatIsKept(plain), await askWhatIsKept(locked)], [
      "nothing",
      "locked versions",
    ]);
    const versioning = (status: string) =>
      `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>${status}</Status></VersioningConfiguration>`;
    for (const status of ["Enabled", "Suspended"]) {
      await plain.ask({ method: "PUT", query: { versioning: "" }, body: versioning(status) });
      assertEquals(await askWhatIsKept(plain), "versions", status);
    }
  },
});
