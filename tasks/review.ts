/**
 * The task `review`: a page on which somebody looks at a store and at the plan of its clean-up, and carries it out.
 *
 * *Ordering*: it listens first and reads then, so that there is a page that tells how far the reading is.
 *
 * *Locking*: nothing is locked while somebody looks; what is carried out takes the store's lock.
 *
 * *After an interruption*: what is being carried out ends between two actions.
 *
 * @module
 */

import { InvalidArgumentError, StoreAccessError } from "../lib/errors.ts";
import type { Config } from "../lib/policy/config_rows.ts";
import { LAST_PORT } from "../lib/policy/config_value.ts";
import { reviewRows } from "../lib/policy/review_rows.ts";
import { plainCommand } from "../lib/render/commands.ts";
import { placeOf } from "../lib/store/store_uri.ts";
import { shellWords } from "../lib/text/shell_words.ts";
import { answersWith } from "./_web/answers.ts";
import { importMapHash, pageAssets } from "./_web/assets.ts";
import {
  type EndedWork,
  type KnownWork,
  openWorkshop,
  type WorkListener,
} from "./_web/carry_out.ts";
import { API, refuse } from "./_web/guard.ts";
import { answerRequest, type RouteContext } from "./_web/routes.ts";
import { serveRequests, type WebRequest } from "./_web/serving/serve_requests.ts";
import { openSession } from "./_web/session.ts";
import type { StoreWatch } from "./_web/watch_store.ts";
import { requireCapability } from "./ports/require_capability.ts";
import type { Store } from "./ports/store.ts";

export type { EndedWork, KnownWork, WorkListener };

/** How to show a store. */
export interface ReviewOptions extends WorkListener {
  /** Whether the store may be changed from the page; needs write permission. @default {false} */
  readonly apply?: boolean;
  /** The policy that the page begins with. @default {what is older than 30 days goes} */
  readonly config?: Config | undefined;
  /** Absolute path of the file that says it, for people. @default {none} */
  readonly configPath?: string | undefined;
  /** Where backups lie. @default {our own directory inside the store} */
  readonly backups?: string | undefined;
  /** The port; the next ones are tried where it is taken. 0: any. @default {8484} */
  readonly port?: number;
  /** The address of MLflow's UI, to which each run then links. @default {none} */
  readonly mlflowUi?: string | undefined;
  /** Names of hosts by which a proxy may ask, besides this machine's own. @default {[]} */
  readonly allowHosts?: readonly string[];
  /** Called as runs are read, with their number so far, and how many they were last time. */
  readonly onProgress?: (runs: number, total?: number) => void;
  /** Gives what is typed to run a task on the same store. @default {its name behind "deno task"} */
  readonly command?: (task: string) => string;
}

/** A page that is being served; disposing of it ends that, and what is being carried out, between two actions. */
export interface ReviewServer extends AsyncDisposable {
  /** The address to open, with its token: whoever has it may do what the page may. */
  readonly url: string;
  /** The port. */
  readonly port: number;
  /** Settles once the store is read for the first time; rejected where it cannot be, which the page tells as well. */
  readonly ready: Promise<void>;
  /** Settles when the server has ended. */
  readonly finished: Promise<void>;
}

/** The port where none is said. */
export const REVIEW_PORT: number = reviewRows.port.default;
/** How many ports are tried. */
const PORTS = 20;
const TOKEN_BYTES = 32;
/** How long the last lines have to get to whoever listens, ms. */
const LAST_LINES = 100;

/**
 * Serves a page that shows a store and the plan of its clean-up, on this machine alone. Needs read permission for the
 * store, net permission for 127.0.0.1, and to change something write permission.
 *
 * @param store The store.
 * @param options How to show it.
 * @returns The server, which listens already; the store is being read.
 * @throws {InvalidArgumentError} When the address of MLflow's UI or the port is none, or no port is free.
 *
 * @example
 * ```ts
 * import { openStore } from "mltidy";
 * import { review } from "mltidy/review";
 *
 * await using store = await openStore("./mlruns");
 * await using page = await review(store, { port: 0 });
 * console.log(page.url);
 * ```
 */
export async function review(store: Store, options: ReviewOptions = {}): Promise<ReviewServer> {
  const { apply = false, allowHosts = [], port = REVIEW_PORT, config } = options;
  const mlflowUi = options.mlflowUi === undefined ? null : mlflowAddress(options.mlflowUi);
  if (apply) refuseToApply(store);
  const token = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES))
    .toBase64({ alphabet: "base64url", omitPadding: true });
  const answers = answersWith({ importMapHash: await importMapHash() });
  const assets = pageAssets();
  let context: RouteContext | null = null;

  async function answer(request: WebRequest, prove: () => void): Promise<Response> {
    const refusal = refuse(request, { token, allowHosts });
    if (refusal !== null) return answers.refusal(refusal);
    const { pathname } = new URL(request.url);
    if (pathname.startsWith(API)) {
      prove();
      return await answerRequest(context!, request);
    }
    const asset = assets.get(pathname);
    return asset === undefined
      ? answers.refusal({ status: 404, refusal: { error: "not-found", message: "no such file" } })
      : answers.text(asset.text(), asset.type);
  }

  const listener = listen(port);
  const serving = await serveRequests(listener, answer);
  const session = openSession(store, {
    config: config === undefined ? null : { config, path: options.configPath ?? null },
    mayApply: apply,
    backups: options.backups ?? null,
    mlflowUi,
    command: options.command ?? plainCommand,
  });
  const ready = firstReading(session.watch, options.onProgress);
  // Whoever does not ask is told by the page.
  ready.catch(() => {});
  const workshop = apply ? openWorkshop(session.watch, options) : null;
  context = { session, workshop, answers };
  return {
    url: `http://127.0.0.1:${listener.addr.port}/#token=${token}`,
    port: listener.addr.port,
    ready,
    finished: serving.finished,
    async [Symbol.asyncDispose]() {
      await workshop?.[Symbol.asyncDispose]();
      await session[Symbol.asyncDispose]();
      // A shutdown would wait for whoever neither sends nor reads to the end.
      await new Promise((resolve) => setTimeout(resolve, LAST_LINES));
      await serving[Symbol.asyncDispose]();
    },
  };
}

function firstReading(
  watch: StoreWatch,
  onProgress: ReviewOptions["onProgress"],
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const leave = watch.listen({
    tell: (line) => {
      if (line.event === "reading") onProgress?.(line.runs, line.total ?? undefined);
      else if (line.event === "failed") reject(new StoreAccessError(line.message, watch.location));
      if (line.event !== "reading") {
        resolve();
        leave();
      }
    },
    end: resolve,
  });
  return promise;
}

/** Whoever has typed the words should not find out only then that nothing can be carried out. */
function refuseToApply(store: Store): void {
  requireCapability(store, "changes");
  const { location } = store.describe();
  const path = placeOf(location);
  if (path === null || Deno.permissions.querySync({ name: "write", path }).state === "granted") {
    return;
  }
  throw new StoreAccessError(
    `Cannot carry out anything in store ${location}: this process may not write; start it as \`deno task review:apply\`, or grant ${
      shellWords([`--allow-write=${path}`])
    }`,
    location,
  );
}

function listen(port: number): Deno.TcpListener {
  if (!Number.isInteger(port) || port < 0 || port > LAST_PORT) {
    throw new InvalidArgumentError(
      `Cannot serve the page at port ${port}: expected a number from 0 to ${LAST_PORT}`,
    );
  }
  for (let tried = port;; tried++) {
    try {
      return Deno.listen({ hostname: "127.0.0.1", port: tried });
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
      if (tried === port + PORTS || tried === LAST_PORT) {
        throw new InvalidArgumentError(
          `Cannot serve the page: ports ${port} to ${tried} are taken; name another with --port, or 0 for any`,
        );
      }
    }
  }
}

function mlflowAddress(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === "") {
    return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
  }
  throw new InvalidArgumentError(
    "Cannot link to MLflow's UI: expected an address such as http://localhost:5000, without credentials",
  );
}
