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
  if (!/[*?]/.test(glob)) return (text) => text === glob;
  const [first = "", ...rest] = glob.split(/\*+/).map((part) => literal(part, "."));
  const last = rest.pop();
  const between = rest.map((part, index) => found(`star${index}`, `.*?${part}`)).join("");
  const pattern = new RegExp(`^${first}${between}${last === undefined ? "" : `.*${last}`}$`, "su");
  return (text) => pattern.test(text);
}

/**
 * Reads a glob for relative paths: `*` and `?` stay inside one name, `**` crosses them; where it is a
 * whole name, it also stands for none. A glob that fits a directory fits all that lies in it.
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
  const parts = glob.replace(/\/+$/, "").split(CROSSING);
  const sources = parts.map((part, index) => {
    if (index % 2 === 1) return "";
    const names = namesOf(part, `part${index}`, index + 1 === parts.length ? FITS : "");
    const crossing = parts[index - 1];
    if (crossing === undefined) return names;
    return found(`part${index}`, `${crossing.endsWith("/") ? "(?:.*?/)??" : ".*?"}${names}`);
  });
  const pattern = new RegExp(`^${sources.join("")}`, "su");
  return (path) => pattern.test(path);
}

/** What crosses names: `**` as a whole name, or several of them, else `**` at any place. */
const CROSSING = /((?<=^|\/)(?:\*{2,}\/)+|\*{2,})/;
/** All of a path, or a directory around it. */
const FITS = "(?:/|$)";

/** What a part of a glob that crosses nothing fits. */
function namesOf(part: string, name: string, end: string): string {
  const texts = part.split("*");
  return texts.map((text, index) => {
    const source = literal(text, "[^/]") + (index + 1 === texts.length ? end : "");
    return index === 0 ? source : found(`${name}star${index}`, `[^/]*?${source}`);
  }).join("");
}

/**
 * What is found where it comes first, and never looked for again: else a text of thousands of letters
 * could be tried in more ways than anyone would wait for. What comes after a star fits no less for
 * beginning earlier.
 */
function found(name: string, source: string): string {
  return `(?=(?<${name}>${source}))\\k<${name}>`;
}

/** `one` is what `?` stands for. */
function literal(text: string, one: string): string {
  return text.replace(
    /[\\^$.|?*+(){}[\]]/g,
    (letter) => letter === "?" ? one : `\\${letter}`,
  );
}
