import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { ConfigError } from "../../../../lib/errors.ts";
import {
  chooseConfig,
  configBeside,
  storeOf,
} from "../../../../tasks/_cli/choose/choose_config.ts";
import { UsageError } from "../../../../tasks/_cli/table/usage_error.ts";
import { tempStore, writeFiles } from "../../../_support/disk_store.ts";

Deno.test("chooseConfig() takes the file of the flag, else that of the directory, else none", async () => {
  await using store = await tempStore();
  const directory = store.outside;
  writeFiles(directory, {});
  assertEquals(await chooseConfig(null, directory), null);
  writeFiles(directory, {
    "mltidy.yaml": "limits: { max_runs: 1 }",
    "other.yaml": "limits: { max_runs: 2 }",
  });
  const found = async (flag: string | null) => {
    const { config, path, chosenBy } = (await chooseConfig(flag, directory))!;
    return [config.limits.maxRuns, path, chosenBy];
  };
  assertEquals(await found(null), [1, join(directory, "mltidy.yaml"), "in this directory"]);
  assertEquals(await found("other.yaml"), [2, join(directory, "other.yaml"), "by --config"]);
  await assertRejects(() => chooseConfig("third.yaml", directory), UsageError, "no such file");
});

Deno.test("chooseConfig() says how to go on without a file that cannot be read, but for one that was named", async () => {
  await using store = await tempStore();
  writeFiles(store.outside, { "mltidy.yaml/x": "" });
  const path = join(store.outside, "mltidy.yaml");
  const refused = async (flag: string | null) =>
    (await assertRejects(() => chooseConfig(flag, store.outside), UsageError)).message;
  const start = `Cannot read configuration ${path}: Is a directory; `;
  assertEquals(
    [await refused(null), await refused("mltidy.yaml")],
    [
      `${start}mend that, or go without a configuration with --no-config`,
      `${start}mend that, or name another file`,
    ],
  );
  Deno.removeSync(path, { recursive: true });
  Deno.symlinkSync("nowhere", path);
  assertEquals(
    await refused(null),
    `Cannot read configuration ${path}: it is a link to nothing; mend that, or go without a configuration with --no-config`,
  );
});

Deno.test("chooseConfig() goes on without no file that ends in .yml, unless there is the right one or it is named", async () => {
  await using store = await tempStore();
  writeFiles(store.outside, { "mltidy.yml": "limits: { max_runs: 1 }" });
  const [wrong, right] = ["yml", "yaml"].map((end) => join(store.outside, `mltidy.${end}`));
  const refusals = [
    () => chooseConfig(null, store.outside),
    () => configBeside(join(store.outside, "mlruns")),
  ];
  for (const choose of refusals) {
    assertEquals(
      (await assertRejects(choose, UsageError)).message,
      `Cannot go by configuration ${wrong}: expected mltidy.yaml as its name; type \`mv ${wrong} ${right}\`, or go without a configuration with --no-config`,
    );
  }
  assertEquals((await chooseConfig("mltidy.yml", store.outside))?.config.limits.maxRuns, 1);
  Deno.renameSync(wrong!, right!);
  writeFiles(store.outside, { "mltidy.yml": "limits: { max_runs: 2 }" });
  assertEquals((await chooseConfig(null, store.outside))?.config.limits.maxRuns, 1);
});

Deno.test("configBeside() finds the file next to the store, not inside", async () => {
  await using store = await tempStore();
  writeFiles(store.root, { "mltidy.yaml": "limits: { max_runs: 1 }" });
  assertEquals(await configBeside(store.root), null);
  writeFiles(join(store.root, ".."), { "mltidy.yaml": "limits: { max_runs: many }" });
  await assertRejects(() => configBeside(store.root), ConfigError, "mltidy.yaml:1: ");
});

Deno.test("storeOf() reads a path relative to the file, and leaves a URI alone", async () => {
  await using store = await tempStore();
  const chosen = async (text: string) => {
    writeFiles(store.outside, { "mltidy.yaml": text });
    return storeOf(await chooseConfig(null, store.outside));
  };
  assertEquals(await chosen("store: ../mlruns"), store.root);
  assertEquals(await chosen("store: file:///data/mlruns"), "file:///data/mlruns");
  assertEquals(await chosen(""), null);
  assertEquals(storeOf(null), null);
});
