/// <reference lib="dom" />
/**
 * Turning the pages of a list that is read rather than scrolled.
 *
 * @module
 */

import type { VNode } from "preact";
import { formatCount } from "../../../../lib/text/units.ts";
import { button, nav, span } from "./element.ts";

/**
 * Makes the buttons that turn pages; none where all is on one.
 *
 * @param label What is turned.
 * @param from The first that is shown, from 0.
 * @param size How many are shown at once.
 * @param total How many there are.
 * @param turn Turns to another first one.
 * @returns The buttons.
 */
export function pager(
  label: string,
  from: number,
  size: number,
  total: number,
  turn: (from: number) => void,
): VNode | null {
  if (total <= size) return null;
  const to = Math.min(from + size, total);
  return nav(
    { class: "pager", "aria-label": label },
    button(
      { type: "button", disabled: from === 0, onClick: () => turn(Math.max(0, from - size)) },
      "Previous",
    ),
    span(
      { "aria-live": "polite" },
      `${formatCount(from + 1)}–${formatCount(to)} of ${formatCount(total)}`,
    ),
    button({ type: "button", disabled: to >= total, onClick: () => turn(from + size) }, "Next"),
  );
}
