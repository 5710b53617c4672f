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
  const { work } = state;
  const isOurs = work.progress !== null;
  const isOthers = !isOurs && state.isBusy;
  const found = typed.trim();
  const isRight = found === words;
  // Whoever has not come to the end of the words has not typed wrong ones.
  const isWrong = words !== null && !words.startsWith(found);
  const expected = work.path === path && work.mistyped !== null
    ? work.mistyped
    : isRight || found === "" || words === null
    ? null
    : isWrong
    ? `Expected ${words}, found ${found}`
    : `Expected ${words}`;

  const begin = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!isRight || isOurs) return;
    const end = await work.begin(path, { plan, words });
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
          "aria-invalid": isWrong,
          "aria-describedby": `expected-${path}`,
          onInput: (event) => {
            work.clear();
            setTyped(event.currentTarget.value);
          },
        }),
        button(
          { type: "submit", class: "danger", disabled: isOthers || !isRight },
          verb,
        ),
      ),
      p(
        { id: `expected-${path}`, class: isWrong ? "mistyped" : "hint", role: "status" },
        expected ?? "",
      ),
    ),
  );
}
