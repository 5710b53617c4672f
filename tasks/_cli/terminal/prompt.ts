import { foldText } from "../../../lib/text/fold.ts";

/** Where a question is asked and answered. */
export interface PromptTerminal {
  /** Writes to the terminal. */
  readonly write: (text: string) => void;
  /** Columns of the terminal. @default {no end} */
  readonly columns?: number;
  /** Reads bytes typed; `null` at the end of input, as of `Deno.stdin`. */
  readonly read: (buffer: Uint8Array<ArrayBuffer>) => Promise<number | null>;
}

/**
 * Asks a question that is answered by yes or no, on a terminal.
 *
 * @param question The question, without its mark.
 * @param terminal Where to ask.
 * @returns Whether the answer was `y` or `yes`; anything else, or the end of input, is a no.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const silent = { write() {}, read: () => Promise.resolve(null) };
 *
 * assertEquals(await askYesNo("Apply this plan", silent), false);
 * ```
 */
export async function askYesNo(question: string, terminal: PromptTerminal): Promise<boolean> {
  terminal.write(asked(`${question}? [y/N]`, terminal));
  const line = await readLine(terminal);
  if (line === null) terminal.write("\n");
  return line !== null && /^\s*y(es)?\s*$/i.test(line);
}

/**
 * Asks for a text to be typed, on a terminal.
 *
 * @param question The question, without its mark.
 * @param wanted What has to be typed.
 * @param terminal Where to ask.
 * @returns Whether that was the answer; anything else, or the end of input, is a no.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const silent = { write() {}, read: () => Promise.resolve(null) };
 *
 * assertEquals(await askFor("Type how much goes", "12", silent), false);
 * ```
 */
export async function askFor(
  question: string,
  wanted: string,
  terminal: PromptTerminal,
): Promise<boolean> {
  terminal.write(asked(`${question} >`, terminal));
  const line = await readLine(terminal);
  if (line === null) terminal.write("\n");
  return line?.trim() === wanted;
}

function asked(question: string, { columns = Infinity }: PromptTerminal): string {
  return `${foldText(question, { width: columns - 1 })} `;
}

async function readLine({ read }: PromptTerminal): Promise<string | null> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(256);
  let line = "";
  while (!line.includes("\n")) {
    const count = await read(buffer);
    if (count === null) return null;
    line += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return line.slice(0, line.indexOf("\n"));
}
