/// <reference lib="dom" />
/**
 * Listening to what the server tells by itself.
 *
 * @module
 */

import { useEffect, useState } from "preact/hooks";
import { errorMessage } from "../../../../lib/errors.ts";
import type { EventLine } from "../../messages.ts";
import { AT_FIRST, follow, type Standing } from "../pure/standing.ts";
import { RefusedError, type Server, UNREACHABLE } from "./server.ts";

/** What is heard. */
export interface Events {
  readonly standing: Standing;
  /** Why nothing is heard; `null`: the server speaks. */
  readonly silence: { readonly why: RefusedError["why"]; readonly message: string } | null;
}

/** How long it takes until a server that does not answer is tried again, ms. */
const AGAIN = 3000;

/**
 * Listens, and comes back when the line breaks.
 *
 * @param server The server.
 * @returns What is heard.
 */
export function useEvents(server: Server): Events {
  const [events, setEvents] = useState<Events>({ standing: AT_FIRST, silence: null });
  useEffect(() => {
    const abort = new AbortController();
    const listen = async (): Promise<void> => {
      for await (const line of server.lines<EventLine>("events", undefined, abort.signal)) {
        setEvents(({ standing }) => ({ standing: follow(standing, line), silence: null }));
      }
      throw new RefusedError("unreachable", UNREACHABLE);
    };
    const goOn = async (): Promise<void> => {
      while (!abort.signal.aborted) {
        await listen().catch((error) => {
          if (abort.signal.aborted) return;
          const why = error instanceof RefusedError ? error.why : "unreachable";
          const message = why === "unreachable" ? UNREACHABLE : errorMessage(error);
          setEvents(({ standing }) => ({ standing, silence: { why, message } }));
        });
        await new Promise((resolve) => setTimeout(resolve, AGAIN));
      }
    };
    goOn();
    return () => abort.abort();
  }, [server]);
  return events;
}
