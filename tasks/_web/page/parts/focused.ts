/// <reference lib="dom" />
/**
 * What takes the focus when it appears, since what had it is gone.
 *
 * @module
 */

import type { VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { type Content, div, h4 } from "./element.ts";

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
  useLayoutEffect(() => part.current?.focus(), []);
  return div({ class: kind, tabIndex: -1, ref: part }, content);
}

/**
 * The heading of what a button has opened; it takes the focus once, in place of that button.
 *
 * @param properties What it says.
 * @returns The heading.
 */
export function OpenedHeading({ text }: { readonly text: string }): VNode {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => heading.current?.focus(), []);
  return h4({ tabIndex: -1, ref: heading }, text);
}
