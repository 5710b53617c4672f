/**
 * Reads that fail: which of a command's system calls read a store, and running a command so that those of one
 * name fail at one place, the first time or every time.
 *
 * What is read by several threads has no fixed order, so that a call is meant by its name and its path, and
 * not by its number.
 *
 * @module
 */

import { type Program, type Ran, run } from "./program.ts";

/** The names of all calls that read a file system. */
const READ_NAMES = [
  "openat",
  "getdents64",
  "read",
  "pread64",
  "stat",
  "lstat",
  "fstat",
  "statx",
  "newfstatat",
  "readlink",
  "readlinkat",
] as const;

/** How a read may fail: the disk, the permissions, the network, the memory. */
export const ERRORS = ["EIO", "EACCES", "ESTALE", "ENOMEM"] as const;

/** A read that is to fail. */
export interface ReadFault {
  /** The call's name. */
  readonly name: string;
  /** Absolute path of what is read. */
  readonly path: string;
  readonly error: typeof ERRORS[number];
  /** Once, or as often as it is tried. */
  readonly lasts: boolean;
}

/** How a program ended whose read failed. */
export interface ReadEnding extends Ran {
  /** The program has come to that read. */
  readonly isHit: boolean;
}

/**
 * Runs a program and lists what it reads of what was there before.
 *
 * @param program The program.
 * @param place Absolute path of the directory that has all of it.
 * @param log Where strace may write.
 * @returns How it ended, and each call's name and path once.
 */
export async function traceReads(
  program: Program,
  place: string,
  log: string,
): Promise<{ readonly ran: Ran; readonly reads: readonly Pick<ReadFault, "name" | "path">[] }> {
  const names = READ_NAMES.map((name) => `?${name}`).join(",");
  const ran = await runTraced(program, log, ["--seccomp-bpf", "-e", `trace=${names}`]);
  const found = new Map<string, Pick<ReadFault, "name" | "path">>();
  for (const line of (await Deno.readTextFile(log)).split("\n")) {
    const [, name, rest] = /^\d+ +(\w+)\((.*)$/.exec(line) ?? [];
    if (name === undefined || rest === undefined) continue;
    if (name === "openat" && /O_(WRONLY|RDWR|CREAT)/.test(rest)) continue;
    const [, quoted, opened] = /"(\/[^"]*)"|<(\/[^>]*)>/.exec(rest) ?? [];
    const path = (quoted ?? opened ?? "").replace(/\/$/, "");
    if (path === place || path.startsWith(`${place}/`)) {
      found.set(`${name} ${path}`, { name, path });
    }
  }
  return { ran, reads: [...found.values()] };
}

/**
 * Runs a program while reads fail.
 *
 * @param program The program.
 * @param log Where strace may write.
 * @param fault Which reads, and how.
 * @returns How it ended.
 */
export async function runWithFault(
  program: Program,
  log: string,
  { name, path, error, lasts }: ReadFault,
): Promise<ReadEnding> {
  const when = lasts ? "1+" : "1";
  const ran = await runTraced(program, log, [
    ...["-P", path, "-e", `trace=${name}`, "-e", `inject=${name}:error=${error}:when=${when}`],
  ]);
  const trace = await Deno.readTextFile(log);
  // What Deno itself does not survive says nothing of us.
  const isOfDeno = ran.stderr.includes("Deno has panicked");
  return { ...ran, isHit: !isOfDeno && trace.includes("(INJECTED)") };
}

async function runTraced(
  { words, directory }: Program,
  log: string,
  flags: readonly string[],
): Promise<Ran> {
  const options = ["-f", "-qq", "-y", "-s", "8", "-e", "signal=none", "-o", log, ...flags];
  return await run({ words: ["strace", ...options, ...words], directory });
}
