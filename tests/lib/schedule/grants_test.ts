import { assertEquals } from "@std/assert";
import { grantable, grantWords } from "../../../lib/schedule/grants.ts";

const NOTHING = { reads: [], writes: [], hosts: [], variables: [], locks: false };

Deno.test("grantWords() names each path once, and none that lies in another", () => {
  const reads = ["/opt/mltidy", "/data/mlruns", "/data", "/data", "/database"];
  assertEquals(
    grantWords({ ...NOTHING, reads, writes: ["/data/mlruns"], hosts: ["a:1"], locks: true }),
    [
      "--allow-read=/opt/mltidy,/data,/database",
      "--allow-write=/data/mlruns",
      "--allow-net=a:1",
      "--allow-sys=hostname",
    ],
  );
  assertEquals(grantWords(NOTHING), []);
});

Deno.test("grantable() goes up to what has no comma", () => {
  assertEquals(
    ["/data/mlruns", "/data/a,b", "/a,b/mlruns", "C:\\data\\a,b\\x"].map((path) => grantable(path)),
    ["/data/mlruns", "/data", "/", "C:\\data"],
  );
});
