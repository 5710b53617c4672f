/// <reference lib="dom" />
/**
 * How a plan is carried out: here, after its number is typed, or by a command, where this page may only look.
 *
 * @module
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { errorMessage } from "../../../../lib/errors.ts";
import type { PlanView } from "../../messages.ts";
import { CopyText } from "../parts/controls.ts";
import { button, div, h3, li, ol, p, section, show } from "../parts/element.ts";
import { failureNotice } from "../parts/notice.ts";
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
  const hindrance = hindranceOf(plan);
  return section(
    { class: "card card-apply", "aria-labelledby": "apply-heading" },
    h3({ id: "apply-heading" }, "Carry it out"),
    state.store.mayApply
      ? applyHere(state, plan, hindrance)
      : hindrance === null
      ? show(SavedPlan, { state, plan })
      : p({}, hindrance),
  );
}

/** Why a plan cannot be carried out, now or at all. */
function hindranceOf({ totals, words }: PlanView): string | null {
  if (totals.actions === 0) return "There is nothing to carry out.";
  return words === null ? "Not before what stops it is out of the way: see above." : null;
}

/** How it ended is seen here, too, when nothing is left to carry out. */
function applyHere(state: PageState, plan: PlanView, hindrance: string | null): VNode {
  return div(
    { class: "stack" },
    p(
      {},
      state.work.progress !== null ? "Nothing else can be begun before that is done." : hindrance ??
        "Exactly what is shown here is done, and nothing else. You can take it back under Undo.",
    ),
    show(CarryOut, {
      state,
      path: "apply",
      plan: plan.plan,
      words: plan.words,
      verb: "Carry it out",
      onOutdated: state.replan,
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
      setFailure(errorMessage(error));
    }
  };
  return div(
    { class: "stack" },
    failureNotice(failure),
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
