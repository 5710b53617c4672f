/// <reference lib="dom" />
/**
 * One typed function for each HTML element of the page, over preact's `h()`.
 *
 * @module
 */

import {
  type ComponentChildren,
  type FunctionComponent,
  h,
  type HTMLAttributes,
  type JSX,
  type VNode,
} from "preact";

/** The names of the elements that HTML has. */
type Tag = keyof JSX.IntrinsicElements & keyof HTMLElementTagNameMap;

/** What makes one element: its properties, then what stands in it. */
type Make<T extends Tag> = (
  properties: JSX.IntrinsicElements[T],
  ...children: ComponentChildren[]
) => VNode;

/** What may stand in an element. Text is only ever text. */
export type Content = ComponentChildren;

/**
 * Shows what has a state of its own.
 *
 * @param part What is shown.
 * @param properties What it is made of; with another `key` its state begins anew.
 * @returns An element like any other.
 */
export function show<P extends object>(
  part: (properties: P) => VNode,
  properties: P & { readonly key?: string },
): VNode {
  return h(part as FunctionComponent<object>, properties) as VNode;
}

function element<T extends Tag>(tag: T): Make<T> {
  return (properties, ...children) => h(tag, properties as HTMLAttributes, ...children);
}

export const a: Make<"a"> = element("a");
export const bdi: Make<"bdi"> = element("bdi");
export const button: Make<"button"> = element("button");
export const caption: Make<"caption"> = element("caption");
export const code: Make<"code"> = element("code");
export const dd: Make<"dd"> = element("dd");
export const details: Make<"details"> = element("details");
export const div: Make<"div"> = element("div");
export const dl: Make<"dl"> = element("dl");
export const dt: Make<"dt"> = element("dt");
export const fieldset: Make<"fieldset"> = element("fieldset");
export const form: Make<"form"> = element("form");
export const h1: Make<"h1"> = element("h1");
export const h2: Make<"h2"> = element("h2");
export const h3: Make<"h3"> = element("h3");
export const h4: Make<"h4"> = element("h4");
export const header: Make<"header"> = element("header");
export const input: Make<"input"> = element("input");
export const kbd: Make<"kbd"> = element("kbd");
export const label: Make<"label"> = element("label");
export const legend: Make<"legend"> = element("legend");
export const li: Make<"li"> = element("li");
export const main: Make<"main"> = element("main");
export const nav: Make<"nav"> = element("nav");
export const ol: Make<"ol"> = element("ol");
export const option: Make<"option"> = element("option");
export const output: Make<"output"> = element("output");
export const p: Make<"p"> = element("p");
export const pre: Make<"pre"> = element("pre");
export const progress: Make<"progress"> = element("progress");
export const section: Make<"section"> = element("section");
export const select: Make<"select"> = element("select");
export const span: Make<"span"> = element("span");
export const strong: Make<"strong"> = element("strong");
export const summary: Make<"summary"> = element("summary");
export const table: Make<"table"> = element("table");
export const tbody: Make<"tbody"> = element("tbody");
export const td: Make<"td"> = element("td");
export const th: Make<"th"> = element("th");
export const thead: Make<"thead"> = element("thead");
export const time: Make<"time"> = element("time");
export const tr: Make<"tr"> = element("tr");
export const ul: Make<"ul"> = element("ul");
