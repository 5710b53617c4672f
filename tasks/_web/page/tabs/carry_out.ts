/// <reference lib="dom" />
/**
 * Carrying a plan out, once its number was typed.
 *
 * @module
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { button, div, form, input, kbd, label, p } from "../parts/element.ts";
import { workEnd } from "../parts/work_panel.ts";
import type { PageState } from "./page_state.ts";

/** What is carried out. */
export interface CarryOutOptions {
  readonly state: PageState;
  /** Where the server takes it. */
  readonly path: "apply" | "repair";
  /** The plan that is shown. */
  readonly plan: string;
  /** What has to be typed; `null`: there is nothing to carry out. */
  readonly words: string | null;
  /** What the button says. */
  readonly verb: string;
  /** Is told that the plan is no longer that of now. */
  readonly onOutdated: () => void;
}

/**
 * The field in which the number of a plan is typed, then its progress and its end.
 *
 * @param options What is carried out.
 * @returns The panel.
 */
export function CarryOut(
  { state, path, plan, words, verb, onOutdated }: CarryOutOptions,
): VNode {
  const [typed, setTyped] = useState("");
  const [isMistyped, setIsMistyped] = useState(false);
  const { work } = state;
  const isOurs = work.progress !== null;
  const isOthers = !isOurs && state.isBusy;
  const mistyped = isMistyped
    ? `Expected ${words}, found ${typed}`
    : work.path === path
    ? work.mistyped
    : null;

  const begin = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (words === null || typed.trim() === "" || isOurs) return;
    setIsMistyped(typed.trim() !== words);
    if (typed.trim() !== words) return;
    const end = await work.begin(path, { plan, words: typed.trim() });
    if (end === null) return;
    setTyped("");
    if (end.work === "outdated") onOutdated();
  };

  return div(
    { class: "stack" },
    workEnd(work, path),
    isOthers
      ? p({ role: "status" }, "Something is being carried out already. Wait until that is done.")
      : null,
    words === null || isOurs ? null : form(
      { class: "type-words", onSubmit: begin },
      label({ for: `words-${path}` }, "Type ", kbd({}, words), " to confirm"),
      div(
        { class: "field-line" },
        input({
          id: `words-${path}`,
          type: "text",
          autocomplete: "off",
          spellcheck: false,
          value: typed,
          disabled: isOthers,
          "aria-invalid": mistyped !== null,
          ...(mistyped === null ? {} : { "aria-describedby": `mistyped-${path}` }),
          onInput: (event) => {
            setIsMistyped(false);
            work.clear();
            setTyped(event.currentTarget.value);
          },
        }),
        button(
          { type: "submit", class: "danger", disabled: isOthers || typed.trim() === "" },
          verb,
        ),
      ),
      mistyped === null
        ? null
        : p({ id: `mistyped-${path}`, class: "mistyped", role: "alert" }, mistyped),
    ),
  );
}
