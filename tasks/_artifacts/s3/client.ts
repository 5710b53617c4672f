/**
 * Requests to a bucket of S3: signed, within a time, tried again where that does no harm.
 *
 * What is asked is one of the few things that `bucket.ts` and `copy_object.ts` ask. An answer that leads elsewhere is
 * followed to another region of the same service alone, so that what is signed reaches nobody else.
 *
 * @module
 */

import { AwsClient } from "aws4fetch";
import { parseS3Uri } from "../../../lib/store/artifact_uri.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import { readTextFile } from "../../_io/read.ts";
import { digestText } from "../../_io/tree/digest.ts";
import { readElement, readRoot } from "./answers.ts";
import { BucketError, refusal } from "./bucket_error.ts";
import type { Environment } from "../../_io/process.ts";
import { type Access, findAccess, VARIABLES } from "./find_access.ts";

/** What is asked of a bucket. */
export interface Asked {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** The key of an object; left out: the bucket itself is asked. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whether it does no harm to ask once more what may have been done. @default {true} */
  readonly isRepeatable?: boolean;
  /** How long to wait for the answer, ms. @default {60000} */
  readonly patience?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What was answered. */
export interface Answer {
  readonly headers: Headers;
  readonly text: string;
}

/** A bucket that can be asked. */
export interface BucketClient {
  readonly bucket: string;
  /**
   * Asks it. Needs net permission for its host.
   *
   * @throws {BucketError} When it does not do what was asked.
   * @throws {DOMException} `AbortError` when the signal is aborted.
   */
  ask(asked: Asked): Promise<Answer>;
  /** Asks for what an object holds; the caller reads it to its end, or cancels it. */
  open(key: string, signal?: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

/** How often a request is sent at most, and how long is waited before it is sent once more, ms. */
const [MOST_TRIES, FIRST_PAUSE] = [5, 200] as const;

/** How long to wait for an answer, ms, and how much of it is read, characters. */
const [PATIENCE, LONGEST_ANSWER] = [60_000, 16 * 1024 * 1024] as const;

/**
 * Makes ready to ask a bucket. Asks nothing yet; needs read permission for `~/.aws`.
 *
 * @param root `s3://BUCKET/KEY`.
 * @param environment Says what variables are set to.
 * @returns What asks it.
 * @throws {BucketError} When nobody says how to reach it, or this process may not.
 */
export function openBucket(root: string, environment: Environment): BucketClient {
  const { bucket } = parseS3Uri(root)!;
  const access = findAccess(environment);
  const client = access.certificates === null ? undefined : clientFor(access.certificates);
  let region = access.region;
  const signer = () =>
    new AwsClient({ ...access.credentials, region, service: "s3", cache: KEYS, retries: 0 });
  const send = async (asked: Asked): Promise<Response> => {
    const url = urlOf(access, region, bucket, asked);
    requireGrant(url);
    const { method, headers = {}, body, signal, patience = PATIENCE } = asked;
    const request = await signer().sign(url.href, {
      method,
      headers: { ...headers, "x-amz-content-sha256": await digestText(body ?? "") },
      ...(body === undefined ? {} : { body }),
    });
    const within = AbortSignal.any([AbortSignal.timeout(patience), ...(signal ? [signal] : [])]);
    return await fetch(request, {
      redirect: "manual",
      signal: within,
      ...(client === undefined ? {} : { client }),
    });
  };
  /** The answer, whose body is yet to be read, once it is none that asks for more patience, or another region. */
  const sendUntilAnswered = async (asked: Asked): Promise<Response> => {
    let isMoved = false;
    for (let tries = 1;; tries++) {
      asked.signal?.throwIfAborted();
      let problem: BucketError;
      let mayRepeat = asked.isRepeatable ?? true;
      try {
        const answer = await send(asked);
        if (answer.ok) return answer;
        const text = await readBounded(answer);
        const { code, message, region: named } = failureIn(answer, text);
        if (named !== null && named !== region && !isMoved && access.endpoint === null) {
          [region, isMoved] = [named, true];
          continue;
        }
        problem = code === null
          ? strange(answer.status, urlOf(access, region, bucket, asked))
          : refusal(code, answer.status, message);
        // Of these a server says that it has not begun.
        if (answer.status === 503 || answer.status === 429) mayRepeat = true;
        else if (answer.status !== 500 && answer.status !== 502 && answer.status !== 504) {
          throw problem;
        }
      } catch (error) {
        if (error instanceof BucketError) throw error;
        asked.signal?.throwIfAborted();
        problem = unreached(error, urlOf(access, region, bucket, asked), access);
      }
      if (!mayRepeat || tries === MOST_TRIES) throw problem;
      await pause(FIRST_PAUSE * 2 ** (tries - 1) * (1 + Math.sin(tries)) / 2, asked.signal);
    }
  };
  return {
    bucket,
    async ask(asked) {
      for (let tries = 1;; tries++) {
        const answer = await sendUntilAnswered(asked);
        try {
          const text = asked.method === "HEAD" ? "" : await readBounded(answer);
          // What takes long is answered before it is done, and may fail after that.
          if (text.includes("<Error")) {
            const { code, message } = failureIn(answer, text);
            throw refusal(code ?? "Unknown", answer.status, message);
          }
          return { headers: answer.headers, text };
        } catch (error) {
          if (error instanceof BucketError) throw error;
          asked.signal?.throwIfAborted();
          const mayRepeat = (asked.isRepeatable ?? true) && tries < MOST_TRIES;
          if (!mayRepeat) throw unreached(error, urlOf(access, region, bucket, asked), access);
        }
      }
    },
    async open(key, signal) {
      const answer = await sendUntilAnswered({ method: "GET", key, signal, patience: 3_600_000 });
      return answer.body ?? new Blob([]).stream();
    },
  };
}

/** Keys for signing, which take four rounds of hashing each, by what they are made of. */
const KEYS = new Map<string, ArrayBuffer>();

function clientFor(certificates: string): Deno.HttpClient {
  return Deno.createHttpClient({ caCerts: [readTextFile(certificates)] });
}

function urlOf(
  { endpoint, addressing }: Access,
  region: string,
  bucket: string,
  { key, query = {} }: Asked,
): URL {
  const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const url = new URL(endpoint?.href ?? `https://s3.${region}.${suffix}`);
  // A name with dots is in no certificate, and a host has no capitals.
  const isHost = /^[a-z0-9-]+$/.test(bucket) &&
    (addressing === "virtual" || addressing === "auto" && endpoint === null);
  if (isHost) url.host = `${bucket}.${url.host}`;
  const path = [
    ...url.pathname.split("/").filter((name) => name !== ""),
    ...(isHost ? [] : [encoded(bucket)]),
  ];
  url.pathname = `/${[...path, ...key === undefined ? [] : [encodedKey(key)]].join("/")}`;
  url.search = Object.entries(query)
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join("&");
  return url;
}

/**
 * Writes a key as a URL and a header have it: strictly, or the signature is another one.
 *
 * @param key The key.
 * @returns The same, but for its slashes.
 */
export function encodedKey(key: string): string {
  return key.split("/").map(encoded).join("/");
}

function encoded(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Refuses what this process may not reach, since what Deno says of that has nobody grant enough. */
function requireGrant(url: URL): void {
  const port = url.port === "" ? url.protocol === "https:" ? "443" : "80" : url.port;
  const host = `${url.hostname}:${port}`;
  if (Deno.permissions.querySync({ name: "net", host }).state === "granted") return;
  const grant = `--allow-net=${host} --allow-env=${VARIABLES.join(",")}`;
  throw new BucketError(
    "grant",
    `this process may not reach ${host}; type first: export MLTIDY_GRANT=${shellWords([grant])}`,
  );
}

/** What a server says of a failure; nothing where what answers is none of S3. */
function failureIn(
  { status, headers }: Response,
  text: string,
): { readonly code: string | null; readonly message: string; readonly region: string | null } {
  const root = text.includes("<Error") ? readRoot(text) : null;
  const named = headers.get("x-amz-bucket-region") ?? (root && readElement(root, "Region"));
  const region = named !== null && /^[a-z0-9-]+$/.test(named) ? named : null;
  const code = root && readElement(root, "Code");
  if (code !== null && /^\w+$/.test(code)) {
    return { code, message: readElement(root!, "Message") ?? "", region };
  }
  // What is asked by HEAD is answered without a word.
  const isS3 = headers.has("x-amz-request-id");
  return { code: isS3 ? CODES[status] ?? `Status${status}` : null, message: "", region };
}

const CODES: Readonly<Record<number, string>> = {
  301: "PermanentRedirect",
  403: "AccessDenied",
  404: "NotFound",
  412: "PreconditionFailed",
};

function strange(status: number, { host }: URL): BucketError {
  return new BucketError("answer", `what answers at ${host} is no S3 (status ${status})`);
}

async function readBounded(answer: Response): Promise<string> {
  const chunks: string[] = [];
  let length = 0;
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) {
    const text = decoder.decode(chunk, { stream: true });
    length += text.length;
    if (length > LONGEST_ANSWER) {
      throw new BucketError("answer", "expected an answer of S3, found one that does not end");
    }
    chunks.push(text);
  }
  return chunks.join("") + decoder.decode();
}

function unreached(
  error: unknown,
  { host, hostname }: URL,
  { ignoresTls }: Access,
): BucketError {
  const options = { cause: error };
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return new BucketError("timeout", `${host} does not answer`, options);
  }
  const text = error instanceof Error ? `${error.message} ${error.cause ?? ""}` : `${error}`;
  if (/certificate|UnknownIssuer|tls/i.test(text)) {
    const help = ignoresTls
      ? `; MLFLOW_S3_IGNORE_TLS is not enough for Deno: add --unsafely-ignore-certificate-errors=${hostname} to MLTIDY_GRANT, or name its certificate in AWS_CA_BUNDLE`
      : "; name it in AWS_CA_BUNDLE";
    return new BucketError("tls", `the certificate of ${host} is not trusted${help}`, options);
  }
  return new BucketError("network", `${host} cannot be reached, or hangs up`, options);
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
