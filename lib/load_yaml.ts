/**
 * Text of YAML → its mappings, sequences and scalars, all scalars as text.
 *
 * @module
 */

import { parse, YamlSyntaxError } from "@std/yaml";

/** Text that PyYAML would not read as one mapping; says where. */
export class MetaYamlError extends SyntaxError {
  /** The name of the class. */
  override readonly name = "MetaYamlError";
  /** 1-based line. */
  readonly line: number;
  /** 1-based column. */
  readonly column: number;

  /**
   * Makes the error.
   *
   * @param reason What is wrong there.
   * @param line 1-based line.
   * @param column 1-based column.
   */
  constructor(reason: string, line: number, column: number) {
    super(`Cannot read YAML at line ${line}, column ${column}: ${reason}`);
    this.line = line;
    this.column = column;
  }
}

/**
 * Reads one document of YAML without giving any word a meaning.
 *
 * @param source The text.
 * @returns Objects, arrays and strings; `null` where nothing is written. Of duplicate keys the last
 *   counts. Aliases are the same object again, so what comes back may be endless.
 * @throws {MetaYamlError} When the text is no YAML, or more than one document.
 */
export function loadYaml(source: string): unknown {
  try {
    return parse(source, { schema: "failsafe", allowDuplicateKeys: true });
  } catch (error) {
    if (error instanceof YamlSyntaxError) {
      const [reason = ""] = error.message.split(" at line ");
      throw new MetaYamlError(
        reason.charAt(0).toLowerCase() + reason.slice(1),
        error.line,
        error.column,
      );
    }
    // The parser's recursion met the end of the call stack.
    if (error instanceof RangeError) throw new MetaYamlError("nested too deeply", 1, 1);
    throw error;
  }
}
