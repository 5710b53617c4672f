/// <reference lib="dom" />
/**
 * A list of any length, of which only the rows in sight are drawn. It is one stop for the keyboard: arrows
 * move within it, and the controls of the row that they stand on follow.
 *
 * @module
 */

import type { TargetedKeyboardEvent, VNode } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Content, div } from "./element.ts";
import { rowAfterKey, type RowWindow, windowOf } from "../pure/row_window.ts";

/** What a list is made of. */
export interface LongListOptions {
  /** Its label. */
  readonly label: string;
  /** How many rows there are. */
  readonly total: number;
  /** The headings of its columns, each an element with the role of one. */
  readonly heads: readonly (VNode | null)[];
  /** The cells of a row, each an element with the role of one; `isActive`: its controls take the focus. */
  readonly cells: (index: number, isActive: boolean) => Content;
  /** Is told which rows are drawn. */
  readonly onWindow: (window: RowWindow) => void;
  /** Is told of a key, but those that move, that was pressed on a row; returns whether it did something. */
  readonly onKey?: (key: string, index: number) => boolean;
  /** A class of its own. */
  readonly kind: string;
  /** Begins at the top when it changes. */
  readonly listKey: string;
  /** Whether something newer is awaited. */
  readonly isStale: boolean;
}

/** How high rows are before one was measured, px. */
const ROW_HEIGHT = 60;

/**
 * A list of any length.
 *
 * @param options What it is made of.
 * @returns The list.
 */
export function LongList(options: LongListOptions): VNode {
  const { label, total, heads, cells, onWindow, onKey, kind, listKey, isStale } = options;
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600, rowHeight: ROW_HEIGHT });
  const [active, setActive] = useState(0);
  const at = Math.max(0, Math.min(active, total - 1));
  const window = windowOf(view.top, view.height, view.rowHeight, total);

  const measure = (): void => {
    const element = scroller.current;
    if (element === null) return;
    const row = element.querySelector(".row")?.getBoundingClientRect().height || ROW_HEIGHT;
    setView((before) => {
      const now = { top: element.scrollTop, height: element.clientHeight, rowHeight: row };
      const isSame = before.top === now.top && before.height === now.height &&
        before.rowHeight === now.rowHeight;
      return isSame ? before : now;
    });
  };
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(measure);
  useLayoutEffect(() => {
    scroller.current?.scrollTo({ top: 0 });
    setActive(0);
  }, [listKey]);
  useLayoutEffect(() => onWindow(window), [window.from, window.to]);

  const moveTo = (index: number): void => {
    setActive(index);
    const element = scroller.current;
    if (element === null) return;
    const head = element.querySelector(".row-heads")?.getBoundingClientRect().height ?? 0;
    const top = index * view.rowHeight;
    const bottom = top + view.rowHeight - (element.clientHeight - head);
    if (top < element.scrollTop) element.scrollTo({ top });
    else if (bottom > element.scrollTop) element.scrollTo({ top: bottom });
  };
  const press = (event: TargetedKeyboardEvent<HTMLDivElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = Math.max(1, Math.floor(view.height / view.rowHeight) - 1);
    const to = rowAfterKey(event.key, at, total, step);
    if (to !== null) {
      event.preventDefault();
      // Its controls may be gone with the row that is left.
      event.currentTarget.focus();
      moveTo(to);
    } else if (event.target === event.currentTarget && onKey?.(event.key, at)) {
      event.preventDefault();
    }
  };

  const drawn = Array.from({ length: window.to - window.from }, (_, index) => window.from + index);
  return div(
    {
      class: `long-list ${kind} ${isStale ? "is-stale" : ""}`,
      role: "grid",
      "aria-label": label,
      "aria-rowcount": total + 1,
      "aria-busy": isStale,
      "aria-activedescendant": at >= window.from && at < window.to ? `row-${at}` : undefined,
      tabIndex: 0,
      ref: scroller,
      onScroll: measure,
      onKeyDown: press,
    },
    div({ class: "row-heads", role: "row", "aria-rowindex": 1 }, ...heads),
    div(
      {
        class: "rows",
        role: "rowgroup",
        style: { height: `${total * view.rowHeight}px` },
      },
      ...drawn.map((index) =>
        div(
          {
            key: index,
            id: `row-${index}`,
            class: index === at ? "row is-active" : "row",
            role: "row",
            "aria-rowindex": index + 2,
            style: { transform: `translateY(${index * view.rowHeight}px)` },
            onFocusCapture: () => setActive(index),
            onMouseDown: () => setActive(index),
          },
          cells(index, index === at),
        )
      ),
    ),
  );
}
