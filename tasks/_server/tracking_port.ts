/**
 * Training into a tracking server, behind the port. Loaded once something is to be trained.
 *
 * @module
 */

import { variablesFor } from "./client/find_credentials.ts";
import { orStoreError } from "./client/request_error.ts";
import type { Tracking } from "../ports/tracking.ts";
import { refuseReplacing } from "./tracking/refuse_replacing.ts";
import type { ServerTracking, ServerTrackingOptions } from "./tracking/server_tracking.ts";

/**
 * Makes the port; nothing is loaded yet.
 *
 * @param options Which server, and how.
 * @returns The port, which ends with the store.
 */
export function trackingPort(
  options: ServerTrackingOptions,
): Tracking & AsyncDisposable {
  const { server, environment } = options;
  let opening: Promise<ServerTracking> | null = null;
  const open = () =>
    opening ??= orStoreError(server.location, async () => {
      const { openServerTracking } = await import("./tracking/server_tracking.ts");
      return openServerTracking(options);
    });
  return {
    variables: variablesFor(server, environment),
    refuseReplacing: (found) => refuseReplacing(server.location, found),
    setupExperiment: async (request) => await (await open()).setupExperiment(request),
    startRun: async (request) => await (await open()).startRun(request),
    resumeRun: async (request) => await (await open()).resumeRun(request),
    async [Symbol.asyncDispose]() {
      await (await opening?.catch(() => null))?.[Symbol.asyncDispose]();
    },
  };
}
