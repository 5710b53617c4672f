/// <reference lib="dom" />
/**
 * The numbers of the policy, and what another number would make of the plan.
 *
 * @module
 */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { formatCount, plural } from "../../../../lib/text/units.ts";
import type { Control, PlanView } from "../../messages.ts";
import { CopyText } from "../parts/controls.ts";
import {
  bdi,
  button,
  div,
  fieldset,
  h3,
  input,
  label,
  legend,
  output,
  p,
  section,
  show,
  span,
  strong,
} from "../parts/element.ts";
import { answerNotice, viewHeading } from "../parts/notice.ts";
import { readTypedNumber, UNITS } from "../pure/typed_number.ts";
import { NO_CHOICE, setValue } from "../pure/choice.ts";
import { formatSigned } from "../pure/formats.ts";
import { fragmentOf } from "../pure/route.ts";
import type { PageState } from "./page_state.ts";
import { RowList } from "./row_list.ts";

/**
 * The view of the policy.
 *
 * @param state What all views share.
 * @returns The view.
 */
export function PolicyTab(state: PageState): VNode {
  const { plan, store } = state;
  const groups = groupsOf(plan.value?.controls ?? []);
  const isOnly = groups.length === 1;
  return div(
    { class: "view" },
    viewHeading(
      "What is worth keeping",
      "Move a number, and see at once what would go. No file and no run changes by that.",
    ),
    answerNotice(plan, "Making a plan …"),
    plan.value === null ? null : div(
      { class: "view" },
      outcome(state, plan.value),
      section(
        { class: "card", "aria-labelledby": "numbers-heading" },
        div(
          { class: "card-head" },
          h3({ id: "numbers-heading" }, "Numbers"),
          Object.keys(state.choice.values).length === 0 ? null : button(
            {
              type: "button",
              onClick: () => state.choose((before) => ({ ...before, values: NO_CHOICE.values })),
            },
            store.config === null ? "Back to the defaults" : "Back to the file",
          ),
        ),
        ...groups.map(([rule, controls]) =>
          fieldset(
            { class: "controls", key: rule },
            legend({ class: isOnly ? "visually-hidden" : "" }, rule || "For all runs"),
            ...controls.map((control) => show(ControlField, { key: control.key, state, control })),
          )
        ),
      ),
      plan.value.turned === null ? null : section(
        { class: "card", "aria-labelledby": "turned-heading" },
        h3({ id: "turned-heading" }, "What changes sides"),
        show(RowList, {
          state,
          label: "What changes sides against the policy of the file",
          empty: ["Nothing changes sides", "The plan is the same as before."],
          query: { plan: plan.value.plan, list: "turned" },
        }),
      ),
      section(
        { class: "card", "aria-labelledby": "yaml-heading" },
        h3({ id: "yaml-heading" }, "Keep these numbers"),
        p(
          {},
          store.config === null
            ? "Save this as mltidy.yaml where you start mltidy from; from then on, every plan is made by it."
            : [
              "Put this into ",
              bdi({}, store.config),
              "; from then on, every plan is made by it.",
            ],
        ),
        show(CopyText, { text: plan.value.yaml, what: "the policy as a mltidy.yaml" }),
      ),
    ),
  );
}

function outcome({ plan: { isWaiting }, store }: PageState, plan: PlanView): VNode {
  const { totals, turned } = plan;
  const difference = turned === null ? null : turned.goes - turned.stays;
  const than = store.config === null ? "the defaults" : "the file";
  return div(
    { class: isWaiting ? "outcome is-stale" : "outcome" },
    output(
      {},
      strong({}, formatCount(totals.actions)),
      " go",
      difference === null
        ? `, as by ${than}`
        : ` (${formatSigned(difference)} against ${than}: ${
          formatCount(turned?.goes ?? 0)
        } more go, ` +
          `${formatCount(turned?.stays ?? 0)} stay instead)`,
      ". ",
      strong({}, formatCount(totals.keptRuns)),
      ` ${totals.keptRuns === 1 ? "run stays" : "runs stay"}.`,
      plan.stops.length === 0 ? "" : ` ${plural(plan.stops.length, "limit")} would stop this plan.`,
    ),
    button({
      type: "button",
      onClick: () => {
        location.hash = fragmentOf("plan");
      },
    }, "See the plan"),
  );
}

function groupsOf(
  controls: readonly Control[],
): readonly (readonly [string, readonly Control[]])[] {
  return [...Map.groupBy(controls, ({ rule }) => rule ?? "")];
}

function ControlField(
  { state, control }: { readonly state: PageState; readonly control: Control },
): VNode {
  // What is no number for the policy stays as it was typed.
  const [wrong, setWrong] = useState<{ readonly text: string; readonly fault: string } | null>(
    null,
  );
  const { key, unit, min, max, mayBeNone, fileValue, describes } = control;
  // What the reader has chosen is shown at once, the plan of it when it is there.
  const value = key in state.choice.values ? state.choice.values[key] ?? null : control.value;
  const set = (next: number | null): void => {
    setWrong(null);
    state.choose((before) => setValue(before, key, next, fileValue));
  };
  const read = (text: string): void => {
    const typed = readTypedNumber(text, control);
    if ("number" in typed) set(typed.number);
    else setWrong({ text, fault: typed.fault });
  };
  // It may have been put back elsewhere.
  useEffect(() => setWrong(null), [value]);
  const id = `control-${key}`;
  const isChanged = value !== fileValue;
  return div(
    { class: isChanged ? "control is-changed" : "control", key },
    label({ for: id }, bdi({}, control.label)),
    p({ id: `${id}-text`, class: "hint" }, describes),
    div(
      { class: "control-line" },
      input({
        type: "range",
        min,
        max,
        value: value ?? max,
        disabled: value === null,
        "aria-label": control.label,
        "aria-valuetext": value === null ? "no limit" : `${value} ${UNITS[unit]}`,
        "aria-describedby": `${id}-text`,
        onInput: (event) => read(event.currentTarget.value),
      }),
      input({
        id,
        type: "number",
        min: 0,
        step: "any",
        inputMode: "decimal",
        value: wrong?.text ?? value ?? "",
        disabled: value === null,
        "aria-invalid": wrong !== null,
        "aria-describedby": `${id}-text ${id}-unit${wrong === null ? "" : ` ${id}-wrong`}`,
        onInput: (event) => read(event.currentTarget.value),
      }),
      span({ id: `${id}-unit`, class: "unit" }, UNITS[unit]),
    ),
    wrong === null ? null : p(
      { id: `${id}-wrong`, class: "mistyped", role: "alert" },
      `${wrong.fault}. The plan is still that of ${
        value === null ? "no limit" : `${value.toLocaleString("en")} ${UNITS[unit]}`
      }.`,
    ),
    mayBeNone
      ? label(
        { class: "check" },
        input({
          type: "checkbox",
          checked: value === null,
          onChange: (event) => set(event.currentTarget.checked ? null : fileValue ?? min),
        }),
        span({}, "no limit"),
      )
      : null,
    isChanged
      ? p(
        { class: "hint" },
        `${state.store.config === null ? "By default" : "In the file"}: ${
          fileValue === null ? "no limit" : `${fileValue.toLocaleString("en")} ${UNITS[unit]}`
        } `,
        button({ type: "button", class: "link", onClick: () => set(fileValue) }, "Put it back"),
      )
      : null,
  );
}
