/**
 * YAML as a migration reads it: with PyYAML's own loader, where MLflow reads with libyaml.
 *
 * @module
 */

import { MetaYamlError, parseMetaYaml } from "../yaml/meta_yaml.ts";
import type { MetaDocument } from "../yaml/node.ts";

/**
 * Tells whether a migration refuses a text that MLflow reads: PyYAML's own loader takes a tab only in
 * what is quoted, in blocks and in comments.
 *
 * @param text The decoded text.
 * @returns Whether it does; `true`, too, for a text with tabs that MLflow cannot read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["status:\t3\n", "name: 'a\tb'\n"].map(hasLooseTab), [true, false]);
 * ```
 */
export function hasLooseTab(text: string): boolean {
  if (!text.includes("\t")) return false;
  try {
    // What nothing but quotes, a block or a comment can hold.
    parseMetaYaml(text.replaceAll("\t", " : @"));
    return false;
  } catch (error) {
    if (error instanceof MetaYamlError) return true;
    throw error;
  }
}

/**
 * Reads a text as a migration does, to which a byte order mark is a letter anywhere but at the start.
 *
 * @param text The decoded text, without a loose tab.
 * @returns The document; empty when the text holds nothing but comments, or a null.
 * @throws {MetaYamlError} When a migration cannot read it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseMigratedYaml("a: 1\n\uFEFFb: 2\n").size, 2);
 * ```
 */
export function parseMigratedYaml(text: string): MetaDocument {
  // In its place, a letter that no `meta.yaml` has.
  return parseMetaYaml(text.replace(/^\uFEFF/, "").replaceAll("\uFEFF", "\uE000"));
}
