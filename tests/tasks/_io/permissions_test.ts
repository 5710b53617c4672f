import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import {
  accessAlong,
  accessOf,
  mirrorWayTo,
  openLikeParent,
  setAccess,
} from "../../../tasks/_io/permissions.ts";
import { tempStore, writeFiles } from "../../_support/disk_store.ts";

const isRoot = Deno.build.os !== "windows" && Deno.uid() === 0;
const accessAt = (path: string) => {
  const { uid, gid, mode } = accessOf(Deno.lstatSync(path));
  return [uid, gid, mode.toString(8)];
};

/** Makes directories and files, each with its owner, group and mode. */
function make(root: string, entries: Readonly<Record<string, readonly [number, number, number]>>) {
  for (const path of Object.keys(entries)) {
    writeFiles(root, { [path]: /\./.test(path) ? "" : null });
  }
  for (const [path, [uid, gid, mode]] of Object.entries(entries)) {
    Deno.chownSync(join(root, path), uid, gid);
    Deno.chmodSync(join(root, path), mode);
  }
}

Deno.test({
  name: "openLikeParent() opens no link's target, even as the root account",
  ignore: !isRoot,
  async fn() {
    await using store = await tempStore();
    Deno.chmodSync(store.root, 0o2770);
    Deno.chownSync(store.root, 1234, 4321);
    const [before, link] = [Deno.statSync(store.outside), join(store.root, "link")];
    Deno.symlinkSync(store.outside, link);
    openLikeParent(link);
    const after = Deno.statSync(store.outside);
    assertEquals([after.uid, after.gid, after.mode], [before.uid, before.gid, before.mode]);
  },
});

Deno.test({
  name:
    "setAccess() gives set-ID bits only with their owner, and to nothing that was put in the way",
  ignore: !isRoot,
  async fn() {
    await using store = await tempStore();
    const path = join(store.outside, "tool.sh");
    writeFiles(store.outside, { "tool.sh": "" });
    const made = Deno.lstatSync(path);
    assert(setAccess(path, { uid: 1234, gid: 4321, mode: 0o6755 }, made));
    assertEquals(accessAt(path), [1234, 4321, "6755"]);
    Deno.renameSync(path, `${path}.aside`);
    writeFiles(store.outside, { "tool.sh": "another's" });
    const wanted = { uid: 1234, gid: 4321, mode: 0o6755 };
    assertThrows(() => setAccess(path, wanted, made), Error, "was replaced while it was written");
    assertEquals(accessAt(path).slice(0, 2), [0, 0]);
  },
});

Deno.test({
  name: "mirrorWayTo() makes a way as closed as its model, and closed where there is none",
  ignore: !isRoot,
  async fn() {
    await using store = await tempStore();
    const [from, to] = [join(store.outside, "from"), join(store.outside, "to")];
    make(store.outside, {
      from: [0, 0, 0o755],
      "from/1": [1234, 4321, 0o2770],
      "from/1/a": [5678, 4321, 0o500],
      to: [0, 0, 0o755],
    });
    mirrorWayTo(from, to, "1/a/meta.yaml");
    mirrorWayTo(from, to, "2/b/meta.yaml");
    assertEquals(["1", "1/a", "2", "2/b"].map((path) => accessAt(join(to, path))), [
      [1234, 4321, "2770"],
      [5678, 4321, "700"],
      [0, 0, "700"],
      [0, 0, "700"],
    ]);
  },
});

Deno.test({
  name: "accessAlong() gives what all of a way gives",
  ignore: !isRoot,
  async fn() {
    await using store = await tempStore();
    make(store.outside, {
      open: [1, 1, 0o755],
      "open/f.txt": [2, 2, 0o644],
      "open/g.txt": [2, 2, 0o640],
      "open/o.txt": [2, 2, 0o600],
      group: [1, 7, 0o2770],
      "group/f.txt": [2, 7, 0o660],
      "group/other.txt": [2, 8, 0o660],
      closed: [1, 7, 0o700],
      "closed/f.txt": [2, 2, 0o644],
    });
    Deno.chownSync(store.outside, 5, 6);
    const found = [
      "open/f.txt",
      "open/g.txt",
      "open/o.txt",
      "group/f.txt",
      "group/other.txt",
      "closed/f.txt",
      "closed/gone.txt",
    ].map((path) => {
      const { uid, gid, mode } = accessAlong(store.outside, path);
      return [path, uid, gid, mode.toString(8)];
    });
    assertEquals(found, [
      ["open/f.txt", 5, 6, "666"],
      ["open/g.txt", 2, 2, "660"],
      ["open/o.txt", 2, 6, "600"],
      ["group/f.txt", 1, 7, "660"],
      ["group/other.txt", 1, 6, "600"],
      ["closed/f.txt", 1, 6, "600"],
      ["closed/gone.txt", 1, 6, "600"],
    ]);
  },
});
