/// <reference lib="dom" />
/**
 * The rows of a long list, asked for page by page as they come into sight.
 *
 * @module
 */

import { useEffect, useRef, useState } from "preact/hooks";
import { PAGE_ROWS, pagesOf, type RowWindow } from "../pure/row_window.ts";
import { messageOf, whyOf } from "./server.ts";

/** A part of a list, as the server answers it. */
export interface RowsAnswer<T> {
  readonly total: number;
  readonly rows: readonly T[];
}

/** What is known of a list. */
export interface Rows<T, A extends RowsAnswer<T>> {
  /** How many rows it has; `null`: not known yet. */
  readonly total: number | null;
  /** The last answer, for what it says of the whole list. */
  readonly last: A | null;
  /** A row, if it is known. */
  readonly at: (index: number) => T | undefined;
  /** Whether another list is awaited than is shown. */
  readonly isStale: boolean;
  /** Why nothing comes. */
  readonly error: string | null;
}

interface Book<T, A> {
  readonly key: string;
  readonly total: number;
  readonly last: A;
  readonly pages: ReadonlyMap<number, readonly T[]>;
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
export function useRows<T, A extends RowsAnswer<T>>(
  key: string,
  window: RowWindow,
  ask: ((from: number, to: number, signal: AbortSignal) => Promise<A>) | null,
  onOutdated: () => void,
): Rows<T, A> {
  const [book, setBook] = useState<Book<T, A> | null>(null);
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
          total: answer.total,
          last: answer,
          pages: new Map([...(before?.key === key ? before.pages : []), [page, answer.rows]]),
        }));
      }, (error) => {
        if (abort.signal.aborted) return;
        pending.delete(page);
        const why = whyOf(error);
        // Once the store is read again, there is another plan, and with it another list.
        if (why === "outdated") onOutdated();
        else if (why !== "not-read") setFailure({ key, message: messageOf(error) });
      });
    }
  }, [ask === null, key, pages.join()]);
  useEffect(() => () => {
    for (const abort of asked.current.pages.values()) abort.abort();
    asked.current.key = "";
  }, []);

  return {
    total: book?.total ?? null,
    last: book?.last ?? null,
    at: (index) => book?.pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS],
    isStale: book !== null && book.key !== key,
    error: failure?.key === key ? failure.message : null,
  };
}
