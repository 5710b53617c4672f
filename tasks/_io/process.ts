/**
 * What a program that trains is to the operating system: who runs it, from which file, and how it is
 * told to stop. Nothing of this ever asks for a permission: what is not granted is not known.
 *
 * @module
 */

/**
 * Names the account that runs the program, as MLflow does. Uses `--allow-env` for `LOGNAME`, `USER`,
 * `LNAME` and `USERNAME` where it is granted.
 *
 * @returns The account; `unknown` where it cannot be told.
 */
export function accountName(): string {
  for (const variable of ["LOGNAME", "USER", "LNAME", "USERNAME"]) {
    const { state } = Deno.permissions.querySync({ name: "env", variable });
    const name = state === "granted" ? Deno.env.get(variable) : undefined;
    if (name) return name;
  }
  return "unknown";
}

/**
 * Names the file that the program was started from.
 *
 * @returns Its path or URL; `null` where it cannot be told.
 */
export function mainFile(): string | null {
  try {
    const url = Deno.mainModule;
    return url.startsWith("file:") ? decodeURIComponent(new URL(url).pathname) : url;
  } catch {
    return null;
  }
}

/** Signals that tell a process to stop, and the exit codes by which a shell reports them. */
const STOPPING: ReadonlyMap<Deno.Signal, number> = new Map<Deno.Signal, number>(
  Deno.build.os === "windows" ? [["SIGINT", 130]] : [["SIGINT", 130], ["SIGTERM", 143]],
);

const stoppers = new Set<() => Promise<void>>();
const listeners = new Map<Deno.Signal, () => void>();

/**
 * Does something when the process is told to stop, and then lets it stop: it exits as it would have
 * without. The latest registered is done first.
 *
 * @param stop What to do.
 * @returns A handle; disposing of it means that the process may stop at once again.
 */
export function whenStopped(stop: () => Promise<void>): Disposable {
  if (stoppers.size === 0) {
    for (const [signal, code] of STOPPING) {
      const listener = () => void stopAll(code);
      listeners.set(signal, listener);
      Deno.addSignalListener(signal, listener);
    }
  }
  stoppers.add(stop);
  return {
    [Symbol.dispose]() {
      stoppers.delete(stop);
      if (stoppers.size > 0) return;
      for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
      listeners.clear();
    },
  };
}

async function stopAll(code: number): Promise<never> {
  for (const stop of [...stoppers].reverse()) await stop().catch(() => {});
  Deno.exit(code);
}
