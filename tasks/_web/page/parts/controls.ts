/// <reference lib="dom" />
/**
 * Controls that several views have: one of a few, copying a text, asking once more, a link to MLflow's UI.
 *
 * @module
 */

import type { VNode } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import {
  a,
  button,
  code,
  type Content,
  div,
  fieldset,
  input,
  label,
  legend,
  span,
} from "./element.ts";

/** One of a few that can be chosen. */
export interface Alternative<T extends string> {
  readonly value: T;
  readonly label: Content;
}

/**
 * Makes a row of alternatives, one of which is chosen.
 *
 * @param name A name of the group that no other has.
 * @param title What is chosen.
 * @param alternatives The alternatives.
 * @param chosen The one that is chosen.
 * @param choose Chooses.
 * @returns The row.
 */
export function oneOf<T extends string>(
  name: string,
  title: string,
  alternatives: readonly Alternative<T>[],
  chosen: T,
  choose: (value: T) => void,
): VNode {
  return fieldset(
    { class: "one-of" },
    legend({ class: "visually-hidden" }, title),
    ...alternatives.map((one) =>
      label(
        { key: one.value },
        input({
          type: "radio",
          name,
          value: one.value,
          checked: one.value === chosen,
          onChange: () => choose(one.value),
        }),
        span({}, one.label),
      )
    ),
  );
}

/**
 * A text to copy, with the button that does.
 *
 * @param properties The text, and what it is.
 * @returns Both.
 */
export function CopyText({ text, what }: { readonly text: string; readonly what: string }): VNode {
  const [state, setState] = useState<"" | "Copied" | "Select the text and copy it by hand">("");
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setState("Copied"),
      () => setState("Select the text and copy it by hand"),
    );
  };
  return div(
    { class: "copy" },
    code({ class: "copy-text", tabIndex: 0, role: "region", "aria-label": what }, text),
    button({ type: "button", onClick: copy, "aria-label": `Copy: ${what}` }, "Copy"),
    span({ role: "status", class: "hint" }, state),
  );
}

/**
 * A button that asks once more before it acts.
 *
 * @param properties What it says, what it asks, and what it does.
 * @returns The button, or the question.
 */
export function ConfirmButton(
  { text, question, yes, onYes, isDisabled = false }: {
    readonly text: Content;
    readonly question: string;
    readonly yes: string;
    readonly onYes: () => void;
    readonly isDisabled?: boolean;
  },
): VNode {
  const [asks, setAsks] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const declining = useRef<HTMLButtonElement>(null);
  // A key that is still held down must not say yes.
  useLayoutEffect(() => declining.current?.focus(), [asks]);
  if (!asks) {
    return button(
      { type: "button", ref: opener, disabled: isDisabled, onClick: () => setAsks(true) },
      text,
    );
  }
  const end = (): void => {
    setAsks(false);
    queueMicrotask(() => opener.current?.focus());
  };
  return div(
    { class: "confirm", role: "group", "aria-label": question },
    span({}, question),
    button({
      type: "button",
      class: "primary",
      onClick: () => {
        end();
        onYes();
      },
    }, yes),
    button({ type: "button", class: "quiet", ref: declining, onClick: end }, "No"),
  );
}

/**
 * Makes a link into MLflow's UI.
 *
 * @param link The address; `null`: there is none.
 * @param what What it shows, for those who do not see where the link stands.
 * @param properties More of the link's properties.
 * @returns The link, if there is an address and it is one of the web.
 */
export function mlflowLink(
  link: string | null,
  what: string,
  properties: { readonly tabIndex?: number } = {},
): VNode | null {
  if (link === null || !/^https?:\/\//.test(link)) return null;
  return a({
    ...properties,
    class: "outward",
    href: link,
    target: "_blank",
    rel: "noopener noreferrer",
    "aria-label": `${what} in MLflow, in a new tab`,
  }, "MLflow");
}
