/**
 * System calls: which of a command's calls change a store, and running a command so that one of them
 * kills it or fails.
 *
 * `strace` counts the calls of each name for each thread. With `signal=SIGKILL` the process dies as it
 * enters the call, which then does not happen; dying after a call is dying as the next one is entered.
 * The filter that makes tracing cheap (`--seccomp-bpf`) loses injected signals, so only failures use it.
 *
 * @module
 */

import { type Program, type Ran, run } from "./program.ts";

/** The names of all calls that may change a file system. */
export const CALL_NAMES = [
  "rename",
  "renameat",
  "renameat2",
  "mkdir",
  "mkdirat",
  "unlink",
  "unlinkat",
  "rmdir",
  "open",
  "openat",
  "openat2",
  "creat",
  "write",
  "pwrite64",
  "writev",
  "pwritev",
  "copy_file_range",
  "sendfile",
  "fsync",
  "fdatasync",
  "sync_file_range",
  "truncate",
  "ftruncate",
  "fallocate",
  "link",
  "linkat",
  "symlink",
  "symlinkat",
  "chmod",
  "fchmod",
  "fchmodat",
  "fchown",
  "lchown",
  "fchownat",
  "utimensat",
  "futimesat",
  "setxattr",
  "fsetxattr",
  "mknodat",
] as const;

/**
 * Tells whether there is a strace that may trace: a container may have one and not let it.
 *
 * @returns Whether there is.
 */
export async function hasStrace(): Promise<boolean> {
  try {
    return (await new Deno.Command("strace", { args: ["-o", "/dev/null", "true"], stderr: "null" })
      .output()).success;
  } catch {
    return false;
  }
}

/** What can be made of a call; `EIO+` lets every later call of that name fail, too. */
export const KINDS = ["kill", "ENOSPC", "EIO", "EACCES", "EIO+"] as const;

/** One of {@linkcode KINDS}. */
export type Kind = (typeof KINDS)[number];

/** One call that changes the store. */
export interface Call {
  readonly name: string;
  /** 1 for the first call of that name that changes the store. */
  readonly ordinal: number;
  /** The same among all calls of that name by its thread, which is what strace counts. */
  readonly when: number;
  /** Several threads make such calls, in no fixed order: its ordinal is that of one run only. */
  readonly shared: boolean;
  /** The line of the trace. */
  readonly text: string;
}

/** How a program ended that was killed or hindered. */
export interface Ending extends Ran {
  /** The injected call as strace saw it; `null` when it never came to that call. */
  readonly hit: Call | null;
}

/**
 * Runs a program and lists the calls by which it changes a store or what lies beside it.
 *
 * @param program The program.
 * @param place Absolute path of the directory that has all of it, or of several.
 * @param log Where strace may write.
 * @returns How it ended, and its calls in order.
 */
export async function traceCalls(
  program: Program,
  place: string | readonly string[],
  log: string,
): Promise<{ readonly ending: Ending; readonly calls: readonly Call[] }> {
  const ending = await runTraced(program, log, ["--seccomp-bpf", "-e", `trace=${names()}`]);
  return { ending, calls: changesOf(await Deno.readTextFile(log), place).map(({ call }) => call) };
}

/**
 * Tells whether something can be made of a call.
 *
 * @param call The call.
 * @param kind What to make of it.
 * @returns Not when it would keep the program from reading, or from saying what happened.
 */
export function isPossible({ name }: Call, kind: Kind): boolean {
  return kind !== "EIO+" || !/^(open|write)/.test(name);
}

/**
 * Runs a program and makes something of one of its calls.
 *
 * @param program The program.
 * @param place Absolute path of the directory that has the store and what lies beside it, or of several.
 * @param log Where strace may write.
 * @param call Which call.
 * @param kind What to make of it.
 * @returns How it ended.
 */
export async function runInjected(
  program: Program,
  place: string | readonly string[],
  log: string,
  call: Call,
  kind: Kind,
): Promise<Ending> {
  const lasts = kind.endsWith("+") ? "+" : "";
  const effect = kind === "kill" ? "signal=SIGKILL" : `error=${kind.replace("+", "")}`;
  const ending = await runTraced(program, log, [
    ...(kind === "kill" ? [] : ["--seccomp-bpf"]),
    ...[
      "-e",
      `trace=${call.name}`,
      "-e",
      `inject=${call.name}:${effect}:when=${call.when}${lasts}`,
    ],
  ]);
  const trace = await Deno.readTextFile(log);
  // What another thread counts the same may be how Deno wakes itself up, and without that it panics; the
  // trace does not tell where it has the call in two halves.
  const isOfDeno = /<anon_inode:\[eventfd\]>.*\(INJECTED/.test(trace) ||
    ending.stderr.includes("Deno has panicked");
  // A reader may have made as many such calls: then what was read is not what was planned by.
  const isOfSeveral = lasts === "" && trace.split("(INJECTED").length > 2;
  if (isOfDeno || isOfSeveral) return { ...ending, hit: null };
  const changes = changesOf(trace, place);
  const hit = kind === "kill"
    ? changes.findLast(({ cutOff }) => cutOff)
    : changes.find(({ injected }) => injected);
  return { ...ending, hit: hit?.call ?? null };
}

// A name that this machine's kernel does not have is prefixed so that strace passes over it.
function names(): string {
  return CALL_NAMES.map((name) => `?${name}`).join(",");
}

async function runTraced(
  { words, directory }: Program,
  log: string,
  flags: readonly string[],
): Promise<Ending> {
  const options = ["-f", "-qq", "-y", "-s", "8", "-e", "signal=none", "-o", log, ...flags];
  // What processes that were killed have left among temporary files the next one takes away, which would be counted.
  const temporary = await Deno.makeTempDir({ prefix: "mltidy-strace-" });
  try {
    const ran = await run(
      { words: ["strace", ...options, ...words], directory },
      { TMPDIR: temporary },
    );
    return { ...ran, hit: null };
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

interface Change {
  readonly call: Call;
  /** The process died in it. */
  readonly cutOff: boolean;
  readonly injected: boolean;
}

/** Reads `PID name(arguments) = result`; a call that another thread interrupts stands there twice. */
function changesOf(trace: string, place: string | readonly string[]): readonly Change[] {
  const ofThread = new Map<string, number>();
  const ofStore = new Map<string, number>();
  const threads = new Map<string, Set<string>>();
  const changes: Change[] = [];
  for (const line of trace.split("\n")) {
    const [, pid, name, rest] = /^(\d+) +(\w+)\((.*)$/.exec(line) ?? [];
    if (pid === undefined || name === undefined || rest === undefined) continue;
    const thread = `${pid} ${name}`;
    const when = (ofThread.get(thread) ?? 0) + 1;
    ofThread.set(thread, when);
    if (![place].flat().some((one) => isChange(name, rest, one))) continue;
    const ordinal = (ofStore.get(name) ?? 0) + 1;
    ofStore.set(name, ordinal);
    threads.set(name, (threads.get(name) ?? new Set()).add(pid));
    changes.push({
      call: { name, ordinal, when, shared: false, text: `${name}(${rest}` },
      cutOff: /(= \?|<unfinished \.\.\.>)\s*$/.test(rest),
      injected: /\(INJECTED[^)]*\)\s*$/.test(rest),
    });
  }
  return changes.map((change) => ({
    ...change,
    call: { ...change.call, shared: threads.get(change.call.name)!.size > 1 },
  }));
}

function isChange(name: string, rest: string, place: string): boolean {
  if (/^open(at2?)?$/.test(name) && !/O_(WRONLY|RDWR|CREAT)/.test(rest)) return false;
  // An entry of a directory that is held: the trace does not say of which.
  if (/"[^"]*\/mltidy-held-[^"/]*\/fd\/\d+\//.test(rest)) return true;
  return [`"${place}/`, `"${place}"`, `<${place}/`, `<${place}>`].some((part) =>
    rest.includes(part)
  );
}
