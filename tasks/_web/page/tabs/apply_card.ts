/// <reference lib="dom" />
/**
 * How a plan is carried out: here, after its number is typed, or by a command, where this page may only look.
 *
 * @module
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { PlanView } from "../../messages.ts";
import { messageOf } from "../asking/server.ts";
import { CopyText } from "../parts/controls.ts";
import { button, div, h3, li, ol, p, section, show } from "../parts/element.ts";
import { notice } from "../parts/notice.ts";
import { CarryOut } from "./carry_out.ts";
import type { PageState } from "./page_state.ts";

/**
 * How a plan is carried out.
 *
 * @param properties The plan.
 * @returns A card.
 */
export function ApplyCard(
  { state, plan }: { readonly state: PageState; readonly plan: PlanView },
): VNode {
  return section(
    { class: "card card-apply", "aria-labelledby": "apply-heading" },
    h3({ id: "apply-heading" }, "Carry it out"),
    state.store.mayApply
      ? applyHere(state, plan)
      : plan.totals.actions === 0
      ? p({}, "There is nothing to carry out.")
      : plan.words === null
      ? p({}, "Not before what stops it is out of the way: see above.")
      : show(SavedPlan, { state, plan }),
  );
}

function applyHere(state: PageState, plan: PlanView): VNode {
  const what = plan.totals.actions === 0
    ? "There is nothing to carry out."
    : plan.words === null
    ? "Not before what stops it is out of the way: see above."
    : "Exactly what is shown here is done, and nothing else. You can take it back under Undo.";
  return div(
    { class: "stack" },
    p({}, what),
    show(CarryOut, {
      state,
      path: "apply",
      plan: plan.plan,
      words: plan.words,
      verb: "Carry it out",
      onOutdated: state.replan,
      onDone: state.endLeavingOut,
    }),
  );
}

function SavedPlan({ state, plan }: { readonly state: PageState; readonly plan: PlanView }): VNode {
  const [failure, setFailure] = useState<string | null>(null);
  const download = async (): Promise<void> => {
    setFailure(null);
    try {
      const file = await state.server.file("plan.json", { plan: plan.plan });
      const address = URL.createObjectURL(file);
      const link = document.createElement("a");
      link.href = address;
      link.download = "plan.json";
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    } catch (error) {
      setFailure(messageOf(error));
    }
  };
  return div(
    { class: "stack" },
    failure === null ? null : notice("error", p({}, failure)),
    ol(
      { class: "steps" },
      li(
        {},
        p({}, "Save the plan as it is shown here."),
        button({ type: "button", onClick: download }, "Download plan.json"),
      ),
      li(
        {},
        p({}, "Where you have saved it, type this into a terminal:"),
        show(CopyText, { text: plan.command, what: "the command that carries the plan out" }),
      ),
    ),
    p(
      { class: "hint" },
      "Or stop this page and start review:apply in place of review: it carries plans out by itself.",
    ),
  );
}
