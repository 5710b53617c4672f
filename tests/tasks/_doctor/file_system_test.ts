import { assert, assertEquals } from "@std/assert";
import { lookAtFileSystem } from "../../../tasks/_doctor/file_system.ts";

Deno.test({
  name: "lookAtFileSystem() names the file system, and its room",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const { kind, sizeBytes, freeBytes } = await lookAtFileSystem("/dev/shm");
    assertEquals(kind, "tmpfs");
    assert(Number(sizeBytes) >= Number(freeBytes) && Number(freeBytes) >= 0);
  },
});
