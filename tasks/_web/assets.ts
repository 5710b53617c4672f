/**
 * What the browser loads: the shell of the page, its modules without their types, its style, and preact.
 *
 * Everything is part of this program, as text: nothing is built, and nothing comes from elsewhere.
 *
 * @module
 */

import { stripTypeScriptTypes } from "node:module";
import preact from "preact" with { type: "text" };
import hooks from "preact/hooks" with { type: "text" };
import { PAGE_FILES } from "./page_files.ts";

/** Something that the browser loads. */
export interface Asset {
  /** Its type. */
  readonly type: string;
  /** Its content. */
  readonly text: () => string;
}

const SCRIPT = "text/javascript; charset=utf-8";

/** Where modules of packages are. */
const PACKAGES: Readonly<Record<string, readonly [path: string, text: string]>> = {
  "preact": ["packages/preact.js", preact],
  "preact/hooks": ["packages/preact_hooks.js", hooks],
};

const IMPORT_MAP = JSON.stringify({
  imports: Object.fromEntries(
    Object.entries(PACKAGES).map(([name, [path]]) => [name, `./${path}`]),
  ),
});

const STYLES = Object.keys(PAGE_FILES).filter((path) => path.endsWith(".css"))
  .map((path) => `<link rel="stylesheet" href="./${path}">`).join("\n");

/** Addresses are relative, so that the page can stand below another one's path. */
const SHELL = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>mltidy</title>
<link rel="icon" href="data:,">
${STYLES}
<script type="importmap">${IMPORT_MAP}</script>
<script type="module" src="./tasks/_web/page/main.ts"></script>
</head>
<body>
<main id="page"><noscript>This page needs JavaScript; \`deno task help\` names what works in a terminal.</noscript></main>
</body>
</html>
`;

/**
 * Gives what stands in the policy of the page for its import map.
 *
 * @returns SHA-256 of it, base64.
 */
export async function importMapHash(): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(IMPORT_MAP));
  return new Uint8Array(bytes).toBase64();
}

/**
 * Lists what the browser loads.
 *
 * @returns By path, beginning with a slash; types are taken away once somebody asks.
 */
export function pageAssets(): ReadonlyMap<string, Asset> {
  const packages = Object.values(PACKAGES).map(([path, text]) =>
    // Nobody has the map of their source.
    [`/${path}`, asset(SCRIPT, () => text.replace(/^\/\/# sourceMappingURL=.*$/m, ""))] as const
  );
  const files = Object.entries(PAGE_FILES).map(([path, text]) =>
    [
      `/${path}`,
      path.endsWith(".css")
        ? asset("text/css; charset=utf-8", () => text)
        : asset(SCRIPT, () => stripTypeScriptTypes(text)),
    ] as const
  );
  return new Map([
    ["/", asset("text/html; charset=utf-8", () => SHELL)],
    ...packages,
    ...files,
  ]);
}

function asset(type: string, make: () => string): Asset {
  let text: string | null = null;
  return { type, text: () => text ??= make() };
}
