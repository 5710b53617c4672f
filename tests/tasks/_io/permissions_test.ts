import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { openLikeParent } from "../../../tasks/_io/permissions.ts";
import { tempStore } from "../../_support/disk_store.ts";

Deno.test({
  name: "openLikeParent() opens no link's target, even as the root account",
  ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
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
