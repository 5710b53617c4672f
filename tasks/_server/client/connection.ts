/**
 * The way to a server: which certificates count, how long it may be silent, which redirects are followed, and what
 * the network's failures mean.
 *
 * @module
 */

import { errorMessage } from "../../../lib/errors.ts";
import type { ServerName } from "../../../lib/store/store_uri.ts";
import { shellWords } from "../../../lib/text/shell_words.ts";
import { MOST, readTextFile } from "../../_io/read.ts";
import type { Environment } from "../../_io/process.ts";
import { RequestError, type RequestFailure } from "./request_error.ts";

/** What is sent. */
export interface Request {
  readonly method: string;
  /** Behind the server's address. */
  readonly path: string;
  /** JSON, or bytes; `null`: none. */
  readonly body: string | Uint8Array<ArrayBuffer> | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** How it is sent. */
export interface ExchangeOptions<T> {
  /** Whether it may be sent more than once, be it to where the same server sends it on. */
  readonly follows: boolean;
  readonly signal: AbortSignal | undefined;
  /** Reads the answer; to be told of each part of it that comes. */
  readonly read: (response: Response, onBytes: () => void) => Promise<T>;
}

/** The way to a server. */
export interface Connection extends Disposable {
  /**
   * Sends a request and reads the answer.
   *
   * @throws {RequestError} When no answer came.
   * @throws {DOMException} When it was broken off.
   */
  exchange<T>(request: Request, options: ExchangeOptions<T>): Promise<T>;
}

/** What to grant of the environment, as the tasks are. */
const VARIABLES = "MLFLOW_*,HOME,INIT_CWD,NO_COLOR";

const JSON_TYPE = "application/json";
const ANY_TYPE = "application/octet-stream";

/** What MLflow waits for an answer, s. */
const USUAL_PATIENCE = 120;
/** How many times as long an answer may take, of which something comes now and then. */
const MOST_PATIENCE = 10;
const MOST_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Makes the way to a server; nothing is sent yet. Needs net permission for its host, and read permission for the
 * certificates that are named.
 *
 * @param server The server.
 * @param environment Says what variables are set to.
 * @returns The way, to be bound by `using`.
 * @throws {RequestError} When this process may not reach the host, or what was asked of TLS cannot be had.
 */
export function connect(server: ServerName, environment: Environment): Connection {
  requireGrant(server);
  refuseSigning(environment);
  const settings = { ...certificates(environment), http2: false } as const;
  const kept = Deno.createHttpClient(settings);
  // Deno sends a request again by itself where a connection was kept and ends without an answer: what changes
  // something would be done twice. A new connection each time rules that out.
  const fresh = Deno.createHttpClient({ ...settings, poolMaxIdlePerHost: 0 });
  const patience = patienceOf(environment);
  const isLax = isOn(environment("MLFLOW_TRACKING_INSECURE_TLS"));
  let hasAnswered = false;
  return {
    async exchange({ method, path, body, headers }, { follows, signal, read }) {
      const silence = new AbortController();
      const restart = () => {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(SILENCE), patience);
      };
      let timer: ReturnType<typeof setTimeout> | undefined;
      restart();
      const end = setTimeout(() => silence.abort(DRIP), MOST_PATIENCE * patience);
      let url = server.base + path;
      try {
        for (let redirects = 0;; redirects++) {
          const response = await fetch(url, {
            client: follows ? kept : fresh,
            method,
            body,
            headers: {
              ...headers,
              ...(body === null
                ? {}
                : { "Content-Type": typeof body === "string" ? JSON_TYPE : ANY_TYPE }),
            },
            redirect: "manual",
            signal: AbortSignal.any([silence.signal, ...(signal === undefined ? [] : [signal])]),
          });
          hasAnswered = true;
          restart();
          const to = REDIRECTS.has(response.status) ? response.headers.get("Location") : null;
          if (to === null) return await read(response, restart);
          await response.body?.cancel();
          url = redirected(url, to, follows && redirects < MOST_REDIRECTS, response.status);
        }
      } catch (error) {
        if (error === SILENCE || error === DRIP) {
          const long = error === SILENCE ? silent(patience) : slow(patience);
          throw new RequestError("unanswered", `${long}; ${PATIENCE}`, { isLate: true });
        }
        throw networkError(error, server, { isLax, hasAnswered }) ?? error;
      } finally {
        clearTimeout(timer);
        clearTimeout(end);
      }
    },
    [Symbol.dispose]() {
      kept.close();
      fresh.close();
    },
  };
}

/** By its identity: why a request was given up. */
const SILENCE = new Error("No answer");
const DRIP = new Error("No end of an answer");

const PATIENCE = "MLFLOW_HTTP_REQUEST_TIMEOUT sets how long to wait";

function silent(patience: number): string {
  return `the server has not answered for ${patience / 1000} s`;
}

function slow(patience: number): string {
  return `the server's answer has not come to its end in ${
    MOST_PATIENCE * patience / 1000
  } s, ${MOST_PATIENCE} times as long as it may be silent`;
}

function patienceOf(environment: Environment): number {
  const typed = environment("MLFLOW_HTTP_REQUEST_TIMEOUT");
  const seconds = Number(typed || USUAL_PATIENCE);
  if (seconds > 0 && seconds <= 86_400) return seconds * 1000;
  throw new RequestError(
    "denied",
    "MLFLOW_HTTP_REQUEST_TIMEOUT is no time; expected seconds, such as 120",
  );
}

function isOn(value: string | undefined): boolean {
  return /^(?:true|1)$/i.test(value ?? "");
}

/** What signs each request by ways that no header of ours has. */
function refuseSigning(environment: Environment): void {
  const named = isOn(environment("MLFLOW_TRACKING_AWS_SIGV4"))
    ? "MLFLOW_TRACKING_AWS_SIGV4"
    : environment("MLFLOW_TRACKING_AUTH")
    ? "MLFLOW_TRACKING_AUTH"
    : null;
  if (named === null) return;
  throw new RequestError(
    "denied",
    `${named} is set, and mltidy cannot sign requests that way; it knows user and password, and a token`,
  );
}

function certificates(
  environment: Environment,
): Partial<Deno.CreateHttpClientOptions & Deno.TlsCertifiedKeyPem> {
  const authority = environment("MLFLOW_TRACKING_SERVER_CERT_PATH");
  const own = environment("MLFLOW_TRACKING_CLIENT_CERT_PATH");
  const read = (variable: string, path: string) => {
    try {
      return readTextFile(path, { most: MOST.config });
    } catch (error) {
      const why = errorMessage(error);
      throw new RequestError("untrusted", `${variable} cannot be read: ${why}`, { cause: error });
    }
  };
  const pem = own ? read("MLFLOW_TRACKING_CLIENT_CERT_PATH", own) : null;
  return {
    ...(authority ? { caCerts: [read("MLFLOW_TRACKING_SERVER_CERT_PATH", authority)] } : {}),
    // Python takes one file for both.
    ...(pem === null ? {} : {
      cert: blocksOf(pem, /CERTIFICATE/),
      key: blocksOf(pem, /PRIVATE KEY/),
    }),
  };
}

function blocksOf(pem: string, kind: RegExp): string {
  return [...pem.matchAll(/-----BEGIN ([A-Z ]+)-----.*?-----END \1-----/gs)]
    .flatMap(([block, name = ""]) => kind.test(name) ? [`${block}\n`] : []).join("");
}

/** Where a request goes on: nowhere but to the same server, as credentials go with it. */
function redirected(from: string, to: string, mayFollow: boolean, status: number): string {
  const [here, there] = [new URL(from), URL.parse(to, from)];
  const shown = there === null ? "nowhere" : `${there.protocol}//${there.host}${there.pathname}`;
  const isSecured = here.protocol === "http:" && there?.protocol === "https:" &&
    here.hostname === there.hostname && here.port === "" && there.port === "";
  if (there === null || !isSecured && here.origin !== there.origin) {
    throw new RequestError(
      "foreign",
      `what answers there sends on to ${shown} (${status}), which is another server, and mltidy does not follow; where that is a proxy's login page, name the server behind it, or what lets a program in`,
      { status },
    );
  }
  if (!mayFollow) {
    throw new RequestError(
      "foreign",
      `what answers there sends on to ${shown} (${status}); name that instead`,
      { status },
    );
  }
  return there.href;
}

function requireGrant(server: ServerName): void {
  const url = URL.parse(server.base);
  if (url === null) {
    throw new RequestError(
      "foreign",
      "no host is called so; expected such as http://localhost:5000",
    );
  }
  const { protocol, hostname, port } = url;
  const host = `${hostname}:${port === "" ? protocol === "https:" ? 443 : 80 : port}`;
  if (Deno.permissions.querySync({ name: "net", host }).state === "granted") return;
  throw new RequestError(
    "denied",
    `this process may not reach it; grant ${
      shellWords([`--allow-net=${host}`, `--allow-env=${VARIABLES}`])
    }`,
  );
}

const HUNG_UP = "the server has hung up before its answer was whole";

/** By what Deno says of it: why, and what helps. */
const NETWORK: readonly (readonly [RegExp, RequestFailure, string])[] = [
  [/dns error|failed to lookup/i, "unreachable", "no such host"],
  [/connection refused/i, "unreachable", "no server listens there"],
  [/no route to host|network is unreachable/i, "unreachable", "no way leads to that host"],
  [/\(Connect\).*(?:timed out)/i, "unreachable", "the host does not answer"],
  [
    /are blocked/,
    "unreachable",
    "no server of that kind is asked at that port, as no browser does",
  ],
  [
    /InvalidContentType/,
    "untrusted",
    "what answers there does not speak TLS; write http:// instead of https://",
  ],
  [
    /invalid HTTP version|invalid HTTP status|HTTP header|incomplete/i,
    "foreign",
    "what answers there does not speak HTTP; where it takes TLS alone, write https://",
  ],
  [/certificate.*expired|Expired/i, "untrusted", "its certificate has expired"],
  [/not valid for name/i, "untrusted", "its certificate is that of another host"],
  [
    /CaUsedAsEndEntity/,
    "untrusted",
    "its certificate vouches for itself, which Deno takes for no server's; have one made by an authority of your own and name that in MLFLOW_TRACKING_SERVER_CERT_PATH, or type `export MLTIDY_GRANT=--unsafely-ignore-certificate-errors=HOST`",
  ],
  [
    /UnknownIssuer/,
    "untrusted",
    "nobody that is trusted here vouches for its certificate; name a file of who does in MLFLOW_TRACKING_SERVER_CERT_PATH",
  ],
  [/certificate/i, "untrusted", "its certificate does not hold"],
  [/\(Connect\)/, "unreachable", "no connection came about"],
];

function lax(host: string): string {
  return `; MLFLOW_TRACKING_INSECURE_TLS cannot be kept here: Deno is told that for a process, so type \`export MLTIDY_GRANT=--unsafely-ignore-certificate-errors=${host}\``;
}

function networkError(
  error: unknown,
  server: ServerName,
  { isLax, hasAnswered }: Readonly<Record<"isLax" | "hasAnswered", boolean>>,
): RequestError | null {
  if (error instanceof RequestError || error instanceof DOMException || !(error instanceof Error)) {
    return null;
  }
  const { cause } = error;
  const text = [error.message, cause instanceof Error ? cause.message : ""].join(" ");
  if (/header value|ByteString/i.test(text)) {
    // It says the value, which may be a secret.
    return new RequestError("denied", "a header of the request would hold what none can");
  }
  if (!/fetch failed|error sending|reading a body|connection|HTTP|are blocked/i.test(text)) {
    return null;
  }
  const [, failure, why] = NETWORK.find(([pattern]) => pattern.test(text)) ??
    [null, "unanswered", HUNG_UP] as const;
  const { protocol, hostname } = new URL(server.base);
  const isTls = failure === "untrusted" && protocol === "https:";
  const mayTakeTls = failure === "unanswered" && protocol === "http:" && !hasAnswered;
  // Its own words are kept out: they hold addresses as they were typed.
  return new RequestError(
    failure,
    why +
      (isTls && isLax
        ? lax(hostname)
        : mayTakeTls
        ? "; where it takes TLS alone, write https://"
        : ""),
  );
}
