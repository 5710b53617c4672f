/**
 * How a bucket is reached, and by whose name, found as boto3 and MLflow find it.
 *
 * @module
 */

import { join } from "@std/path";
import { headerFault } from "../../../lib/text/credentials.ts";
import type { Environment } from "../../_io/process.ts";
import { MOST, readTextFile } from "../../_io/read.ts";
import { BucketError } from "./bucket_error.ts";

/** The variables that tell how to reach a bucket. */
export const VARIABLES = [
  ...["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"],
  ...["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"],
  ...["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"],
  ...["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_CA_BUNDLE", "MLFLOW_S3_ENDPOINT_URL"],
  ...["MLFLOW_S3_IGNORE_TLS", "MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE", "HOME"],
] as const;

/** What a request is signed with. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** How to reach a bucket. */
export interface Access {
  readonly credentials: Credentials;
  readonly region: string;
  /** `null`: that of the region. */
  readonly endpoint: URL | null;
  /** Whether the bucket is named by the path of a URL, by its host, or as the endpoint has it. */
  readonly addressing: "path" | "virtual" | "auto";
  /** Path of the certificates to trust besides; `null` for none. */
  readonly certificates: string | null;
  /** Whether MLflow does not look at the certificate. */
  readonly ignoresTls: boolean;
}

/**
 * Finds how to reach a bucket: by the variables, else by the profile that `AWS_PROFILE` names in `~/.aws/credentials`
 * and `~/.aws/config`. Needs read permission for these files, if they are to count.
 *
 * @param environment Says what variables are set to.
 * @returns How.
 * @throws {BucketError} When nobody says by whose name, or what is said makes no sense.
 */
export function findAccess(environment: Environment): Access {
  const of = (name: typeof VARIABLES[number]) => environment(name) || null;
  const profile = of("AWS_PROFILE") ?? of("AWS_DEFAULT_PROFILE") ?? "default";
  const shared = readSections(of("AWS_SHARED_CREDENTIALS_FILE"), "credentials", of("HOME"));
  const config = readSections(of("AWS_CONFIG_FILE"), "config", of("HOME"));
  const settings: Section = {
    ...config.get(profile === "default" ? "default" : `profile ${profile}`),
    ...shared.get(profile),
  };
  const region = of("AWS_REGION") ?? of("AWS_DEFAULT_REGION") ?? settings["region"] ?? "us-east-1";
  if (!/^[a-z0-9-]+$/i.test(region)) {
    throw new BucketError("region", `expected a region such as eu-west-1, found ${region}`);
  }
  const services = config.get(`services ${settings["services"]}`);
  const configured = of("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?.toLowerCase() === "true"
    ? null
    : of("AWS_ENDPOINT_URL_S3") ?? of("AWS_ENDPOINT_URL") ?? services?.["s3.endpoint_url"] ??
      settings["endpoint_url"] ?? null;
  const endpoint = of("MLFLOW_S3_ENDPOINT_URL") ?? configured;
  return {
    credentials: credentialsIn(of, settings, profile),
    region,
    endpoint: endpoint === null ? null : endpointOf(endpoint),
    addressing: addressingOf(
      of("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE"),
      settings["s3.addressing_style"],
    ),
    certificates: of("AWS_CA_BUNDLE") ?? settings["ca_bundle"] ?? null,
    ignoresTls: /^(?:true|1)$/i.test(of("MLFLOW_S3_IGNORE_TLS") ?? ""),
  };
}

function credentialsIn(
  of: (name: typeof VARIABLES[number]) => string | null,
  settings: Section,
  profile: string,
): Credentials {
  const [id, secret, token] = [
    of("AWS_ACCESS_KEY_ID"),
    of("AWS_SECRET_ACCESS_KEY"),
    of("AWS_SESSION_TOKEN"),
  ];
  if (id !== null || secret !== null) {
    if (id !== null && secret !== null) return credentialsOf(id, secret, token);
    throw new BucketError(
      "credentials",
      "expected AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, found only one of them",
    );
  }
  const { aws_access_key_id: ownId, aws_secret_access_key: ownSecret } = settings;
  if (ownId && ownSecret) return credentialsOf(ownId, ownSecret, settings["aws_session_token"]);
  const state = Deno.permissions.querySync({ name: "env", variable: "AWS_ACCESS_KEY_ID" }).state;
  if (state !== "granted") {
    throw new BucketError(
      "grant",
      `this process may not ask for AWS_ACCESS_KEY_ID; type first: export MLTIDY_GRANT='--allow-net=HOST --allow-env=${
        VARIABLES.join(",")
      }' with the host of the bucket`,
    );
  }
  // What asks a third for them is a program of its own.
  const indirect = Object.keys(settings).find((key) =>
    /^(?:sso_|role_arn$|credential_process$|web_identity_)/.test(key)
  );
  throw new BucketError(
    "credentials",
    indirect === undefined
      ? `nobody says by whose name: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write them into profile ${profile} of ~/.aws/credentials`
      : `profile ${profile} takes its credentials by ${indirect}, which mltidy does not; type first: eval "$(aws configure export-credentials --profile ${profile} --format env)"`,
  );
}

function credentialsOf(
  accessKeyId: string,
  secretAccessKey: string,
  sessionToken: string | null | undefined,
): Credentials {
  const given = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken ?? "",
  };
  for (const [name, value] of Object.entries(given)) {
    const fault = headerFault(value);
    if (fault === null) continue;
    throw new BucketError(
      "credentials",
      `${name}, or what a profile has in its place, has ${fault} in it, which none has; set it again without`,
    );
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

function endpointOf(text: string): URL {
  const url = URL.parse(text);
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username === "" &&
    url.search === "" && url.hash === "";
  if (isPlain) return url;
  throw new BucketError(
    "endpoint",
    "expected an endpoint such as https://minio.example:9000, without user or password; see MLFLOW_S3_ENDPOINT_URL and AWS_ENDPOINT_URL",
  );
}

function addressingOf(named: string | null, configured: string | undefined): Access["addressing"] {
  const wanted = (named ?? configured ?? "auto").toLowerCase();
  return wanted === "path" || wanted === "virtual" ? wanted : "auto";
}

/** What a section says; a key that is indented below another has that before it: `s3.addressing_style`. */
type Section = Readonly<Record<string, string>>;

function readSections(
  path: string | null,
  name: string,
  home: string | null,
): ReadonlyMap<string, Section> {
  const sections = new Map<string, Record<string, string>>();
  const file = path ?? (home === null ? null : join(home, ".aws", name));
  if (file === null) return sections;
  let section: Record<string, string> | null = null;
  let above = "";
  for (const line of readOrNothing(file.replace(/^~(?=\/)/, home ?? "~")).split(/\r?\n/)) {
    const [, heading] = /^\[\s*([^\]]+?)\s*\]/.exec(line) ?? [];
    if (heading !== undefined) {
      sections.set(heading.replace(/\s+/, " "), section = {});
      continue;
    }
    const [, indent, key = "", value = ""] = /^(\s*)([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ??
      [];
    if (indent === undefined || section === null) continue;
    if (indent === "") above = key;
    section[indent === "" ? key : `${above}.${key}`] = value;
  }
  return sections;
}

/** Nothing where there is none, or it may not be read. */
function readOrNothing(path: string): string {
  try {
    return readTextFile(path, { most: MOST.config });
  } catch {
    return "";
  }
}
