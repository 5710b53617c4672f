/**
 * Which file system something lies on.
 *
 * @module
 */

import type { Fact } from "../../lib/doctor/examination.ts";

/** What Linux calls file systems by. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0xef53, "ext2, ext3 or ext4"],
  [0x9123683e, "btrfs"],
  [0x58465342, "xfs"],
  [0x01021994, "tmpfs"],
  [0x794c7630, "overlayfs"],
  [0x6969, "nfs"],
  [0xff534d42, "cifs"],
  [0xfe534d42, "smb"],
  [0x65735546, "fuse"],
  [0x2fc12fc1, "zfs"],
  [0x01021997, "9p"],
  [0xca451a4e, "bcachefs"],
  [0x4d44, "fat"],
  [0x2011bab0, "exfat"],
  [0x5346544e, "ntfs"],
  [0x00c36400, "ceph"],
  [0x0bd00bd0, "lustre"],
  [0x61756673, "aufs"],
]);

/**
 * Looks at the file system of a place. Needs read permission for it, and sys permission `statfs`.
 *
 * @param path Absolute path.
 * @returns What it is, and how much room it has.
 */
export async function lookAtFileSystem(path: string): Promise<Readonly<Record<string, Fact>>> {
  // Loaded when it is needed, as a module of Node's takes its time.
  const { statfs } = await import("node:fs/promises");
  const { type, bsize, blocks, bavail, files, ffree } = await statfs(path);
  const number = Number(type) >>> 0;
  return {
    kind: NAMES.get(number) ?? `number 0x${number.toString(16)}`,
    sizeBytes: Number(blocks) * Number(bsize),
    freeBytes: Number(bavail) * Number(bsize),
    // Some have no fixed number of them.
    freeFiles: Number(files) === 0 ? null : Number(ffree),
  };
}
