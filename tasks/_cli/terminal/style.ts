import type { RenderOptions } from "../../../lib/text/style.ts";

/** What is known about the stream that text goes to. */
export interface OutputStream {
  /** Whether a person reads it there. */
  readonly isTerminal: boolean;
  /** Columns of the terminal. */
  readonly columns: number;
  /** The variable `NO_COLOR`; `undefined` when it is not set. */
  readonly noColor: string | undefined;
}

/**
 * Decides once how text is rendered: colour and the terminal's width on a terminal, plain and whole
 * in a pipe. A `NO_COLOR` that is not empty switches colour off (https://no-color.org).
 *
 * @param stream The stream.
 * @returns The options of every renderer.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   decideStyle({ isTerminal: false, columns: 80, noColor: undefined }),
 *   { color: false, width: Infinity },
 * );
 * ```
 */
export function decideStyle(stream: OutputStream): Required<RenderOptions> {
  const { isTerminal, columns, noColor = "" } = stream;
  return { color: isTerminal && noColor === "", width: isTerminal ? columns : Infinity };
}
