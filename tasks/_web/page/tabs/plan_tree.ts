/// <reference lib="dom" />
/**
 * What goes, by experiment and reason, each with a check box that leaves it out.
 *
 * @module
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { formatCount, formatSize, plural } from "../../../../lib/text/units.ts";
import type { PlanBranch, PlanView, Verb } from "../../messages.ts";
import { bar } from "../parts/bars.ts";
import { bdi, button, details, div, input, li, p, span, summary, ul } from "../parts/element.ts";
import { name } from "../parts/moment.ts";
import { nothingHere } from "../parts/notice.ts";
import { leaveOut } from "../pure/choice.ts";
import type { PageState } from "./page_state.ts";

/** What the list beside the tree is narrowed to. */
export interface TreeChoice {
  /** Path of an experiment; `null`: all. */
  readonly experiment: string | null;
  /** Key of a reason; `null`: all. */
  readonly reason: string | null;
  /** The same in words; empty: all. */
  readonly text: string;
}

/** What the tree is made of. */
export interface PlanTreeOptions {
  readonly state: PageState;
  readonly plan: PlanView;
  readonly chosen: TreeChoice;
  /** Narrows the list. */
  readonly pick: (choice: TreeChoice) => void;
}

const VERBS: Readonly<Record<Verb, string>> = {
  "soft-delete": "deleted in MLflow",
  purge: "removed",
  quarantine: "set aside",
  drop: "heavy files removed",
  thin: "metrics thinned",
  move: "moved",
  copy: "copied",
  repair: "repaired",
  stays: "stay",
};

/** How many experiments are shown at first, and more at a time. */
const STEP = 20;

/**
 * The tree.
 *
 * @param options What it is made of.
 * @returns The tree.
 */
export function PlanTree({ state, plan, chosen, pick }: PlanTreeOptions): VNode {
  const [shown, setShown] = useState(STEP);
  const { tree, moreBranches } = plan;
  if (tree.length === 0) {
    return nothingHere("Nothing goes", "Nothing here is old enough or broken.");
  }
  const most = tree.reduce((most, { count }) => Math.max(most, count), 0);
  return div(
    {},
    ul({ class: "tree" }, ...tree.slice(0, shown).map((branch) => branchItem(branch, most))),
    tree.length > shown
      ? button(
        { type: "button", class: "quiet", onClick: () => setShown(shown + 2 * STEP) },
        `Show more (${formatCount(tree.length - shown)} left)`,
      )
      : null,
    moreBranches === 0
      ? null
      : p({ class: "hint" }, `${plural(moreBranches, "smaller experiment")} not shown.`),
  );

  function branchItem(branch: PlanBranch, most: number): VNode {
    const { path, count, bytes, reasons } = branch;
    const isChosen = (reason: string | null) =>
      chosen.experiment === path && chosen.reason === reason;
    return li(
      { key: path },
      input({
        type: "checkbox",
        checked: true,
        "aria-label": `All of ${branch.name} goes`,
        onChange: () => {
          state.choose((before) => leaveOut(before, path, branch.name));
          state.say(`${branch.name} is left out of the plan`);
        },
      }),
      details(
        {},
        summary(
          {},
          span({ class: "tree-name" }, name(branch.name)),
          span({ class: "number" }, formatCount(count)),
          bar(count, most, "bar-goes"),
        ),
        button(
          {
            type: "button",
            class: "pick",
            "aria-pressed": isChosen(null),
            onClick: () => pick({ experiment: path, reason: null, text: branch.name }),
          },
          span({}, "All of it"),
          span({ class: "number" }, bytes > 0 ? formatSize(bytes) : ""),
        ),
        ...reasons.map((one) =>
          button(
            {
              key: one.key,
              type: "button",
              class: "pick",
              "aria-pressed": isChosen(one.key),
              onClick: () =>
                pick({
                  experiment: path,
                  reason: one.key,
                  text: `${branch.name}: ${one.label}`,
                }),
            },
            span({}, `${VERBS[one.verb]}: `, bdi({}, one.label)),
            span({ class: "number" }, formatCount(one.count)),
          )
        ),
      ),
    );
  }
}
