/**
 * A second thread, where one can be had.
 *
 * @module
 */

/** A second thread. */
export interface SecondThread<Order> {
  /** Tells it something: plain data. */
  send(order: Order): void;
  /** Ends it, whatever it is at. */
  dismiss(): void;
}

/** What a second thread says. */
export interface ThreadListeners<Report> {
  onReport(report: Report): void;
  /** Called when it has ended by an error; it reports nothing more. */
  onFailure(): void;
}

/**
 * Starts a second thread. Needs read permission for this program's own modules.
 *
 * @param module What it runs.
 * @param listeners Who hears what it says.
 * @returns The thread; `null` where the module may not be read.
 */
export function startThread<Order, Report>(
  module: URL,
  { onReport, onFailure }: ThreadListeners<Report>,
): SecondThread<Order> | null {
  // Asked first, as a thread that may not be started says so on standard error.
  if (module.protocol === "file:") {
    const { state } = Deno.permissions.querySync({ name: "read", path: module });
    if (state !== "granted") return null;
  }
  const worker = new Worker(module.href, { type: "module" });
  worker.addEventListener("message", ({ data }: MessageEvent<Report>) => onReport(data));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    onFailure();
  });
  return {
    send: (order) => worker.postMessage(order),
    dismiss: () => worker.terminate(),
  };
}

/** What the second thread itself has of the interface of workers. */
interface ThreadScope {
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  postMessage(report: unknown): void;
}

/**
 * Serves the thread that started this one.
 *
 * @param serve Called with each order, and with the means to report.
 */
export function serveThread<Order, Report>(
  serve: (order: Order, report: (report: Report) => void) => Promise<void>,
): void {
  const scope = self as unknown as ThreadScope;
  scope.addEventListener(
    "message",
    ({ data }) => serve(data as Order, (r) => scope.postMessage(r)),
  );
}
