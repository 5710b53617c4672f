/**
 * What the README of the tasks says of MLflow and its damaged store, MLflow itself says.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { openStore } from "../../tasks/open_store.ts";
import { repair } from "../../tasks/repair.ts";
import { EXAMPLE_NOW, layOutExample } from "../_support/damaged_example.ts";
import { PLACE, readPages } from "../_support/readme.ts";
import { askStores } from "./damaged_stores.ts";
import { testEachVersion } from "./each_version.ts";

/** The message of the exception, under the class's full name. */
function quotedMessage(): string {
  const [, block = ""] = /^```pycon\n>>> mlflow\.search_experiments\(\)\n(.*?)\n```$/ms.exec(
    readPages().get("tasks/README.md") ?? "",
  ) ?? [];
  return block.replace(/^[\w.]+\./, "").replaceAll(PLACE, "/ROOT");
}

testEachVersion(
  "the README of the tasks quotes what MLflow says, and nothing of it after repair",
  async (version) => {
    const parent = await Deno.makeTempDir({ prefix: "mltidy-" });
    try {
      const [damaged, mended] = ["damaged", "mended"].map((name) => {
        Deno.mkdirSync(join(parent, name));
        const place = {
          root: join(parent, name, "mlruns"),
          outside: join(parent, name, "outside"),
        };
        layOutExample(place);
        return place.root;
      }) as [string, string];
      await using store = await openStore(mended, { now: () => EXAMPLE_NOW });
      assert((await repair(store, { apply: true })).report?.complete);
      const answers = await askStores(version, { damaged, mended }, parent);
      const [first] = Object.values(answers["damaged"]!.raised);
      assertEquals(first, quotedMessage());
      const { raised, refused, warned, shown } = answers["mended"]!;
      assertEquals([raised, refused, warned], [{}, {}, []]);
      const runs = Object.keys(shown).filter((path) => /^runs\/[^/]*\/info\/run_id$/.test(path));
      assertEquals(runs.length, 3);
    } finally {
      await Deno.remove(parent, { recursive: true });
    }
  },
);
