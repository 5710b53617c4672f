import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { infoOf } from "../../../tasks/_io/read.ts";
import { tempStore, writeFiles } from "../../_support/disk_store.ts";

Deno.test("infoOf() follows no link and finds nothing below a file", async () => {
  await using store = await tempStore();
  writeFiles(store.root, { file: "" });
  Deno.symlinkSync("nothing", join(store.root, "link"));
  const found = ["file", "link", "nothing", "file/below"]
    .map((path) => infoOf(join(store.root, path)));
  assertEquals(found.map((info) => info && (info.isSymlink ? "link" : "file")), [
    "file",
    "link",
    null,
    null,
  ]);
});
