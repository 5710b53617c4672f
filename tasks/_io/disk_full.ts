/**
 * Tells whether an operation failed for want of room: on the disk, for names, or in somebody's quota.
 *
 * @param error What it threw.
 * @returns Whether it did.
 */
export function isDiskFull(error: unknown): boolean {
  return CODES.test(String(error));
}

/** ENOSPC and EDQUOT, as Linux, other Unixes and Windows count. */
const CODES = Deno.build.os === "windows"
  ? /\(os error (?:112|39)\)/
  : Deno.build.os === "linux"
  ? /\(os error (?:28|122)\)/
  : /\(os error (?:28|69)\)/;
