/// <reference lib="dom" />
/**
 * What takes the focus when it appears, since what had it is gone.
 *
 * @module
 */

import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { type Content, div } from "./element.ts";

/**
 * A part of the page that takes the focus once.
 *
 * @param properties What stands in it, and its class.
 * @returns The part.
 */
export function Focused(
  { content, kind }: { readonly content: Content; readonly kind: string },
): VNode {
  const part = useRef<HTMLDivElement>(null);
  useEffect(() => part.current?.focus(), []);
  return div({ class: kind, tabIndex: -1, ref: part }, content);
}
