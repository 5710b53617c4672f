/// <reference lib="dom" />
/**
 * Letting the server carry something out, and following it.
 *
 * @module
 */

import { useState } from "preact/hooks";
import { errorMessage } from "../../../../lib/errors.ts";
import type { CancelAnswer, WorkLine } from "../../messages.ts";
import { type Server, whyOf } from "./server.ts";

/** Where the server takes what is to be carried out. */
export type WorkPath = "apply" | "repair" | "restore";

/** The last line of something that was carried out. */
export type WorkEnd = Exclude<WorkLine, { readonly work: "progress" }>;

/** Something that is carried out, or was. */
export interface Work {
  /** What was begun last, by where the server takes it; `null`: nothing. */
  readonly path: WorkPath | null;
  /** How far it is; `null`: nothing is carried out. */
  readonly progress: Extract<WorkLine, { work: "progress" }> | null;
  /** Whether it was asked to end. */
  readonly isEnding: boolean;
  /** How it ended; `null`: it has not, or nothing was begun. */
  readonly end: WorkEnd | null;
  /** What was typed wrong. */
  readonly mistyped: string | null;
  /** Begins. */
  readonly begin: (path: WorkPath, body: unknown) => Promise<WorkEnd | null>;
  /** Asks for an end between two steps. */
  readonly cancel: () => void;
  /** Forgets how it ended. */
  readonly clear: () => void;
}

type State = Omit<Work, "begin" | "cancel" | "clear">;

const IDLE: State = { path: null, progress: null, isEnding: false, end: null, mistyped: null };

/**
 * Carries something out.
 *
 * @param server Does it.
 * @returns What is carried out.
 */
export function useWork(server: Server): Work {
  const [state, setState] = useState<State>(IDLE);

  const begin = async (path: WorkPath, body: unknown): Promise<WorkEnd | null> => {
    setState({
      ...IDLE,
      path,
      progress: { work: "progress", label: "Starting", done: 0, total: null },
    });
    let end: WorkEnd | null = null;
    try {
      // It goes on without this page, so nothing aborts it but the reader's word.
      for await (const line of server.lines<WorkLine>(path, body, new AbortController().signal)) {
        if (line.work !== "progress") end = line;
        else setState((before) => ({ ...before, progress: line }));
      }
      end ??= {
        work: "failed",
        message:
          "mltidy stopped before it was done. Start it again: it completes what it had begun, " +
          "or takes it back, and says so.",
      };
    } catch (error) {
      const why = whyOf(error);
      const message = errorMessage(error);
      if (why === "mistyped") {
        setState({ ...IDLE, path, mistyped: message });
        return null;
      }
      end = { work: why === "outdated" ? why : "failed", message };
    }
    setState({ ...IDLE, path, end });
    return end;
  };
  const cancel = (): void => {
    setState((before) => ({ ...before, isEnding: true }));
    server.post<CancelAnswer>("cancel", {}).catch(() => undefined);
  };
  return { ...state, begin, cancel, clear: () => setState(IDLE) };
}
