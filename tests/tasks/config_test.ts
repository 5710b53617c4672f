import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { configTemplate, readConfig } from "../../lib/policy/config.ts";
import { initConfig } from "../../tasks/config.ts";

Deno.test("initConfig() writes a file that can be read, and never over another", async () => {
  const directory = await Deno.makeTempDir({ prefix: "mltidy-" });
  try {
    const path = join(directory, "mltidy.yaml");
    assertEquals(await initConfig(path), true);
    assertEquals(await Deno.readTextFile(path), configTemplate());
    assertEquals(readConfig(await Deno.readTextFile(path), path), readConfig("", path));
    await Deno.writeTextFile(path, "limits: { max_runs: 7 }\n");
    assertEquals(await initConfig(path), false);
    assertEquals(await Deno.readTextFile(path), "limits: { max_runs: 7 }\n");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
