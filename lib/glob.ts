/**
 * Globs: `*` for any letters, `?` for one.
 *
 * @module
 */

/** Tells whether a text fits. */
export type Matcher = (text: string) => boolean;

/**
 * Reads a glob for names, tags and ids: `*` stands for any letters, `?` for exactly one; everything
 * else for itself, upper and lower case apart.
 *
 * @param glob The glob.
 * @returns Tells whether the whole of a text fits.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * const matches = nameGlob("churn-*");
 * assert(matches("churn-2024") && !matches("old churn-2024"));
 * ```
 */
export function nameGlob(glob: string): Matcher {
  const [first = "", ...rest] = glob.split(/\*+/)
    .map((part) => part.split("?").map(literal).join("."));
  const last = rest.pop();
  // What stands between two stars is found where it comes first, and never looked for again: else a
  // name of thousands of letters could be tried in more ways than anyone would wait for.
  const between = rest.map((part, index) => `(?=(.*?${part}))\\${index + 1}`).join("");
  const pattern = new RegExp(`^${first}${between}${last === undefined ? "" : `.*${last}`}$`, "su");
  return (text) => pattern.test(text);
}

/**
 * Reads a glob for relative paths: `*` and `?` stay inside one name, `**` crosses them. A glob that
 * fits a directory fits all that lies in it.
 *
 * @param glob The glob; a `/` at its end means nothing.
 * @returns Tells whether a path, or a directory around it, fits.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * const matches = pathGlob("**\/*.ckpt");
 * assert(matches("last.ckpt") && matches("epochs/3/model.ckpt") && !matches("model.pkl"));
 * assert(pathGlob("checkpoints")("checkpoints/3/model.bin"));
 * ```
 */
export function pathGlob(glob: string): Matcher {
  const source = glob.replace(/\/+$/, "").split(/(\*\*+\/|\*+|\?)/)
    .map((part, index) => index % 2 === 1 ? wildcard(part) : literal(part))
    .join("");
  const pattern = new RegExp(`^${source}$`, "su");
  return (path) => {
    const names = path.split("/");
    return names.some((_, index) => pattern.test(names.slice(0, index + 1).join("/")));
  };
}

function wildcard(stars: string): string {
  if (stars === "?") return "[^/]";
  if (stars.startsWith("**")) return stars.endsWith("/") ? "(?:.*/)?" : ".*";
  return "[^/]*";
}

function literal(text: string): string {
  return text.replace(/[\\^$.|?*+(){}[\]]/g, "\\$&");
}
