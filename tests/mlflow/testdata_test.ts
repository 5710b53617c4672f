import { assertEquals } from "@std/assert";
import { testEachVersion } from "./each_version.ts";
import { makeTestdata, testdataOf } from "./make_testdata.ts";

testEachVersion("tests/testdata holds what MLflow writes", async (version) => {
  assertEquals(await Deno.readTextFile(testdataOf(version)), await makeTestdata(version));
});
