/**
 * The files that the review page is made of, found by following its imports, and the module that names them.
 * To write that module anew: `deno run -RW tests/_support/page_files.ts`.
 *
 * @module
 */

import { fromFileUrl, join } from "@std/path";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));
const MODULE = "tasks/_web/page_files.ts";
const PAGE = "tasks/_web/page";

/**
 * Follows the page's imports, those of types apart.
 *
 * @returns Paths in the repository, in order; its styles are among them.
 */
export function findPageFiles(): readonly string[] {
  const names = [...Deno.readDirSync(join(ROOT, PAGE))].map(({ name }) => name);
  const found = new Set(
    names.filter((name) => name === "main.ts" || name.endsWith(".css"))
      .map((name) => `${PAGE}/${name}`),
  );
  for (const path of found) {
    if (path.endsWith(".css")) continue;
    const text = Deno.readTextFileSync(join(ROOT, path));
    for (const [, clause = "", of = ""] of text.matchAll(IMPORT)) {
      const names = clause.replace(/[{}]/g, "").split(",").map((name) => name.trim());
      const isOfTypes = clause.startsWith("type ") ||
        names.every((name) => name === "" || name.startsWith("type "));
      if (!isOfTypes) found.add(join(path, "..", of).replaceAll("\\", "/"));
    }
  }
  return [...found].toSorted();
}

const IMPORT = /^(?:import|export)\s+([^"';]*?)\s*from\s+"(\.[^"]+)";/gm;

/**
 * Writes the module that names the files of the page.
 *
 * @param paths Their paths in the repository.
 * @returns Its text, before it is formatted.
 */
export function pageFilesModule(paths: readonly string[]): string {
  const nameOf = (path: string) => path.replaceAll(/[^a-z0-9]+/gi, "_");
  const fromWeb = (path: string) =>
    path.startsWith("tasks/_web/") ? `./${path.slice("tasks/_web/".length)}` : `../../${path}`;
  return [
    "/**",
    " * Every file that the browser loads, as text: what `page/main.ts` imports, and what that imports. Written by",
    " * `deno run -RW tests/_support/page_files.ts`.",
    " *",
    " * @module",
    " */",
    "",
    ...paths.map((path) => `import ${nameOf(path)} from "${fromWeb(path)}" with { type: "text" };`),
    "",
    "/** Their texts, by their paths in the repository. */",
    "export const PAGE_FILES: Readonly<Record<string, string>> = {",
    ...paths.map((path) => `  "${path}": ${nameOf(path)},`),
    "};",
    "",
  ].join("\n");
}

if (import.meta.main) {
  Deno.writeTextFileSync(join(ROOT, MODULE), pageFilesModule(findPageFiles()));
}
