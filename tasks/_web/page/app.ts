/// <reference lib="dom" />
/**
 * The page: its frame, and the view that the address names.
 *
 * @module
 */

import type { VNode } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { formatCount, formatDuration } from "../../../lib/text/units.ts";
import type { PlanView, StoreView } from "../messages.ts";
import { type Server, serverOf } from "./asking/server.ts";
import { keepChoice, takeChoice } from "./asking/kept_choice.ts";
import { forgetToken, keepToken } from "./asking/session_token.ts";
import { hearOtherTabs } from "./asking/other_tab.ts";
import { useAnswer } from "./asking/use_answer.ts";
import { useEvents } from "./asking/use_events.ts";
import { useWork, type Work } from "./asking/use_work.ts";
import { AddressForm } from "./address_form.ts";
import {
  a,
  bdi,
  button,
  div,
  h1,
  header,
  main,
  nav,
  p,
  progress,
  section,
  show,
  span,
} from "./parts/element.ts";
import { Focused } from "./parts/focused.ts";
import { keepFocus } from "./parts/kept_focus.ts";
import { failureNotice } from "./parts/notice.ts";
import { progressOf } from "./parts/work_panel.ts";
import type { Choice } from "./pure/choice.ts";
import { fragmentOf, readRoute, readToken, type Route, type View, VIEWS } from "./pure/route.ts";
import type { Standing } from "./pure/standing.ts";
import { ExplainTab } from "./tabs/explain_tab.ts";
import type { PageState } from "./tabs/page_state.ts";
import { PlanTab } from "./tabs/plan_tab.ts";
import { PolicyTab } from "./tabs/policy_tab.ts";
import { StoreTab } from "./tabs/store_tab.ts";
import { UndoTab } from "./tabs/undo_tab.ts";

/**
 * The page, or the question for its address.
 *
 * @param properties The token that the address had.
 * @returns The page.
 */
export function App({ token }: { readonly token: string | null }): VNode {
  const [known, setKnown] = useState(token);
  const [message, setMessage] = useState<string | null>(null);
  useEffect(keepFocus, []);
  useEffect(() => {
    // An address that is pasted into a tab that shows the page already changes its fragment alone.
    const read = (): void => {
      const pasted = readToken(location.hash);
      if (pasted === null) return;
      keepToken(pasted);
      location.reload();
    };
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  if (known === null) {
    return show(AddressForm, {
      message,
      onToken: (pasted) => {
        keepToken(pasted);
        setKnown(pasted);
      },
    });
  }
  return show(Session, {
    key: known,
    token: known,
    onRefused: () => {
      forgetToken();
      setMessage(
        "This address is not that of the page that is now running: each start of mltidy has a new one.",
      );
      setKnown(null);
    },
  });
}

function Session(
  { token, onRefused }: { readonly token: string; readonly onRefused: () => void },
): VNode {
  const server = useMemo(() => serverOf(token), [token]);
  const { standing, silence } = useEvents(server);
  const work = useWork(server);
  const route = useRoute();
  const [choice, setChoice] = useState<Choice>(() => takeChoice(token));
  const [tries, setTries] = useState(0);
  const [said, setSaid] = useState("");
  const { generation } = standing;
  useEffect(() =>
    hearOtherTabs((id) => {
      location.hash = fragmentOf("explain", id);
    }), []);
  useEffect(() => {
    if (silence?.why === "unauthorized") onRefused();
  }, [silence?.why]);

  const isThere = generation !== null && standing.reading === null;
  useEffect(() => keepChoice(token, choice), [token, choice]);

  const store = useAnswer<StoreView>(
    !isThere ? null : (signal) => server.get("store", {}, signal),
    [isThere, generation, standing.news],
  );
  const plan = useAnswer<PlanView>(
    !isThere ? null : (signal) => planOf(server, choice, signal),
    [isThere, generation, choice, tries],
  );
  useEffect(() => {
    if (plan.value !== null && !plan.isWaiting) setSaid(plan.value.summary);
  }, [plan.value]);

  const state: PageState | null = store.value === null ? null : {
    server,
    store: store.value,
    standing,
    plan,
    choice,
    choose: setChoice,
    isThere,
    isPlanThere: isThere && !plan.isWaiting && plan.value?.generation === generation,
    work,
    isBusy: work.progress !== null || standing.work?.work === "progress",
    replan: () => setTries((before) => before + 1),
    say: setSaid,
  };
  return div(
    { class: "page" },
    a({ class: "skip", href: "#view-heading", onClick: focusView }, "Skip to the content"),
    pageHeader(store.value, route.view),
    silence === null || silence.why === "unauthorized" ? null : failureNotice(silence.message),
    ...Object.values(standing.failures).map(failureNotice),
    silence === null ? failureNotice(store.error) : null,
    workBar(standing, work),
    main(
      { id: "content" },
      state === null ? readingPanel(standing) : viewOf(state, route),
    ),
    p({ class: "visually-hidden", role: "status" }, said),
  );
}

/** A slider that moves asks once it rests for a moment; what was asked before is aborted. */
const REST = 40;

async function planOf(server: Server, choice: Choice, signal: AbortSignal): Promise<PlanView> {
  await new Promise((resolve) => setTimeout(resolve, REST));
  signal.throwIfAborted();
  const body = { values: choice.values, leftOut: [...choice.leftOut.keys()] };
  return await server.post<PlanView>("plan", body, signal);
}

function useRoute(): Route {
  const [route, setRoute] = useState(() => readRoute(location.hash));
  const isFirst = useRef(true);
  useEffect(() => {
    const read = (): void => setRoute(readRoute(location.hash));
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  useEffect(() => {
    document.title = `${TITLES[route.view]} · mltidy`;
    // Whoever goes to a view by the keyboard, or hears the page, begins at its heading.
    if (!isFirst.current) focusView();
    isFirst.current = false;
  }, [route.view]);
  return route;
}

function focusView(event?: Event): void {
  event?.preventDefault();
  document.getElementById("view-heading")?.focus();
}

const TITLES: Readonly<Record<View, string>> = {
  store: "Store",
  plan: "Plan",
  policy: "Policy",
  explain: "Explain",
  undo: "Undo",
};

function pageHeader(store: StoreView | null, view: View): VNode {
  return header(
    { class: "page-header" },
    h1({}, "mltidy"),
    store === null ? null : p(
      { class: "page-place" },
      bdi({ class: "place" }, store.location),
      span(
        { class: store.mayApply ? "mode mode-apply" : "mode" },
        store.mayApply ? "can change the store" : "only looks",
      ),
    ),
    nav(
      { "aria-label": "Views", class: "views" },
      ...VIEWS.map((one) =>
        a({
          key: one,
          href: fragmentOf(one),
          ...(one === view ? { "aria-current": "page" as const } : {}),
        }, TITLES[one])
      ),
    ),
  );
}

function viewOf(state: PageState, { view, id }: Route): VNode {
  switch (view) {
    case "store":
      return show(StoreTab, state);
    case "plan":
      return show(PlanTab, state);
    case "policy":
      return show(PolicyTab, state);
    case "explain":
      return show(ExplainTab, { state, id });
    case "undo":
      return show(UndoTab, { state, id });
  }
}

function readingPanel({ reading, failures }: Standing): VNode | null {
  if (failures["reading"] !== undefined) return null;
  if (reading === null) return p({ class: "hint", role: "status" }, "Opening the store …");
  const { runs, total, rate, left } = reading;
  const parts = [
    total === null
      ? `${formatCount(runs)} runs`
      : `${formatCount(runs)} of ${formatCount(total)} runs`,
    rate === null ? "" : `${formatCount(Math.round(rate))} a second`,
    left === null ? "" : `about ${formatDuration(left)} left`,
  ];
  return section(
    { class: "reading", "aria-labelledby": "view-heading" },
    p({ id: "view-heading", class: "reading-title", tabIndex: -1 }, "Reading the store"),
    progress({
      "aria-label": "Runs read",
      ...(total === null || total === 0 ? {} : { max: total, value: Math.min(runs, total) }),
    }),
    p({ class: "hint" }, parts.filter((part) => part !== "").join(", ")),
  );
}

function workBar({ work: others, reading, generation }: Standing, ours: Work): VNode | null {
  if (ours.progress !== null) {
    return show(Focused, {
      kind: "work-bar",
      content: [
        progressOf(ours.progress),
        button(
          { type: "button", disabled: ours.isEnding, onClick: ours.cancel },
          ours.isEnding ? "Stopping …" : "Stop",
        ),
        p(
          { class: "hint" },
          "Stopping waits for the step at hand. What is done until then can be taken back.",
        ),
      ],
    });
  }
  if (others?.work === "progress") return div({ class: "work-bar" }, progressOf(others));
  if (reading === null || generation === null) return null;
  return p({ class: "work-bar hint", role: "status" }, "Reading the store again …");
}
