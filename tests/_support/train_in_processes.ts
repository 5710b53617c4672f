/**
 * Training in many processes at once.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";

/** What each of the processes does: an async function's body, given `store`, `number` and our functions. */
export interface ProcessOptions {
  /** How many. */
  readonly processes: number;
  /** The store's root. */
  readonly root: string;
  /** The body; it may use `safeRun`, `startRun`, `setupExperiment`, and returns what is to be known. */
  readonly body: string;
}

/**
 * Runs the same program in many processes, which all begin at the same moment.
 *
 * @param options The program.
 * @returns What each of them returned.
 * @throws {Error} When one of them fails: what it said.
 */
export async function trainInProcesses<T>(options: ProcessOptions): Promise<readonly T[]> {
  const { processes, root, body } = options;
  const script = (number: number) => `
    import { openStore } from "mltidy";
    import { safeRun, setupExperiment, startRun } from "mltidy/train";
    const number = ${number};
    await using store = await openStore(${JSON.stringify(root)});
    const body = async () => {${body}};
    await new Promise((resolve) => setTimeout(resolve, ${Date.now() + 1500} - Date.now()));
    console.log(JSON.stringify(await body() ?? null));`;
  const config = fromFileUrl(new URL("../../deno.json", import.meta.url));
  return await Promise.all(Array.from({ length: processes }, async (_, number) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-check", "--config", config, "-"],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(script(number)));
    await writer.close();
    const { success, stdout, stderr } = await child.output();
    const text = new TextDecoder();
    if (!success) throw new Error(`Process ${number} failed:\n${text.decode(stderr)}`);
    return JSON.parse(text.decode(stdout));
  }));
}
