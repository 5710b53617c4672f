import { assertEquals } from "@std/assert";
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
