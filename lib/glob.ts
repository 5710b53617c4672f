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
  const known = READ.get(glob);
  if (known !== undefined) return known;
  const matcher = matcherOf(glob, (stars) => stars === "?" ? "." : ".*");
  READ.set(glob, matcher);
  return matcher;
}

/** The globs of a policy are few and asked of every run, so each is read once. */
const READ = new Map<string, Matcher>();

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
  const matches = matcherOf(glob.replace(/\/+$/, ""), (stars) => {
    if (stars === "?") return "[^/]";
    if (stars.startsWith("**")) return stars.endsWith("/") ? "(?:.*/)?" : ".*";
    return "[^/]*";
  });
  return (path) => {
    const names = path.split("/");
    return names.some((_, index) => matches(names.slice(0, index + 1).join("/")));
  };
}

function matcherOf(glob: string, wildcard: (stars: string) => string): Matcher {
  const source = glob.split(/(\*\*+\/|\*+|\?)/)
    .map((part, index) =>
      index % 2 === 1 ? wildcard(part) : part.replace(/[\\^$.|?*+(){}[\]]/g, "\\$&")
    )
    .join("");
  const pattern = new RegExp(`^${source}$`, "su");
  return (text) => pattern.test(text);
}
