/**
 * Training into a tracking server, behind the port. Loaded once something is to be trained.
 *
 * @module
 */

import { orStoreError } from "./client/request_error.ts";
import type { ServerTracking, ServerTrackingOptions } from "./tracking/server_tracking.ts";

/**
 * Makes the port; nothing is loaded yet.
 *
 * @param options Which server, and how.
 * @returns The port, which ends with the store.
 */
export function trackingPort(options: ServerTrackingOptions): ServerTracking {
  const { location } = options.server;
  let opening: Promise<ServerTracking> | null = null;
  const open = () =>
    opening ??= orStoreError(location, async () => {
      const { openServerTracking } = await import("./tracking/server_tracking.ts");
      return openServerTracking(options);
    });
  return {
    setupExperiment: async (request) => await (await open()).setupExperiment(request),
    startRun: async (request) => await (await open()).startRun(request),
    resumeRun: async (request) => await (await open()).resumeRun(request),
    async [Symbol.asyncDispose]() {
      await (await opening?.catch(() => null))?.[Symbol.asyncDispose]();
    },
  };
}
