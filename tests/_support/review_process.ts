/**
 * The page's server, in a process of its own, with the permissions that its task has.
 *
 * @module
 */

import { taskCommand } from "./task_command.ts";

/** A server of the page. It ends with the scope. */
export interface Review extends AsyncDisposable {
  /** What it printed for a browser: with the token behind `#`. */
  readonly address: string;
  /** The same without a path, such as `http://127.0.0.1:8484`. */
  readonly origin: string;
  /** What proves who asks. */
  readonly token: string;
  /** All that it has said. */
  readonly said: () => string;
  /** Peak of its memory, bytes; `null` where the system does not tell. */
  readonly peakMemory: () => number | null;
  /** Sends it a signal; gives how it has ended. */
  readonly end: (signal: Deno.Signal) => Promise<Deno.CommandStatus>;
}

/**
 * Starts the page's server, and waits until it has printed its address.
 *
 * @param task Whether it may change the store.
 * @param store What `--store` takes.
 * @param words More flags.
 * @returns The server, to be bound by `await using`.
 * @throws {Error} When it ends before: what it said.
 */
export async function startReview(
  task: "review" | "review:apply",
  store: string,
  ...words: readonly string[]
): Promise<Review> {
  const child = taskCommand(task, ["--store", store, ...words]).spawn();
  let said = "";
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const listen = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      said += text;
      const [address] = /http:\/\/127\.0\.0\.1:\d+\/\S*#\S+(?=\s)/.exec(said) ?? [];
      if (address !== undefined) resolve(address);
    }
  };
  const listening = Promise.all([listen(child.stdout), listen(child.stderr)]);
  void child.status.then(() => resolve(null));
  const address = await promise;
  const end = async (signal: Deno.Signal = "SIGTERM") => {
    try {
      child.kill(signal);
    } catch {
      // It has ended.
    }
    const [, status] = await Promise.all([listening, child.status]);
    return status;
  };
  if (address === null) {
    await end();
    throw new Error(`deno task ${task} ended without an address: ${said}`);
  }
  const { origin, hash } = new URL(address);
  return {
    address,
    origin,
    token: new URLSearchParams(hash.slice(1)).get("token") ?? "",
    said: () => said,
    peakMemory: () => peakMemoryOf(child.pid),
    end,
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
}

function peakMemoryOf(pid: number): number | null {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(
      Deno.readTextFileSync(`/proc/${pid}/status`),
    ) ?? [];
    return kilobytes === undefined ? null : 1024 * Number(kilobytes);
  } catch {
    return null;
  }
}
