import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { ConfigError } from "../../../lib/errors.ts";
import { chooseConfig, configBeside, storeOf } from "../../../tasks/_cli/choose_config.ts";
import { UsageError } from "../../../tasks/_cli/usage_error.ts";
import { tempStore, writeFiles } from "../../_support/disk_store.ts";

Deno.test("chooseConfig() takes the file of the flag, else that of the directory, else none", async () => {
  await using store = await tempStore();
  const directory = store.outside;
  writeFiles(directory, {});
  assertEquals(chooseConfig(null, directory), null);
  writeFiles(directory, {
    "mltidy.yaml": "limits: { max_runs: 1 }",
    "other.yaml": "limits: { max_runs: 2 }",
  });
  const found = (flag: string | null) => {
    const { config, path, chosenBy } = chooseConfig(flag, directory)!;
    return [config.limits.maxRuns, path, chosenBy];
  };
  assertEquals(found(null), [1, join(directory, "mltidy.yaml"), "in this directory"]);
  assertEquals(found("other.yaml"), [2, join(directory, "other.yaml"), "by --config"]);
  assertThrows(() => chooseConfig("third.yaml", directory), UsageError, "no such file");
});

Deno.test("configBeside() finds the file next to the store, not inside", async () => {
  await using store = await tempStore();
  writeFiles(store.root, { "mltidy.yaml": "limits: { max_runs: 1 }" });
  assertEquals(configBeside(store.root), null);
  writeFiles(join(store.root, ".."), { "mltidy.yaml": "limits: { max_runs: many }" });
  assertThrows(() => configBeside(store.root), ConfigError, "mltidy.yaml:1: ");
});

Deno.test("storeOf() reads a path relative to the file, and leaves a URI alone", async () => {
  await using store = await tempStore();
  const chosen = (text: string) => {
    writeFiles(store.outside, { "mltidy.yaml": text });
    return storeOf(chooseConfig(null, store.outside));
  };
  assertEquals(chosen("store: ../mlruns"), store.root);
  assertEquals(chosen("store: file:///data/mlruns"), "file:///data/mlruns");
  assertEquals(chosen(""), null);
  assertEquals(storeOf(null), null);
});
