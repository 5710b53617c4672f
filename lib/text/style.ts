/**
 * How text is rendered: with or without colour, for how many columns.
 *
 * @module
 */

/** What the output can show. The defaults are those of a pipe: no colour, nothing shortened. */
export interface RenderOptions {
  /** Whether to use colour. @default {false} */
  readonly color?: boolean;
  /** Columns of the terminal. @default {Infinity} */
  readonly width?: number;
}

/** Ways to set off a text; each gives it back unchanged where colour is off. */
export interface Style {
  /** For what a reader looks for first. */
  readonly bold: (text: string) => string;
  /** For asides. */
  readonly dim: (text: string) => string;
  /** For what is lost or wrong. */
  readonly red: (text: string) => string;
  /** For what is well. */
  readonly green: (text: string) => string;
  /** For what asks for attention. */
  readonly yellow: (text: string) => string;
}

/**
 * Gives the ways to set off a text.
 *
 * @param options Whether to use colour.
 * @returns Functions that wrap a text in ANSI codes, or leave it alone.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(styleOf({ color: true }).bold("12"), "\x1b[1m12\x1b[22m");
 * assertEquals(styleOf({}).bold("12"), "12");
 * ```
 */
export function styleOf({ color = false }: RenderOptions): Style {
  const code = (on: number, off: number) => (text: string): string =>
    color && text !== "" ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return {
    bold: code(1, 22),
    dim: code(2, 22),
    red: code(31, 39),
    green: code(32, 39),
    yellow: code(33, 39),
  };
}
