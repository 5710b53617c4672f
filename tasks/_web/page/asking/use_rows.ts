/// <reference lib="dom" />
/**
 * The rows of a long list, asked for page by page as they come into sight.
 *
 * @module
 */

import { useEffect, useRef, useState } from "preact/hooks";
import { errorMessage } from "../../../../lib/errors.ts";
import type { Row, RowsView } from "../../messages.ts";
import { PAGE_ROWS, pagesOf, type RowWindow } from "../pure/row_window.ts";
import { whyOf } from "./server.ts";

/** What is known of a list. */
export interface Rows {
  /** The last answer, for what it says of the whole list; `null`: none yet. */
  readonly last: RowsView | null;
  /** A row, if it is known. */
  readonly at: (index: number) => Row | undefined;
  /** Whether another list is awaited than is shown. */
  readonly isStale: boolean;
  /** Why nothing comes. */
  readonly error: string | null;
}

interface Book {
  readonly key: string;
  readonly last: RowsView;
  readonly pages: ReadonlyMap<number, readonly Row[]>;
}

/**
 * Asks for the rows that are drawn. Until another list has answered, the one before it is shown.
 *
 * @param key Names the list: what it is of, its filter, its order.
 * @param window The rows that are drawn.
 * @param ask Asks for rows; `null`: not now.
 * @param onOutdated Is told that the server no longer has the list.
 * @returns What is known.
 */
export function useRows(
  key: string,
  window: RowWindow,
  ask: ((from: number, to: number, signal: AbortSignal) => Promise<RowsView>) | null,
  onOutdated: () => void,
): Rows {
  const [book, setBook] = useState<Book | null>(null);
  const [failure, setFailure] = useState<{ key: string; message: string } | null>(null);
  const asked = useRef({ key: "", pages: new Map<number, AbortController>() });
  const pages = pagesOf(window);

  useEffect(() => {
    if (asked.current.key !== key) {
      for (const abort of asked.current.pages.values()) abort.abort();
      asked.current = { key, pages: new Map() };
    }
    if (ask === null) return;
    const pending = asked.current.pages;
    for (const page of pages) {
      if (pending.has(page)) continue;
      const abort = new AbortController();
      pending.set(page, abort);
      ask(page * PAGE_ROWS, (page + 1) * PAGE_ROWS, abort.signal).then((answer) => {
        if (abort.signal.aborted) return;
        setFailure(null);
        setBook((before) => ({
          key,
          last: answer,
          pages: new Map([...(before?.key === key ? before.pages : []), [page, answer.rows]]),
        }));
      }, (error) => {
        if (abort.signal.aborted) return;
        pending.delete(page);
        const why = whyOf(error);
        // Once the store is read again, there is another plan, and with it another list.
        if (why === "outdated") onOutdated();
        else if (why !== "not-read") setFailure({ key, message: errorMessage(error) });
      });
    }
  }, [ask === null, key, pages.join()]);
  useEffect(() => () => {
    for (const abort of asked.current.pages.values()) abort.abort();
    asked.current.key = "";
  }, []);

  return {
    last: book?.last ?? null,
    at: (index) => book?.pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS],
    isStale: book !== null && book.key !== key,
    error: failure?.key === key ? failure.message : null,
  };
}
