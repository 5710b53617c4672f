import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { copyTree } from "../../../../tasks/_io/tree/copy_tree.ts";
import { tempStore, writeFiles } from "../../../_support/disk_store.ts";

const isRoot = Deno.build.os !== "windows" && Deno.uid() === 0;

Deno.test({
  name: "copyTree() keeps owners, modes with set-ID bits, links, names of one file, and holes",
  ignore: !isRoot,
  async fn() {
    await using store = await tempStore();
    const [from, to] = [join(store.outside, "from"), join(store.outside, "to")];
    writeFiles(store.outside, { "from/d/tool": "#!", "from/d/plain": "text", to: null });
    Deno.linkSync(join(from, "d/plain"), join(from, "d/second"));
    Deno.symlinkSync("nowhere", join(from, "d/link"));
    {
      using sparse = Deno.openSync(join(from, "d/sparse"), { write: true, createNew: true });
      sparse.seekSync(5 << 20, Deno.SeekMode.Start);
      sparse.writeSync(new TextEncoder().encode("end"));
      sparse.truncateSync(64 << 20);
    }
    for (const [path, uid, mode] of [["d/tool", 1234, 0o4755], ["d/plain", 1235, 0o640]] as const) {
      Deno.chownSync(join(from, path), uid, 4321);
      Deno.chmodSync(join(from, path), mode);
      Deno.utimeSync(join(from, path), 981173106.123, 981173106.123);
    }
    Deno.chownSync(join(from, "d"), 1236, 4322);
    Deno.chmodSync(join(from, "d"), 0o2750);
    await copyTree(from, to);
    const look = (base: string) =>
      ["d", "d/tool", "d/plain", "d/second", "d/link", "d/sparse"].map((path) => {
        const { uid, gid, mode, size, mtime, isDirectory } = Deno.lstatSync(join(base, path));
        return [path, uid, gid, mode, isDirectory ? 0 : size, mtime?.getTime()];
      });
    assertEquals(look(to), look(from));
    const [one, two] = ["d/plain", "d/second"].map((path) => Deno.statSync(join(to, path)).ino);
    assertEquals(one, two, "one file of two names");
    assert(Deno.statSync(join(to, "d/sparse")).blocks! < 1 << 10, "holes stay holes");
    assertEquals(
      Deno.readFileSync(join(to, "d/sparse")),
      Deno.readFileSync(join(from, "d/sparse")),
    );
  },
});
