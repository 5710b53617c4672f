/**
 * What a tracking server says of itself, and of whoever asks it.
 *
 * @module
 */

import { UnsupportedStoreError } from "../../../lib/errors.ts";
import type { ServerFacts } from "../../../lib/store/snapshot.ts";
import { isFlag, isRecord, isText } from "../../../lib/text/json.ts";
import type { Answer } from "../client/read_answer.ts";
import { RequestError } from "../client/request_error.ts";
import type { ReadingClient } from "./read_pages.ts";

/** How to ask. */
export interface ProbeOptions {
  /** By whose name the server is asked; `null`: by nobody's that is known. */
  readonly user: string | null;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks a server what it is, and whether it shows all that it has.
 *
 * @param client The client.
 * @param options How.
 * @returns What it says.
 * @throws {RequestError} When it does not answer, not to us, or is no tracking server.
 * @throws {UnsupportedStoreError} When it is one of MLflow 1.
 */
export async function probeServer(
  client: ReadingClient,
  { user, signal }: ProbeOptions,
): Promise<ServerFacts> {
  const { location } = client.server;
  const ask = async (name: Parameters<ReadingClient["ask"]>[0], parameters: Answer = {}) => {
    try {
      return await client.ask(name, parameters, { signal });
    } catch (error) {
      if (error instanceof RequestError && error.isUnknown) return null;
      throw error;
    }
  };
  const version = versionOf(await ask("version"));
  // What stands before a server may hand on its requests alone.
  if (version === null) {
    const answer = await client.ask("experiments/search", { max_results: 1 }, { signal });
    // MLflow leaves out an empty list, and says nothing else.
    if (answer["experiments"] === undefined && Object.keys(answer).length > 0) {
      throw new RequestError("foreign", "what answers there is no tracking server of MLflow's");
    }
  }
  if (version !== null && /^[01]\./.test(version)) {
    throw new UnsupportedStoreError(
      `Cannot open store ${location}: it is a server of MLflow ${version}, which mltidy cannot read; upgrade it to 2.0 or later, or name its database`,
      location,
    );
  }
  const info = await ask("server-info");
  const type = info?.["store_type"];
  const seen = await sees(ask, user);
  return { version, type: isText(type) ? type : null, ...seen };
}

function versionOf(answer: Answer | null): string | null {
  const text = answer?.["text"];
  return isText(text) && /^\d+\.[\w.+-]{1,40}$/.test(text.trim()) ? text.trim() : null;
}

/** A server with accounts leaves out what one may not see, and says nothing of that. */
async function sees(
  ask: (name: "users/current" | "users/get", parameters?: Answer) => Promise<Answer | null>,
  user: string | null,
): Promise<Pick<ServerFacts, "account" | "seesAll">> {
  const answer = await ask("users/current") ??
    (user === null ? null : await ask("users/get", { username: user }));
  const account = answer?.["user"];
  if (!isRecord(account)) return { account: null, seesAll: true };
  const { username, is_admin: isAdmin } = account;
  return {
    account: isText(username) ? username : user,
    seesAll: isFlag(isAdmin) && isAdmin,
  };
}
