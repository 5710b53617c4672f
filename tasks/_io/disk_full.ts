import { DiskFullError } from "../../lib/errors.ts";

/**
 * Tells whether an operation failed for want of room: on the disk, for names, or in somebody's quota.
 *
 * @param error What it threw.
 * @returns Whether it did.
 */
export function isDiskFull(error: unknown): boolean {
  return CODES.test(String(error)) || /: database or disk is full$/.test(String(error));
}

/** ENOSPC and EDQUOT, as Linux, other Unixes and Windows count; SQLite has words of its own. */
const CODES = Deno.build.os === "windows"
  ? /\(os error (?:112|39)\)/
  : Deno.build.os === "linux"
  ? /\(os error (?:28|122)\)/
  : /\(os error (?:28|69)\)/;

/**
 * Says that a disk has no room for something new; whatever else went wrong is left as it is.
 *
 * @param error What was thrown.
 * @param place Where it was to go, absolute path.
 * @param what What cannot be done.
 * @param instead What helps besides making room.
 * @returns The error to throw.
 */
export function noRoomError(error: unknown, place: string, what: string, instead: string): unknown {
  if (!isDiskFull(error)) return error;
  return new DiskFullError(
    `Cannot ${what}: no space is left on its disk; make room there, or ${instead}`,
    place,
    { cause: error },
  );
}
