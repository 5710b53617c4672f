/// <reference lib="dom" />
/**
 * Why one run goes or stays, and what would turn that.
 *
 * @module
 */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { errorMessage } from "../../../../lib/errors.ts";
import { plural } from "../../../../lib/text/units.ts";
import type { ExplainView, ExplanationView } from "../../messages.ts";
import { useAnswer } from "../asking/use_answer.ts";
import { mlflowLink } from "../parts/controls.ts";
import {
  a,
  bdi,
  button,
  details,
  div,
  form,
  h3,
  h4,
  input,
  label,
  li,
  p,
  pre,
  section,
  show,
  span,
  summary,
  ul,
} from "../parts/element.ts";
import { name } from "../parts/moment.ts";
import { failureNotice, nothingHere, notice, viewHeading } from "../parts/notice.ts";
import { leaveOut } from "../pure/choice.ts";
import { fragmentOf } from "../pure/route.ts";
import type { PageState } from "./page_state.ts";

/**
 * The view that explains.
 *
 * @param properties What all views share, and what is to be explained.
 * @returns The view.
 */
export function ExplainTab(
  { state, id }: { readonly state: PageState; readonly id: string | null },
): VNode {
  const [typed, setTyped] = useState(id ?? "");
  useEffect(() => setTyped(id ?? ""), [id]);
  const plan = state.plan.value?.plan ?? null;
  const answer = useAnswer<ExplainView>(
    id === null || plan === null || !state.isPlanThere
      ? null
      : (signal) => state.server.get("explain", { plan, id }, signal),
    [id, plan, state.isPlanThere],
  );
  useEffect(() => {
    if (answer.why === "outdated") state.replan();
  }, [answer.why]);
  const search = (event: Event): void => {
    event.preventDefault();
    location.hash = typed.trim() === "" ? "#explain" : fragmentOf("explain", typed);
  };
  return div(
    { class: "view" },
    viewHeading(
      "Why does it go, or stay?",
      "Ask about any run, experiment or model of this store.",
    ),
    form(
      { class: "search", role: "search", onSubmit: search },
      label({ for: "explain-id" }, "Id or name"),
      div(
        { class: "field-line" },
        input({
          id: "explain-id",
          type: "search",
          autocomplete: "off",
          spellcheck: false,
          value: typed,
          onInput: (event) => setTyped(event.currentTarget.value),
        }),
        button({ type: "submit", class: "primary" }, "Explain"),
      ),
      p({ class: "hint" }, "A name, an id, or the first letters of one, as MLflow shows them."),
    ),
    div(
      { "aria-live": "polite", "aria-busy": answer.isWaiting },
      shown(state, id, answer.value, answer.error),
    ),
  );
}

function shown(
  state: PageState,
  id: string | null,
  answer: ExplainView | null,
  error: string | null,
): VNode | null {
  if (id === null) return null;
  if (error !== null) return notice("error", p({}, error));
  if (answer === null) return p({ class: "hint" }, "Looking …");
  const { explanations, candidates, more } = answer;
  if (explanations.length === 0 && candidates.length === 0) {
    return nothingHere(
      "Nothing is called so",
      "Look at the id or the name again, as MLflow shows it.",
    );
  }
  return div(
    {},
    ...explanations.map((one) => explanation(state, one)),
    candidates.length === 0 ? null : section(
      { class: "card" },
      h3({}, "Which one is meant?"),
      ul(
        { class: "plain-list" },
        ...candidates.map((one) =>
          li(
            { key: one.path },
            a({ href: fragmentOf("explain", one.path) }, name(one.name)),
            " ",
            bdi({ class: "finding-path" }, one.path),
          )
        ),
      ),
      more === 0 ? null : p({ class: "hint" }, `And ${plural(more, "more", "more")}.`),
    ),
  );
}

const VERDICTS: Readonly<Record<ExplanationView["verdict"], string>> = {
  stays: "Stays",
  "soft-delete": "Goes: deleted in MLflow, which can restore it",
  purge: "Goes: removed from the store, into a backup",
  quarantine: "Goes: set aside, into a backup",
};

function explanation(state: PageState, one: ExplanationView): VNode {
  const { path, id, reasons, flip, verdict, text, link } = one;
  const goes = verdict !== "stays";
  const isLeftOut = state.choice.leftOut.has(path);
  const heading = `explained-${path}`;
  return section(
    { class: "card explained", key: path, "aria-labelledby": heading },
    h3({ id: heading }, name(one.name)),
    p(
      { class: "finding-path" },
      bdi({}, id),
      one.experiment === null ? null : [" in ", bdi({}, one.experiment)],
      " ",
      mlflowLink(link, one.name || id),
    ),
    p({ class: goes ? "verdict verdict-goes" : "verdict verdict-stays" }, VERDICTS[verdict]),
    reasons.length === 0
      ? null
      : h4({}, goes || reasons.length === 1 ? "Because" : "Each of these alone keeps it"),
    reasons.length === 0
      ? null
      : ul({}, ...reasons.map((reason) => li({ key: reason }, bdi({}, reason)))),
    goes || isLeftOut
      ? button(
        {
          type: "button",
          onClick: () =>
            state.choose((before) => leaveOut(before, path, isLeftOut ? null : one.name || id)),
        },
        isLeftOut ? "Take it into the plan again" : "Leave it out of this plan",
      )
      : null,
    verdict === "soft-delete" && one.kind === "run" ? show(KeepForGood, { state, path }) : null,
    h4({}, goes ? "It would stay" : "It would go"),
    flip === null ? p({}, "No change of the policy alone turns this.") : div(
      { class: "stack" },
      ul({}, ...flip.changes.map((change) => li({ key: change }, bdi({}, change)))),
      flip.others === 0 ? null : p(
        { class: "hint" },
        `${plural(flip.others, "other")} would change sides with it.`,
      ),
      flip.values === null ? null : button(
        {
          type: "button",
          onClick: () => {
            state.choose((before) => ({
              ...before,
              values: { ...before.values, ...flip.values },
            }));
            location.hash = fragmentOf("policy");
          },
        },
        "Try that under Policy",
      ),
    ),
    details(
      {},
      summary({}, span({}, "As the command line says it")),
      pre({ tabIndex: 0 }, text),
    ),
  );
}

function KeepForGood(
  { state, path }: { readonly state: PageState; readonly path: string },
): VNode {
  const [isAtWork, setIsAtWork] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  if (!state.store.may.pin) {
    return p({ class: "hint" }, "To keep it for good, give it the tag mltidy.pin in MLflow.");
  }
  const pin = async (): Promise<void> => {
    setIsAtWork(true);
    setFailure(null);
    try {
      await state.server.post("pin", { path, pinned: true });
      state.say("It is pinned");
    } catch (error) {
      setFailure(errorMessage(error));
    }
    setIsAtWork(false);
  };
  return div(
    { class: "stack" },
    button(
      { type: "button", disabled: isAtWork, onClick: pin },
      isAtWork ? "Pinning …" : "Pin it, so that it never goes",
    ),
    failureNotice(failure),
  );
}
