/**
 * A program as a child of this process: it has our standard streams, and what this process is told by
 * signals it is told, too.
 *
 * @module
 */

/** A program that runs. */
export interface Child {
  /** How it ended, once it has. */
  readonly ended: Promise<ChildEnd>;
  /**
   * Resolves when nothing that it started can write to our standard error any more, or when somebody who
   * waits for that sends a signal.
   */
  readonly closed: Promise<void>;
}

/** How a program ended. */
export interface ChildEnd {
  /** As a shell reports it: 128 and the signal's number for one that a signal ended. */
  readonly exitCode: number;
  /** The signal that ended it. */
  readonly signal: Deno.Signal | null;
  /** The first signal by which it was told to stop. */
  readonly stoppedBy: Deno.Signal | null;
  /** The end of what it wrote to standard error; empty where that is a terminal. */
  readonly errors: string;
  /** Whether something that it left behind can still write to our standard error. */
  readonly isOpen: boolean;
}

/** Where and how to start a program. */
export interface ChildOptions {
  /** The directory in which it starts. @default {the current one} */
  readonly cwd?: string | undefined;
  /** What its environment has besides ours. */
  readonly env: Readonly<Record<string, string>>;
  /** Tells it to stop by SIGTERM when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** How long to wait for the last that a program has written once it has ended, ms. */
const LAST_WORDS = 1000;

/**
 * Starts a program. Standard input and output are ours. So is standard error where it is a terminal, or
 * progress bars and colours would go; elsewhere it is passed on as it comes, and its end is kept.
 *
 * Signals are listened to only from then on, since a child inherits what this process ignores, as behind a
 * shell's `&`, but not what it listens to. Deno itself listens to SIGHUP, so that a `nohup` before it is lost.
 *
 * Needs the permission to run the program.
 *
 * @param command The program and its arguments.
 * @param options Where and how.
 * @returns The program.
 * @throws {Error} What the operating system says when it cannot be started.
 */
export function startChild(command: readonly string[], options: ChildOptions): Child {
  const [program = "", ...args] = command;
  const { cwd, env, signal } = options;
  const isShown = Deno.stderr.isTerminal();
  const child = new Deno.Command(program, {
    args,
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...env, ...(cwd === undefined ? {} : { PWD: cwd }) },
    stdin: "inherit",
    stdout: "inherit",
    stderr: isShown ? "inherit" : "piped",
  }).spawn();
  const relay = relaySignals(child);
  const abort = () => relay.tell("SIGTERM");
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  const tail = keepTail();
  const passed = isShown ? Promise.resolve() : passOn(child.stderr, tail.add);
  const ended = child.status.then(async (status): Promise<ChildEnd> => {
    signal?.removeEventListener("abort", abort);
    const stoppedBy = relay.stoppedBy();
    const isOpen = !await within(LAST_WORDS, passed);
    return {
      exitCode: status.code,
      signal: status.signal,
      stoppedBy,
      errors: tail.text(),
      isOpen,
    };
  });
  const closed = Promise.race([
    Promise.all([child.status, passed]),
    child.status.then(() => relay.next()),
  ]).then(() => relay[Symbol.dispose]());
  return { ended, closed };
}

/** What a process may be told; on Windows the console tells all that it has. */
const RELAYED: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2"];

const STOPPING: ReadonlySet<Deno.Signal> = new Set<Deno.Signal>(["SIGINT", "SIGTERM", "SIGQUIT"]);

/** What a key of the terminal sends to every process in front of it, the child among them. */
const BY_KEY: ReadonlySet<Deno.Signal> = new Set<Deno.Signal>(["SIGINT", "SIGQUIT"]);

/** One Ctrl-C comes twice where `deno task` hands it on besides, ms apart. */
const SAME = 100;

interface Relay extends Disposable {
  /** Tells the child. */
  tell(signal: Deno.Signal): void;
  /** The first signal by which the child was told to stop. */
  stoppedBy(): Deno.Signal | null;
  /** Resolves at the next signal that means to stop. */
  next(): Promise<void>;
}

function relaySignals(child: Deno.ChildProcess): Relay {
  const hasTerminal = [Deno.stdin, Deno.stdout, Deno.stderr].some((one) => one.isTerminal());
  const told = new Map<Deno.Signal, number>();
  let first: Deno.Signal | null = null;
  let next = Promise.withResolvers<void>();
  const note = (signal: Deno.Signal) => {
    if (STOPPING.has(signal)) first ??= signal;
  };
  const tell = (signal: Deno.Signal) => {
    note(signal);
    try {
      child.kill(signal);
    } catch {
      // It has ended meanwhile.
    }
  };
  const onSignal = (signal: Deno.Signal) => {
    const before = told.get(signal) ?? -Infinity;
    const now = performance.now();
    told.set(signal, now);
    if (now - before < SAME) return;
    if (STOPPING.has(signal) || signal === "SIGHUP") next.resolve();
    if (hasTerminal && BY_KEY.has(signal) || Deno.build.os === "windows") note(signal);
    else tell(signal);
  };
  const listeners = RELAYED.map((signal) => [signal, () => onSignal(signal)] as const);
  for (const [signal, listener] of listeners) Deno.addSignalListener(signal, listener);
  return {
    tell,
    stoppedBy: () => first,
    next: () => (next = Promise.withResolvers()).promise,
    [Symbol.dispose]() {
      for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}

/** How much of standard error is kept, bytes: more than fits into a tag. */
const KEPT = 64 * 1024;

function keepTail(): { add: (chunk: Uint8Array) => void; text: () => string } {
  const kept = new Uint8Array(KEPT);
  let length = 0;
  return {
    add: (chunk) => {
      const fresh = chunk.subarray(-KEPT);
      kept.copyWithin(0, fresh.length);
      kept.set(fresh, KEPT - fresh.length);
      length = Math.min(KEPT, length + fresh.length);
    },
    // What is no UTF-8, or was cut within a letter, becomes a mark of replacement.
    text: () => new TextDecoder().decode(kept.subarray(KEPT - length)),
  };
}

/** A program goes on, though nobody hears it any more. */
async function passOn(
  from: ReadableStream<Uint8Array>,
  keep: (chunk: Uint8Array) => void,
): Promise<void> {
  let isHeard = true;
  try {
    for await (const chunk of from) {
      keep(chunk);
      if (isHeard) isHeard = await say(chunk);
    }
  } catch {
    // What cannot be read any more was the last of it.
  }
}

/** Tells whether it could be said. */
async function say(bytes: Uint8Array): Promise<boolean> {
  for (let done = 0; done < bytes.length;) {
    try {
      done += await Deno.stderr.write(bytes.subarray(done));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) return false;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  return true;
}

async function within(ms: number, work: Promise<void>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), ms);
  try {
    return await Promise.race([work.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
