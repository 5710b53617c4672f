/**
 * File systems on a disk that remembers what it was told, and on what is left of it.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";
import { type DiskEvent, type PowerLoss, readDiskLog, writesLeft } from "./disk_log.ts";

/** A file system that can be put on a disk. */
export interface FileSystem {
  readonly name: string;
  readonly make: readonly string[];
  readonly mountOptions: string;
  /** MiB; close to the least that it takes. */
  readonly size: number;
}

/** All of them. */
export const fileSystems: readonly FileSystem[] = [
  { name: "btrfs", make: ["mkfs.btrfs", "-q", "-f"], mountOptions: "noatime", size: 128 },
  { name: "ext4", make: ["mkfs.ext4", "-q", "-F"], mountOptions: "noatime", size: 64 },
  {
    name: "ext4-writeback",
    make: ["mkfs.ext4", "-q", "-F"],
    mountOptions: "noatime,data=writeback",
    size: 64,
  },
  { name: "xfs", make: ["mkfs.xfs", "-q", "-f"], mountOptions: "noatime", size: 300 },
];

/** Where a disk and its file system lie. */
export interface Workshop {
  /** A directory for images and logs. */
  readonly scratch: string;
  /** The program that `disk.c` is. */
  readonly disk: string;
  /** Where file systems are mounted, always at the same place. */
  readonly mountPoint: string;
}

/** What became of a command and the disk below it. */
export interface Recorded<T> {
  /** An image of the disk as it was before the command. */
  readonly image: string;
  readonly events: readonly DiskEvent[];
  /** How many of the events came before the command had ended. */
  readonly endedAt: number;
  readonly result: T;
}

/**
 * Runs a command of the system.
 *
 * @param words The command.
 * @returns What it printed.
 * @throws {Error} When it fails.
 */
export async function system(...words: readonly string[]): Promise<string> {
  const [command = "", ...args] = words;
  const { success, stdout, stderr } = await new Deno.Command(command, { args }).output();
  if (success) return new TextDecoder().decode(stdout).trim();
  throw new Error(`${words.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}

/**
 * Makes a workshop. Needs root, a C compiler and the headers of FUSE 3.
 *
 * @param scratch An empty directory.
 * @returns The workshop.
 * @throws {Error} When the disk cannot be built.
 */
export async function openWorkshop(scratch: string): Promise<Workshop> {
  const workshop = {
    scratch,
    disk: join(scratch, "disk"),
    mountPoint: join(scratch, "mounted"),
  };
  Deno.mkdirSync(workshop.mountPoint);
  const source = fromFileUrl(new URL("disk.c", import.meta.url));
  const flags = (await system("pkg-config", "--cflags", "--libs", "fuse3")).split(/\s+/);
  await system("cc", "-O2", "-o", workshop.disk, source, ...flags);
  return workshop;
}

/**
 * Prepares something on a new file system, and records what the disk below is told while a command runs.
 *
 * @param workshop The workshop.
 * @param fileSystem The file system.
 * @param prepare Prepares.
 * @param command What is recorded.
 * @returns The record, and what the command gave.
 */
export async function recordDisk<P, T>(
  workshop: Workshop,
  fileSystem: FileSystem,
  prepare: () => Promise<P>,
  command: (prepared: P) => Promise<T>,
): Promise<Recorded<{ readonly prepared: P; readonly ended: T }>> {
  const { scratch, mountPoint } = workshop;
  const [whole, image, log, fuse] = ["whole", "before", "log", "fuse"]
    .map((name) => join(scratch, name)) as [string, string, string, string];
  Deno.writeFileSync(whole, new Uint8Array());
  Deno.truncateSync(whole, fileSystem.size << 20);
  Deno.mkdirSync(fuse, { recursive: true });
  const process = new Deno.Command(workshop.disk, { args: [whole, log, fuse] }).spawn();
  try {
    await waitFor(join(fuse, "disk"));
    const loop = await system("losetup", "--find", "--show", join(fuse, "disk"));
    try {
      await system(...fileSystem.make, loop);
      const prepared = await mounted(loop, fileSystem, mountPoint, prepare);
      await system("cp", "--sparse=always", whole, image);
      const sizes: number[] = [Deno.statSync(log).size];
      const ended = await mounted(loop, fileSystem, mountPoint, async () => {
        const ended = await command(prepared);
        sizes.push(Deno.statSync(log).size);
        return ended;
      });
      const [start = 0, end = 0] = sizes;
      const bytes = Deno.readFileSync(log);
      return {
        image,
        events: readDiskLog(bytes.slice(start)),
        endedAt: readDiskLog(bytes.slice(start, end)).length,
        result: { prepared, ended },
      };
    } finally {
      await system("losetup", "--detach", loop);
    }
  } finally {
    await patiently(() => system("fusermount3", "-u", fuse));
    await process.status;
  }
}

/**
 * Takes the power away from a recorded disk, mounts what is left of it, and looks at that.
 *
 * @param workshop The workshop.
 * @param fileSystem The file system.
 * @param recorded What the disk was told.
 * @param loss When the power went, and what remains.
 * @param look What to do while it is mounted.
 * @returns What looking gave.
 */
export async function afterPowerLoss<T>(
  workshop: Workshop,
  fileSystem: FileSystem,
  recorded: Recorded<unknown>,
  loss: PowerLoss,
  look: () => Promise<T>,
): Promise<T> {
  const left = join(workshop.scratch, "left");
  await system("cp", "--sparse=always", recorded.image, left);
  using file = Deno.openSync(left, { write: true });
  for (const { offset, bytes } of writesLeft(recorded.events, loss)) {
    file.seekSync(offset, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  }
  const loop = await system("losetup", "--find", "--show", left);
  try {
    return await mounted(loop, fileSystem, workshop.mountPoint, look);
  } finally {
    await system("losetup", "--detach", loop);
  }
}

async function mounted<T>(
  device: string,
  { mountOptions }: FileSystem,
  at: string,
  work: () => Promise<T>,
): Promise<T> {
  await system("mount", "-o", mountOptions, device, at);
  try {
    return await work();
  } finally {
    await patiently(() => system("umount", at));
  }
}

async function waitFor(path: string): Promise<void> {
  await patiently(() => Deno.stat(path));
}

/** A moment later nobody may be in the way any more. */
async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = 50;; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
