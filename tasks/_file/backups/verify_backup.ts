/**
 * Reading a copy backup again: is all there, and as it was?
 *
 * @module
 */

import { DamagedBackupError } from "../../../lib/errors.ts";
import { join } from "@std/path";
import type {
  BackupCheck,
  BackupEntry,
  BackupFault,
  BackupProgress,
  CopyManifest,
} from "../../../lib/backup/backup.ts";
import { comparePaths } from "../../../lib/backup/plan_backup.ts";
import { failureText } from "../../_io/read.ts";
import { takeTurns } from "../../_io/take_turns.ts";
import { type Digest, loadDigest } from "../../_io/tree/digest.ts";
import { hashFile } from "../../_io/tree/hash_file.ts";
import { type Found, walkTree } from "../../_io/tree/walk_tree.ts";
import { readEntries } from "./entries.ts";

/** How to check. */
export interface CheckOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
}

/** What reading files needs. */
interface Reading {
  readonly digest: Digest;
  readonly turn: () => Promise<void>;
  readonly onBytes: (bytes: number) => void;
}

/**
 * Checks a copy backup: every file is read and compared with its SHA-256, and nothing may lie there that
 * the entries do not name. Modes and times are not compared: the entries have them. Needs read permission.
 *
 * @param directory Absolute real path of the backup.
 * @param manifest Its manifest.
 * @param options How to check.
 * @returns What is wrong, in the order of paths; nothing in a sound backup.
 * @throws {DOMException} `AbortError` when the signal is aborted.
 */
export async function verifyBackup(
  directory: string,
  manifest: CopyManifest,
  options: CheckOptions = {},
): Promise<BackupCheck> {
  const { signal, onProgress } = options;
  const { id, totals: total, leftOut = [] } = manifest;
  const faults: BackupFault[] = [];
  let files = 0;
  let bytes = 0;
  const tell = () => onProgress?.({ step: "Checking", files, bytes, total });
  const reading: Reading = {
    digest: await loadDigest(),
    turn: takeTurns(signal),
    onBytes: (more) => {
      bytes += more;
      tell();
    },
  };
  const base = join(directory, "files");
  const list = join(directory, "entries.jsonl");
  const entries = readEntries(list, manifest.entries, reading.digest);
  const found = walkTree(base);
  try {
    for await (const [entry, there] of pairs(entries, found)) {
      await reading.turn();
      const fault = await faultOf(base, entry, there, reading);
      if (fault !== null) faults.push(fault);
      if (entry?.kind === "file") files++;
      tell();
    }
  } catch (error) {
    if (!(error instanceof DamagedBackupError)) throw error;
    faults.push({ path: "entries.jsonl", kind: "changed", message: failureText(error) });
  } finally {
    entries.return(undefined);
  }
  return { id, files, bytes, faults, leftOut };
}

/** Walks two sequences in the order of paths; at each path one side or both have something. */
async function* pairs(
  entries: Generator<BackupEntry>,
  found: AsyncGenerator<Found>,
): AsyncGenerator<readonly [BackupEntry | null, Found | null]> {
  let entry = next(entries);
  let there = await nextFound(found);
  while (entry !== null || there !== null) {
    const order = entry === null ? 1 : there === null ? -1 : comparePaths(entry.path, there.path);
    yield [order <= 0 ? entry : null, order >= 0 ? there : null];
    if (order <= 0) entry = next(entries);
    if (order >= 0) there = await nextFound(found);
  }
}

async function nextFound(found: AsyncGenerator<Found>): Promise<Found | null> {
  const step = await found.next();
  return step.done ? null : step.value;
}

function next<T>(sequence: Generator<T>): T | null {
  const step = sequence.next();
  return step.done ? null : step.value;
}

async function faultOf(
  base: string,
  entry: BackupEntry | null,
  there: Found | null,
  reading: Reading,
): Promise<BackupFault | null> {
  if (there?.kind === "unreadable") {
    return { path: there.path, kind: "unreadable", message: there.message };
  }
  if (entry === null) {
    return there &&
      { path: there.path, kind: "extra", message: `a ${there.kind} nobody put there` };
  }
  const { path } = entry;
  if (there === null) return { path, kind: "missing", message: `expected a ${entry.kind}` };
  const differ = (expected: string, actual: string): BackupFault => ({
    path,
    kind: "changed",
    message: `expected ${expected}, found ${actual}`,
  });
  if (there.kind !== entry.kind) return differ(`a ${entry.kind}`, `a ${there.kind}`);
  try {
    if (entry.kind === "link") {
      const target = Deno.readLinkSync(join(base, path));
      return target === entry.target ? null : differ(`a link to ${entry.target}`, target);
    }
    if (entry.kind === "directory") return null;
    const { size, sha256 } = await hashFile(base, path, reading);
    if (size !== entry.size) return differ(`${entry.size} bytes`, String(size));
    return sha256 === entry.sha256 ? null : differ(`SHA-256 ${entry.sha256}`, sha256);
  } catch (error) {
    if (error instanceof DOMException) throw error;
    return { path, kind: "unreadable", message: failureText(error) };
  }
}
