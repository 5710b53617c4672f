/**
 * The browser of this machine, if it has one.
 *
 * @module
 */

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** Absolute path of Chromium: what `CHROMIUM` names, else what is found in `PATH`; `null` where there is none. */
export const chromiumPath: string | null = Deno.env.get("CHROMIUM") ?? findInPath();

function findInPath(): string | null {
  const places = (Deno.env.get("PATH") ?? "").split(":")
    .flatMap((directory) => NAMES.map((name) => `${directory}/${name}`));
  return places.find(isFile) ?? null;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** The root account has no sandbox, and containers have little shared memory. */
export const CHROMIUM_FLAGS: string[] = ["--no-sandbox", "--disable-dev-shm-usage"];

/** Why nothing is tested in a browser, for whoever wonders. */
export const WITHOUT_CHROMIUM =
  "No Chromium found: the tests in a browser are skipped (apt-get install chromium fonts-nanum, or set CHROMIUM)";
