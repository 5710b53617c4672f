import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { glanceInto, listDirectory } from "../../../tasks/_io/list_directory.ts";
import { memoryDirectory } from "../../_support/temp_directory.ts";
import { writeFiles } from "../../_support/disk_store.ts";

const NAMES = Array.from({ length: 2_000 }, (_, index) => `a_rather_long_name_${index}`);

for (const [how, list] of Object.entries({ listDirectory, glanceInto })) {
  Deno.test(`${how}() lists what is there, little or much, or says why it cannot`, async () => {
    await using place = await memoryDirectory();
    writeFiles(place.path, { "few/file": "", "few/directory": null, "none": null, "file": "" });
    writeFiles(place.path, Object.fromEntries(NAMES.map((name) => [`many/${name}`, ""])));
    const namesIn = async (directory: string) => {
      const listed = await list(join(place.path, directory));
      if (listed.kind === "listed") return listed.entries.map(({ name }) => name).sort();
      return [listed.missing, listed.message];
    };
    assertEquals(await namesIn("few"), ["directory", "file"]);
    assertEquals(await namesIn("none"), []);
    assertEquals(await namesIn("many"), NAMES.toSorted());
    assertEquals(await namesIn("nowhere"), [true, "No such file or directory"]);
    assertEquals(await namesIn("file"), [false, "Not a directory"]);
  });
}

Deno.test({
  name:
    "glanceInto() lists many directories itself, which the system counts, and has another thread list many files",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using place = await memoryDirectory();
    writeFiles(place.path, Object.fromEntries(NAMES.map((name) => [`runs/${name}`, null])));
    writeFiles(place.path, { "runs/meta.yaml": "" });
    const runs = join(place.path, "runs");
    const all = glanceInto(runs);
    assert(!(all instanceof Promise) && all.kind === "listed");
    assertEquals(all.entries.length, NAMES.length + 1);
    writeFiles(place.path, Object.fromEntries(NAMES.map((name) => [`runs/${name}.file`, ""])));
    writeFiles(place.path, { "runs/another.file": "" });
    const most = glanceInto(runs);
    assert(most instanceof Promise);
    const listed = await most;
    assertEquals(listed.kind === "listed" && listed.entries.length, 2 * NAMES.length + 2);
  },
});
