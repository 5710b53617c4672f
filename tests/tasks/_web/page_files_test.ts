import { assertEquals } from "@std/assert";
import { PAGE_FILES } from "../../../tasks/_web/page_files.ts";
import { findPageFiles } from "../../_support/page_files.ts";

Deno.test("the page is served with all that it imports, and nothing else; else type `deno run -RW tests/_support/page_files.ts`", () => {
  assertEquals(Object.keys(PAGE_FILES).toSorted(), findPageFiles());
});
