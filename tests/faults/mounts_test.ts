// deno-lint-ignore-file no-console -- a skipped test says why.
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { cleanup } from "../../tasks/cleanup.ts";
import { DAY, NOW } from "../_support/builders.ts";
import { setTimes, writeFiles } from "../_support/disk_store.ts";
import { open, PURGED, rubbish } from "./rubbish.ts";

async function mount(...args: readonly string[]): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  return (await new Deno.Command("mount", { args: [...args], stderr: "null" }).output()).success;
}

async function unmount(directory: string): Promise<void> {
  await new Deno.Command("umount", { args: ["-l", directory] }).output();
}

const probe = Deno.makeTempDirSync();
const canMount = await mount("-t", "tmpfs", "mltidy", probe).catch(() => false);
if (canMount) await unmount(probe);
else console.error("Skipping tests of mount points: mounting takes root on Linux");
Deno.removeSync(probe);

for (const kind of ["bind", "tmpfs"] as const) {
  for (const path of ["1", PURGED, `${PURGED}/artifacts`, ".trash/2", "3", ".trash"]) {
    for (const backup of [true, false]) {
      Deno.test({
        name: `cleanup() keeps what is mounted (${kind}) at ${path}, backup ${backup}`,
        ignore: !canMount,
        fn: async () => {
          await using store = await rubbish();
          const at = join(store.root, path);
          await new Deno.Command("cp", { args: ["-a", at, join(store.outside, "m")] }).output();
          const outside = join(store.outside, "m");
          writeFiles(outside, { "precious.bin": "kept", "deep/er/file": "kept" });
          setTimes(outside, NOW - 90 * DAY);
          const mounted = kind === "bind"
            ? await mount("--bind", outside, at)
            : await mount("-t", "tmpfs", "mltidy", at);
          assert(mounted);
          try {
            if (kind === "tmpfs") {
              await new Deno.Command("cp", { args: ["-a", `${outside}/.`, at] }).output();
            }
            await using opened = await open(store);
            await cleanup(opened, { apply: true, backup }).catch((error) => {
              assert(error instanceof Error, String(error));
            });
            const now = placeOf(store.root, path);
            if (kind === "bind") {
              assertEquals(Deno.readTextFileSync(join(outside, "precious.bin")), "kept");
              assertEquals(Deno.readTextFileSync(join(outside, "deep/er/file")), "kept");
            }
            assert(now !== null, "what was mounted is nowhere in the store or its backups");
            assertEquals(Deno.readTextFileSync(join(now, "precious.bin")), "kept");
          } finally {
            for (const mountPoint of mountsBelow(store.root)) await unmount(mountPoint);
          }
        },
      });
    }
  }
}

function mountsBelow(root: string): readonly string[] {
  return Deno.readTextFileSync("/proc/self/mounts").split("\n")
    .flatMap((line) => line.split(" ")[1] ?? [])
    .filter((path) => path.startsWith(`${root}/`)).toReversed();
}

/** Where a mounted directory has come to lie. */
function placeOf(root: string, path: string): string | null {
  const backups = join(root, ".mltidy.trash/backups");
  const ids = [...Deno.readDirSync(backups)].map(({ name }) => name);
  const staging = [...Deno.readDirSync(join(root, ".mltidy.trash/staging"))].map(({ name }) =>
    name
  );
  const places = [
    join(root, path),
    ...ids.map((id) => join(backups, id, "files", path)),
    ...staging.map((id) => join(root, ".mltidy.trash/staging", id, "files", path)),
  ];
  const there = (place: string) => {
    try {
      return Deno.lstatSync(join(place, "precious.bin")).isFile;
    } catch {
      return false;
    }
  };
  return places.find(there) ?? null;
}
