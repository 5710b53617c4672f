/** A text that stands in a file of YAML as it is. */
export function yamlText(text: string): string {
  // What JSON writes YAML reads, but for what it takes for the end of a line.
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A line of YAML, and why it is there; of several whys each has a line of its own. */
export type YamlLine = readonly [why: string | readonly string[], line: string];

/**
 * Writes lines of YAML, each below why it is there.
 *
 * @param lines The lines, indented.
 * @returns Twice as many, and more where there are several whys.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(explainedYaml([["The first.", "  a: 1"]]), ["  # The first.", "  a: 1"]);
 * ```
 */
export function explainedYaml(lines: readonly YamlLine[]): readonly string[] {
  return lines.flatMap(([why, line]) => {
    const [indent = ""] = /^ */.exec(line) ?? [];
    return [...[why].flat().map((one) => `${indent}# ${one}`), line];
  });
}
