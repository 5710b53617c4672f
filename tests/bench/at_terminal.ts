/**
 * A person at a terminal of 80 columns, which Linux's `script` plays.
 *
 * @module
 */

import { Unmeasurable } from "./measurement.ts";
import { repository } from "./programs.ts";

/** A program at a terminal. */
export interface AtTerminal extends AsyncDisposable {
  /** All that was shown so far, each time that something more is. */
  readonly screens: () => AsyncIterable<string>;
  /** Types. */
  readonly type: (text: string) => Promise<void>;
  /** Waits for its end. */
  readonly code: () => Promise<number>;
}

/**
 * Starts a program at a terminal; it is ended when this goes out of scope.
 *
 * @param words The program and its arguments.
 * @param output Path of the file that gets its standard output; the terminal does when it is left out.
 * @returns The program.
 * @throws {Unmeasurable} When nothing here plays a terminal.
 */
export function atTerminal(words: readonly string[], output?: string): AtTerminal {
  if (Deno.build.os !== "linux") throw new Unmeasurable("only Linux's script plays a terminal");
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const into = output === undefined ? "" : ` > '${output}'`;
  const command = `stty cols 80 rows 24; exec ${quoted}${into}`;
  const child = new Deno.Command("script", {
    args: ["--quiet", "--flush", "--return", "--command", command, "/dev/null"],
    cwd: repository,
    env: { TERM: "xterm" },
    ...{ stdin: "piped", stdout: "piped", stderr: "null" },
  }).spawn();
  const keyboard = child.stdin.getWriter();
  return {
    async *screens() {
      let screen = "";
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        yield screen += text;
      }
    },
    type: (text) => keyboard.write(new TextEncoder().encode(text)),
    code: async () => (await child.status).code,
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
