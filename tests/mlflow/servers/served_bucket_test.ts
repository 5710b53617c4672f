// deno-lint-ignore-file no-console -- a skipped test says why.
/**
 * Artifacts that a tracking server of MLflow's hands on to a bucket, while its database says `mlflow-artifacts:/…`: who
 * is told the same place as the server takes them with the rows of its database, and brings them back with them, so that
 * the server hands them out again.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import type { ApplyReport, Plan } from "mltidy/plan";
import { openBucket } from "../../../tasks/_artifacts/s3/client.ts";
import { commandOf, runTask, startTask } from "../../_support/command.ts";
import { tempDirectory } from "../../_support/temp_directory.ts";
import { type BucketServer, findProgram, startBucketServer } from "../bucket.ts";
import { versionsThatRun } from "../each_version.ts";
import { hasDriver, obstacle, startServer } from "../postgres.ts";
import { type MlflowVersion, runPython } from "../python.ts";
import { type Backend, postgresBackend, sqliteBackend } from "./backend.ts";
import { startTrackingServer } from "./start_server.ts";

const inCi = Deno.env.get("CI") === "true";
const ignore = !inCi && (findProgram() === null || versionsThatRun().length === 0);
if (ignore) console.error('Skipping live tests of served buckets: run "deno task test:mlflow"');

const SCRIPTS = fromFileUrl(new URL("..", import.meta.url));
const TRASH = "/.mltidy.trash/";
/** Nothing that was deleted just now is too young to go. */
const AT_ONCE = ["--purge-after", "0d", "--settle", "0s"] as const;
/** What a bucket takes besides what the tasks may ask for. */
const GRANT = "--allow-env=AWS_ACCESS_KEY_ID,AWS_SECRET_ACCESS_KEY,AWS_DEFAULT_REGION";

interface Said {
  readonly made: {
    readonly main: string;
    readonly old: string;
    readonly runs: Readonly<Record<string, string>>;
    readonly models: Readonly<Record<string, string>>;
  };
  readonly shown: {
    readonly experiments: readonly (readonly [name: string, stage: string])[];
    readonly runs: Readonly<Record<string, unknown>>;
    readonly models: Readonly<Record<string, unknown>>;
  };
  /** By keys: digest, type, metadata and tags. */
  readonly objects: Readonly<Record<string, unknown>>;
}

type Variables = Readonly<Record<string, string>>;

/** A database of a server, and the bucket to which that hands artifacts on. */
interface ServedStore {
  readonly version: MlflowVersion;
  readonly backend: Backend;
  readonly bucket: BucketServer;
  /** What the bucket is called. */
  readonly name: string;
}

async function goAndComeBack({ version, backend, bucket, name }: ServedStore): Promise<void> {
  await using place = await tempDirectory();
  const directory = place.path;
  const root = `s3://${name}/team/served`;
  await makeBucket(bucket, name);
  await using server = await startTrackingServer(version, {
    ...{ backend: backend.forMlflow, directory },
    artifacts: { destination: root, settings: bucket.variables },
  });
  const ask = async (word: "make" | "say") => {
    const words = [word, server.uri, SCRIPTS, name, "team/served"];
    // What fails is told at once: otherwise MLflow tries it again for minutes.
    const variables = { ...bucket.variables, MLFLOW_HTTP_REQUEST_MAX_RETRIES: "1" };
    return await runPython(version, "servers/served_bucket.py", words, variables) as Said;
  };
  const own = { XDG_STATE_HOME: directory, MLFLOW_S3_ENDPOINT_URL: bucket.endpoint };
  const told = { ...own, ...bucket.variables, MLFLOW_ARTIFACTS_DESTINATION: root };
  const planned = async (environment: Variables, ...words: readonly string[]) => {
    const typed = [...AT_ONCE, ...words, "--store", backend.uri];
    const { code, out, err } = await runTask("cleanup", typed, { environment });
    assertEquals(code, 0, err);
    return out;
  };
  const carriedOut = async (task: string, environment: Variables, ...words: readonly string[]) => {
    const [, , ...rest] = commandOf(task);
    const permissions = [...rest.slice(0, rest.indexOf("tasks/cli.ts")), GRANT];
    const typed = [...words, "--json", "--store", backend.uri];
    const { code, out, err } = await startTask(task, typed, { environment, permissions });
    assertEquals(code, 0, err);
    return JSON.parse(out);
  };

  const { made: { main, old, runs, models }, ...before } = await ask("make");
  const rows = await backend.rows();
  const untold = { ...own, ...bucket.variables };
  const misled = { ...told, MLFLOW_ARTIFACTS_DESTINATION: `s3://${name}/team` };
  for (const environment of [untold, misled]) {
    assertStringIncludes(await planned(environment), "mlflow-artifacts:");
  }
  const hidden = { ...own, MLFLOW_ARTIFACTS_DESTINATION: root };
  assertStringIncludes(await planned(hidden), `Artifacts in ${root} were not looked at`);
  assertEquals((JSON.parse(await planned(hidden, "--json")) as Plan).actions, []);

  const plan: Plan = JSON.parse(await planned(told, "--json"));
  const { lost } = models;
  assertEquals(
    plan.actions.map(({ kind, path }) => `${kind} ${path}`).toSorted(),
    [
      `purge-experiment ${old}`,
      ...lost === undefined ? [] : [`purge-logged-model ${main}/models/${lost}`],
      `purge-run ${main}/${runs["gone"]}`,
      `quarantine-orphan ${main}/${"0".repeat(32)}`,
    ].toSorted(),
  );
  assertEquals("remote" in plan && plan.remote, {
    buckets: [{ root, problem: null, keeps: "nothing" }],
    elsewhere: {},
  });
  const report: ApplyReport = await carriedOut("cleanup:apply", told, ...AT_ONCE, "--force");
  assertEquals(
    report.outcomes.map(({ kind, path, outcome }) => [kind, path, outcome]),
    plan.actions.map(({ kind, path }) => [kind, path, "applied"]),
  );
  const { usage } = report.totals;
  assertEquals(usage, plan.totals.usage);

  const after = await ask("say");
  const keys = Object.keys(after.objects);
  assertEquals(keys.length, Object.keys(before.objects).length);
  const left = keys.filter((key) => !key.includes(TRASH));
  assertEquals(keys.length - left.length, usage.files);
  assert(left.length > 0 && usage.files > 0);
  const ids = [runs["gone"]!, runs["inOld"]!, "0".repeat(32), ...lost === undefined ? [] : [lost]];
  assertEquals(left.filter((key) => ids.some((id) => key.includes(id))), []);
  const { gone: _, inOld: __, ...stay } = before.shown.runs;
  const experiments = before.shown.experiments.filter(([name]) => name !== "old");
  assertEquals(after.shown, { ...before.shown, experiments, runs: stay });

  // A run that stays proves where what the log names lies, whether or not anybody says so.
  const { changes } = await carriedOut("restore", untold, "--last");
  assertEquals(changes, plan.actions.length);
  assertEquals(await backend.rows(), rows);
  const { shown, objects } = await ask("say");
  assertEquals({ shown, objects }, before);
}

/** MLflow makes none. */
async function makeBucket({ variables }: BucketServer, name: string): Promise<void> {
  const client = openBucket(`s3://${name}`, (variable) => variables[variable]);
  await client.ask({ method: "PUT" });
}

Deno.test({
  name: "what a server hands on to a bucket goes with rows, comes back, and is handed out again",
  ignore,
  async fn(context) {
    await using stack = new AsyncDisposableStack();
    const bucket = stack.use(await startBucketServer());
    const postgres = obstacle === null ? stack.use(await startServer()) : null;
    const stores = await Promise.all(
      versionsThatRun().flatMap((version) => {
        const name = `mlflow${version.name.split(".")[0]}`;
        const inSqlite = async () => {
          const { path } = stack.use(await tempDirectory());
          const backend = sqliteBackend(version, path);
          return { what: "SQLite", store: { version, bucket, backend, name: `${name}-sqlite` } };
        };
        const inPostgres = async () => {
          assert(await hasDriver(version), "psycopg2 is not installed: run deno task test:mlflow");
          const backend = await postgresBackend(postgres!, name);
          return {
            what: "PostgreSQL",
            store: { version, bucket, backend, name: `${name}-postgres` },
          };
        };
        return [inSqlite(), ...postgres === null ? [] : [inPostgres()]];
      }),
    );
    await Promise.all(stores.map(({ what, store }) =>
      context.step({
        name: `MLflow ${store.version.name} on ${what}`,
        fn: () => goAndComeBack(store),
        // They are tried at the same time.
        ...{ sanitizeOps: false, sanitizeResources: false, sanitizeExit: false },
      })
    ));
  },
});
