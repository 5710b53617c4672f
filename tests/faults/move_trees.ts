/**
 * Sets the trees of a small artifact root aside, or brings them back, in a process that may be killed.
 *
 * @module
 */

import { join } from "@std/path";
import { asStorePath } from "../../lib/store/path.ts";
import { bringTreesBack } from "../../tasks/_artifacts/bring_tree_back.ts";
import { copyAhead, setAside } from "../../tasks/_artifacts/set_aside.ts";

const [deed, root = "", state = ""] = Deno.args;
const place = { root, trees: join(state, "trees"), staging: join(state, "staging") };
const trees = ["1/ab", "1/models/m-1", "1"]
  .map((path) => ({ change: "20261101T123005Z-cleanup", path: asStorePath(path) }));
if (deed === "back") await bringTreesBack(place, trees.toReversed());
else {
  for (const tree of trees) {
    if (deed === "aside") await copyAhead(place, tree);
    await setAside(place, [tree], { keepBackup: deed === "aside" });
  }
}
