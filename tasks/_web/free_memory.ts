/** From how many bytes of its heap on a process that has done with something large gives that back. */
const LARGE = 160_000_000;

/**
 * Gives back what a plan has taken that is no longer shown. Left alone, the engine waits for so long with it that the
 * plans of a slider's way lie side by side. Needs the process to be started with `--v8-flags=--expose-gc`, as the
 * tasks are; does nothing else.
 */
export function freeMemory(): void {
  const { gc } = globalThis as { readonly gc?: () => void };
  if (gc !== undefined && Deno.memoryUsage().heapUsed > LARGE) gc();
}
