// deno-lint-ignore-file no-console -- a campaign reports on the terminal.

/** How often a line is written, ms: whoever reads a log wants to know that it goes on, no more. */
const EVERY = { terminal: 10_000, log: 60_000 };

/**
 * Tells how far something that takes long has come, now and then, by a line of its own.
 *
 * @param label What is being done.
 * @param progress Says how much of it is done, and of how much.
 * @returns To be disposed of when it is done.
 */
export function tellProgress(
  label: string,
  progress: () => { readonly done: number; readonly total: number },
): Disposable {
  const started = performance.now();
  const timer = setInterval(() => {
    const { done, total } = progress();
    const minutes = (performance.now() - started) / 60_000;
    console.log(`${label}: ${done} of ${total}, ${minutes.toFixed(1)} min`);
  }, Deno.stdout.isTerminal() ? EVERY.terminal : EVERY.log);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
