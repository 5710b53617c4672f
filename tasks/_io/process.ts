/**
 * What a program is to the operating system: who runs it, from which file, in which environment, and how it
 * is told to stop. Nothing of this ever asks for a permission: what is not granted is not known.
 *
 * @module
 */

/** Says what a variable of the environment is set to. */
export type Environment = (name: string) => string | undefined;

/**
 * Says what a variable is set to: what this process may not ask for is as what is not set. Uses `--allow-env` where
 * that is granted.
 *
 * @param environment The environment.
 * @param name The variable.
 * @returns What it is set to, which may be nothing; `undefined` where it is not set, or nobody may know.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const refuse = () => {
 *   throw new Deno.errors.NotCapable();
 * };
 * assertEquals(variableIn(() => "here", "HOME"), "here");
 * assertEquals(variableIn(refuse, "HOME"), undefined);
 * ```
 */
export function variableIn(environment: Environment, name: string): string | undefined {
  try {
    return environment(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/**
 * Names the account that runs the program, as MLflow does. Uses `--allow-env` for `LOGNAME`, `USER`,
 * `LNAME` and `USERNAME` where it is granted.
 *
 * @returns The account; `unknown` where it cannot be told.
 */
export function accountName(): string {
  for (const variable of ["LOGNAME", "USER", "LNAME", "USERNAME"]) {
    const name = granted(variable);
    if (name) return name;
  }
  return "unknown";
}

/**
 * Names the directory in which the user's programs keep their state, and nothing else of the environment. Uses
 * `--allow-env` for `XDG_STATE_HOME` and `HOME` where it is granted.
 *
 * @param name A variable.
 * @returns The directory for `XDG_STATE_HOME`; `undefined` where it cannot be told, and for any other variable.
 */
export function stateOfUser(name: string): string | undefined {
  if (name !== "XDG_STATE_HOME") return undefined;
  const home = granted("HOME");
  return granted(name) || (home ? `${home}/.local/state` : undefined);
}

function granted(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
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
  Deno.build.os === "windows"
    ? [["SIGINT", 130]]
    : [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]],
);

/**
 * Tells whether the program was started by `nohup`, as far as can be told: only Linux says so, and Deno
 * shows it only to who may do everything, and only before the first listener.
 */
function ignoresHangUp(): boolean {
  const path = "/proc/self/status";
  if (Deno.build.os !== "linux") return false;
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return false;
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(Deno.readTextFileSync(path))?.[1] ?? "0";
    return BigInt(`0x${mask}`) % 2n === 1n;
  } catch {
    return false;
  }
}

let isHangUpIgnored: boolean | undefined;
const stoppers = new Set<() => Promise<void>>();
const listeners = new Map<Deno.Signal, () => void>();

/**
 * Does something when the process is told to stop, and then lets it stop: it exits as it would have
 * without. The latest registered is begun first, and all are awaited together.
 *
 * @param stop What to do.
 * @returns A handle; disposing of it means that the process may stop at once again.
 */
export function whenStopped(stop: () => Promise<void>): Disposable {
  if (stoppers.size === 0) {
    if (isHangUpIgnored === undefined) {
      isHangUpIgnored = ignoresHangUp();
      // For good: without any listener the process would die of it, between runs and after the last, too.
      if (isHangUpIgnored) Deno.addSignalListener("SIGHUP", () => {});
    }
    for (const [signal, code] of STOPPING) {
      if (signal === "SIGHUP" && isHangUpIgnored) continue;
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

let isStopping = false;

async function stopAll(code: number): Promise<never> {
  isStopping = true;
  // An inner run that has stopped makes the outer one fail: that one has to have begun to stop by then.
  await Promise.allSettled([...stoppers].reverse().map((stop) => stop()));
  Deno.exit(code);
}

/**
 * Waits for the end of a process that has been told to stop: nothing new begins in it.
 *
 * @returns At once when it has not been told so, else never.
 */
export async function unlessStopping(): Promise<void> {
  if (isStopping) await new Promise<never>(() => {});
}

/**
 * Lets the listeners of signals run that came while the program computed.
 *
 * @returns After two turns of the event loop: Deno does not always see a signal in the first.
 */
export async function letSignalsIn(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/**
 * Does something when the process exits, or is about to die of an error that nobody catches. How it ends
 * stays as it is. A listener that was added later may still keep it alive.
 *
 * @param end What to do, with the error; only what it does synchronously gets done.
 * @returns A handle; disposing of it means that it is not done any more.
 */
export function whenEnding(end: (error: unknown) => void): Disposable {
  const onUnload = () => end(new Error("The process exited before the run had ended"));
  const onError = (event: ErrorEvent) => void (event.defaultPrevented || end(event.error));
  const onRejection = (event: PromiseRejectionEvent) =>
    void (event.defaultPrevented || end(event.reason));
  addEventListener("unload", onUnload);
  addEventListener("error", onError);
  addEventListener("unhandledrejection", onRejection);
  return {
    [Symbol.dispose]() {
      removeEventListener("unload", onUnload);
      removeEventListener("error", onError);
      removeEventListener("unhandledrejection", onRejection);
    },
  };
}
