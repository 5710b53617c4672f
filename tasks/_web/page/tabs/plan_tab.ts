/// <reference lib="dom" />
/**
 * What would go and why, what stays and why, and carrying exactly that out.
 *
 * @module
 */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { formatCount, formatSize, plural } from "../../../../lib/text/units.ts";
import type { PlanView, RowsQuery } from "../../messages.ts";
import { type Alternative, oneOf } from "../parts/controls.ts";
import {
  a,
  bdi,
  button,
  div,
  dl,
  h3,
  input,
  label,
  li,
  option,
  p,
  section,
  select,
  show,
  span,
  ul,
} from "../parts/element.ts";
import { figure } from "../parts/bars.ts";
import { answerNotice, noteList, notice, viewHeading } from "../parts/notice.ts";
import { leaveOut, NO_CHOICE } from "../pure/choice.ts";
import { ApplyCard } from "./apply_card.ts";
import type { PageState } from "./page_state.ts";
import { PlanTree, type TreeChoice } from "./plan_tree.ts";
import { RowList } from "./row_list.ts";

/**
 * The view of the plan.
 *
 * @param state What all views share.
 * @returns The view.
 */
export function PlanTab(state: PageState): VNode {
  const { plan } = state;
  return div(
    { class: "view" },
    viewHeading(
      "What a clean-up would do",
      state.isBusy
        ? "Something is being carried out: how far it is stands above."
        : state.store.mayApply
        ? "Nothing changes until you confirm. Untick what should stay."
        : "This page only looks: it cannot change anything. Untick what should stay.",
    ),
    answerNotice(plan, "Making a plan …"),
    plan.value === null ? null : show(PlanPanel, { state, plan: plan.value }),
  );
}

/** What the list is narrowed to, and how that is changed. */
interface Narrowing {
  readonly list: RowsQuery["list"];
  readonly chosen: TreeChoice;
  readonly pick: (list: RowsQuery["list"], choice: TreeChoice) => void;
}

const ALL: TreeChoice = { experiment: null, reason: null, text: "" };

function PlanPanel({ state, plan }: { readonly state: PageState; readonly plan: PlanView }): VNode {
  const [wanted, setList] = useState<RowsQuery["list"]>("goes");
  const [chosen, setChosen] = useState(ALL);
  const pick = (list: RowsQuery["list"], choice: TreeChoice): void => {
    setList(list);
    setChosen(choice);
  };
  const isThere = wanted === "turned" ? plan.turned !== null : state.choice.leftOut.size > 0;
  const list = wanted === "goes" || wanted === "stays" || isThere ? wanted : "goes";
  const narrowing = { list, chosen, pick };
  return div(
    { class: state.plan.isWaiting ? "view is-stale" : "view", "aria-busy": state.plan.isWaiting },
    plan.stops.length === 0 ? null : notice(
      "warning",
      h3({}, "This plan must not be carried out"),
      noteList(plan.stops),
      p(
        {},
        "Where it is a limit, leave something out, or raise it under ",
        a({ href: "#policy" }, "Policy"),
        ".",
      ),
    ),
    planFigures(plan),
    leftOutChips(state),
    show(ApplyCard, { state, plan }),
    plan.notes.length === 0 ? null : section(
      { class: "card", "aria-labelledby": "notes-heading" },
      h3({ id: "notes-heading" }, "Worth knowing"),
      noteList(plan.notes),
    ),
    div(
      { class: "columns columns-plan" },
      section(
        { class: "card", "aria-labelledby": "tree-heading" },
        h3({ id: "tree-heading" }, "What goes, by experiment"),
        show(PlanTree, { state, plan, chosen, pick: (choice) => pick("goes", choice) }),
        h3({ id: "stays-heading" }, "What stays, by reason"),
        staysList(plan, narrowing),
      ),
      show(ListCard, { state, plan, narrowing }),
    ),
  );
}

function staysList({ stays }: PlanView, { list, chosen, pick }: Narrowing): VNode {
  if (stays.length === 0) return p({ class: "hint" }, "Nothing stays.");
  return ul(
    { class: "plain-list", "aria-labelledby": "stays-heading" },
    ...stays.map(({ key, label, count }) =>
      li(
        { key },
        button(
          {
            type: "button",
            class: "pick",
            "aria-pressed": list === "stays" && chosen.reason === key,
            onClick: () => pick("stays", { experiment: null, reason: key, text: label }),
          },
          span({}, bdi({}, label)),
          span({ class: "number" }, formatCount(count)),
        ),
      )
    ),
  );
}

function ListCard(
  { state, plan, narrowing }: {
    readonly state: PageState;
    readonly plan: PlanView;
    readonly narrowing: Narrowing;
  },
): VNode {
  const { list, chosen, pick } = narrowing;
  const [sort, setSort] = useState<Sort>("plan");
  const [typed, setTyped] = useState("");
  const [filter, setFilter] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setFilter(typed.trim()), 150);
    return () => clearTimeout(timer);
  }, [typed]);
  return section(
    { class: "card card-list", "aria-labelledby": "list-heading" },
    h3({ id: "list-heading" }, "One by one"),
    oneOf("list", "Which list", listsOf(state, plan), list, (value) => pick(value, ALL)),
    div(
      { class: "toolbar" },
      div(
        { class: "field" },
        label({ for: "filter" }, "Filter"),
        input({
          id: "filter",
          type: "search",
          placeholder: "part of a name, id, tag or reason",
          value: typed,
          onInput: (event) => setTyped(event.currentTarget.value),
        }),
      ),
      div(
        { class: "field" },
        label({ for: "sort" }, "Order"),
        select(
          {
            id: "sort",
            value: sort,
            onChange: (event) => setSort(asSort(event.currentTarget.value)),
          },
          ...SORTS.map(([value, text]) => option({ value, key: value }, text)),
        ),
      ),
    ),
    chosen.text === "" ? null : p(
      { class: "chips" },
      button(
        { type: "button", class: "chip", onClick: () => pick(list, ALL) },
        bdi({}, chosen.text),
        span({ "aria-hidden": true }, " ×"),
        span({ class: "visually-hidden" }, ": show all again"),
      ),
    ),
    show(RowList, {
      state,
      label: LABELS[list],
      empty: filter !== ""
        ? ["Nothing fits the filter", "Change it, or empty it to see all."]
        : EMPTY[list],
      query: {
        plan: plan.plan,
        list,
        experiment: chosen.experiment ?? undefined,
        reason: chosen.reason ?? undefined,
        filter,
        sort,
        order: DESCENDING.includes(sort) ? "desc" : "asc",
      },
    }),
  );
}

function listsOf(
  { choice }: PageState,
  { totals, turned, leftOut }: PlanView,
): readonly Alternative<RowsQuery["list"]>[] {
  return [
    { value: "goes", label: `Goes ${formatCount(totals.actions)}` },
    { value: "stays", label: `Stays ${formatCount(totals.keptRuns)}` },
    ...(turned === null ? [] : [{
      value: "turned" as const,
      label: `Changes sides ${formatCount(turned.goes + turned.stays)}`,
    }]),
    ...(choice.leftOut.size === 0
      ? []
      : [{ value: "left-out" as const, label: `Left out ${formatCount(leftOut)}` }]),
  ];
}

type Sort = NonNullable<RowsQuery["sort"]>;

const SORTS: readonly (readonly [Sort, string])[] = [
  ["plan", "as planned"],
  ["age", "oldest first"],
  ["bytes", "largest first"],
  ["metric", "highest metric first"],
  ["name", "by name"],
  ["experiment", "by experiment"],
];
const DESCENDING: readonly Sort[] = ["age", "bytes", "metric"];

function asSort(value: string): Sort {
  return SORTS.find(([sort]) => sort === value)?.[0] ?? "plan";
}

const LABELS: Readonly<Record<RowsQuery["list"], string>> = {
  goes: "What goes",
  stays: "What stays",
  turned: "What changes sides against the policy of the file",
  "left-out": "What was left out of this plan",
};
const EMPTY: Readonly<Record<RowsQuery["list"], readonly [string, string]>> = {
  goes: ["Nothing goes", "Nothing here is old enough or broken. See what stays, and why."],
  stays: ["Nothing stays", "All that is here would go."],
  turned: ["Nothing changes sides", "The plan is the same as by the policy of the file."],
  "left-out": ["Nothing is left out", "Untick what should stay in the list of what goes."],
};

function planFigures(plan: PlanView): VNode {
  const { totals } = plan;
  const parts: readonly (readonly [count: number, one: string, many: string, hint: string])[] = [
    [
      totals.softDeleteRuns,
      "run to delete in MLflow",
      "runs to delete in MLflow",
      "They stay on disk, and MLflow can restore them",
    ],
    [totals.purgeRuns, "deleted run to remove", "deleted runs to remove", "Into a backup"],
    [
      totals.purgeExperiments,
      "deleted experiment to remove",
      "deleted experiments to remove",
      "Into a backup",
    ],
    [totals.purgeModels, "logged model to remove", "logged models to remove", "Into a backup"],
    [
      totals.quarantineOrphans,
      "orphan to set aside",
      "orphans to set aside",
      "MLflow cannot read them; they move into a backup",
    ],
    [
      totals.dropArtifacts,
      "heavy file to remove",
      "heavy files to remove",
      "Their runs stay; the files move into a backup",
    ],
    [
      totals.thinMetrics,
      "metric to thin",
      "metrics to thin",
      "MLflow shows the same values of their runs; all points are in a backup",
    ],
  ];
  return dl(
    { class: "figures", "aria-live": "polite", "aria-label": "What the plan does" },
    ...parts.filter(([count]) => count > 0).map(([count, one, many, hint]) =>
      figure(count === 1 ? one : many, formatCount(count), hint, "goes")
    ),
    totals.actions === 0
      ? figure(
        "things to do",
        "0",
        plan.leftOut === 0 ? "The store is tidy" : "The rest is left out",
      )
      : null,
    figure(
      totals.keptRuns === 1 ? "run stays" : "runs stay",
      formatCount(totals.keptRuns),
      "Untouched",
      "stays",
    ),
    totals.bytesNow + (totals.bytesLater ?? 0) === 0 ? null : figure(
      "leave the store now",
      formatSize(totals.bytesNow),
      totals.bytesLater === null
        ? ""
        : `${formatSize(totals.bytesLater)} once the deleted runs are removed, too`,
    ),
  );
}

/** How many names of what is left out are shown. */
const CHIPS = 8;

function leftOutChips({ choice, choose }: PageState): VNode | null {
  if (choice.leftOut.size === 0) return null;
  const names = [...choice.leftOut];
  return div(
    { class: "chips", role: "group", "aria-label": "Left out of this plan" },
    span({}, "Left out:"),
    ...names.slice(0, CHIPS).map(([path, text]) =>
      button(
        {
          key: path,
          type: "button",
          class: "chip",
          onClick: () => choose((before) => leaveOut(before, path, null)),
        },
        bdi({}, text),
        span({ "aria-hidden": true }, " ×"),
        span({ class: "visually-hidden" }, ": take it in again"),
      )
    ),
    names.length > CHIPS ? span({}, `and ${plural(names.length - CHIPS, "more", "more")}`) : null,
    button(
      {
        type: "button",
        class: "quiet",
        onClick: () => choose((before) => ({ ...before, leftOut: NO_CHOICE.leftOut })),
      },
      "Take all in again",
    ),
  );
}
