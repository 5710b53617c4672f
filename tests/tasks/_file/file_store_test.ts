import { join } from "@std/path";
import { openFileStore } from "../../../tasks/_file/file_store.ts";
import { NOW, runId } from "../../_support/builders.ts";
import { tempStore } from "../../_support/disk_store.ts";
import { readTree } from "../../_support/tree.ts";
import { type MakeStore, testChanging, testReading } from "../ports/store_contract.ts";

const make: MakeStore = async (init) => {
  const { root, [Symbol.asyncDispose]: dispose } = await tempStore(init);
  const store = await openFileStore(root, { chosenBy: "by --store", now: () => NOW });
  return {
    store,
    contents: () => readTree(root),
    failRun() {
      const meta = join(root, "1", runId(1), "meta.yaml");
      const text = Deno.readTextFileSync(meta);
      Deno.writeTextFileSync(meta, text.replace("status: 3", "status: 4"));
    },
    [Symbol.asyncDispose]: dispose,
  };
};

testReading("a file store", make);
testChanging("a file store", make);
