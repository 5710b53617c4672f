/// <reference lib="dom" />
/**
 * What fills the store.
 *
 * @module
 */

import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { errorMessage } from "../../../../lib/errors.ts";
import { formatCount, formatSize, plural } from "../../../../lib/text/units.ts";
import type { ExperimentView, ReadAnswer, StoreView } from "../../messages.ts";
import { barTable, figure, histogram } from "../parts/bars.ts";
import { mlflowLink, oneOf } from "../parts/controls.ts";
import { bdi, button, div, dl, h3, p, section, show, span } from "../parts/element.ts";
import { moment, name } from "../parts/moment.ts";
import { failureNotice, nothingHere, notice, viewHeading } from "../parts/notice.ts";
import { formatAge } from "../pure/formats.ts";
import { FindingsCard } from "./findings_card.ts";
import type { PageState } from "./page_state.ts";

const KINDS: Readonly<Record<StoreView["kind"], string>> = {
  files: "a directory",
  database: "a database",
  server: "a tracking server",
};

/**
 * The view of the store.
 *
 * @param state What all views share.
 * @returns The view.
 */
export function StoreTab(state: PageState): VNode {
  const { store } = state;
  const { totals } = store;
  return div(
    { class: "view" },
    viewHeading("What fills the store", [
      bdi({ class: "place" }, store.location),
      `, ${KINDS[store.kind]}, read at `,
      moment(store.readAt),
    ]),
    show(ReadAgain, state),
    dl(
      { class: "figures" },
      figure("Runs", formatCount(totals.runs), deletedText(totals.deletedRuns)),
      figure(
        "Experiments",
        formatCount(totals.experiments),
        deletedText(totals.deletedExperiments),
      ),
      figure(
        "Orphans",
        store.kind === "server" ? "–" : formatCount(totals.orphans),
        store.kind === "server"
          ? "not looked for: a server tells of none"
          : totals.orphans === 0
          ? ""
          : "experiments that MLflow cannot read",
      ),
      totals.bytes !== null
        ? figure("On disk", formatSize(totals.bytes), "")
        : totals.unmeasured !== null
        ? figure("On disk", "–", "not known: see below")
        : store.looksAhead
        ? figure("On disk", "…", "being measured")
        : null,
    ),
    totals.unmeasured === null ? null : notice(
      "note",
      h3({}, "Sizes are not known"),
      p({}, bdi({}, totals.unmeasured)),
    ),
    div({ class: "columns" }, statusCard(store), ageCard(store)),
    show(ExperimentsCard, state),
    show(FindingsCard, state),
  );
}

function statusCard({ totals }: StoreView): VNode {
  const statuses = Object.entries(totals.byStatus).sort(([, one], [, other]) => other - one);
  return section(
    { class: "card", "aria-labelledby": "status-heading" },
    h3({ id: "status-heading" }, "Runs by status"),
    statuses.length === 0 ? noRun() : barTable(
      "Runs by status",
      ["Status", "Runs"],
      statuses.map(([status, runs]) => ({
        key: status,
        label: status,
        value: runs,
        text: formatCount(runs),
      })),
    ),
  );
}

function ageCard({ totals, ages }: StoreView): VNode {
  return section(
    { class: "card", "aria-labelledby": "age-heading" },
    h3({ id: "age-heading" }, "How old the runs are"),
    totals.runs === 0 ? noRun() : histogram(
      "Runs by age",
      ages.map(({ label, active, deleted }) => ({
        label,
        value: active,
        pale: deleted,
        text: plural(active, "run") +
          (deleted === 0 ? "" : ` and ${formatCount(deleted)} deleted`),
      })),
    ),
    ages.some(({ deleted }) => deleted > 0)
      ? p({ class: "hint" }, "The pale part is what has been deleted in MLflow.")
      : null,
  );
}

function noRun(): VNode {
  return nothingHere("No run", "Nothing has been logged here yet.");
}

/** Nobody tells the page of what another program changes. */
function ReadAgain({ server, isThere, isBusy, say }: PageState): VNode {
  const [failure, setFailure] = useState<string | null>(null);
  const isWaiting = !isThere || isBusy;
  const read = async (): Promise<void> => {
    if (isWaiting) return;
    setFailure(null);
    try {
      const { generation } = await server.post<ReadAnswer>("read", {});
      if (generation !== null) say("The store has been read again.");
    } catch (error) {
      setFailure(errorMessage(error));
    }
  };
  return div(
    {},
    // Disabled for real, it would lose the focus.
    button({ type: "button", "aria-disabled": isWaiting, onClick: read }, "Read the store again"),
    failureNotice(failure),
  );
}

function deletedText(count: number): string {
  return count === 0 ? "" : `${formatCount(count)} of them deleted in MLflow`;
}

type Measure = "runs" | "bytes" | "newest";

/** How many experiments are shown at first, and more at a time. */
const STEP = 12;

function ExperimentsCard({ store }: PageState): VNode {
  const [measure, setMeasure] = useState<Measure>("runs");
  const [shown, setShown] = useState(STEP);
  const value = (experiment: ExperimentView): number =>
    measure === "newest"
      ? experiment.newest === null ? 0 : Math.max(0, store.readAt - experiment.newest)
      : experiment[measure] ?? 0;
  const sorted = store.experiments.toSorted((one, other) => value(other) - value(one));
  return section(
    { class: "card", "aria-labelledby": "experiments-heading" },
    div(
      { class: "card-head" },
      h3({ id: "experiments-heading" }, "Experiments"),
      oneOf(
        "measure",
        "Compare experiments by",
        [
          { value: "runs", label: "Runs" },
          { value: "bytes", label: "Size" },
          { value: "newest", label: "Idle time" },
        ],
        measure,
        setMeasure,
      ),
    ),
    sorted.length === 0
      ? nothingHere("No experiment", "Once something is logged here, it shows up.")
      : barTable(
        "Experiments",
        [
          "Experiment",
          HEADS[measure],
          ...MEASURES.filter((one) => one !== measure).map((one) => HEADS[one]),
        ],
        sorted.slice(0, shown).map((experiment) => ({
          key: experiment.path,
          label: [
            name(experiment.name),
            experiment.stage === "active" ? null : span({ class: "tag" }, experiment.stage),
            " ",
            mlflowLink(experiment.link, experiment.name),
          ],
          value: value(experiment),
          text: measureText(experiment, measure, store.readAt),
          more: MEASURES.filter((one) => one !== measure)
            .map((one) => measureText(experiment, one, store.readAt)),
        })),
      ),
    sorted.length > shown
      ? button(
        { type: "button", class: "quiet", onClick: () => setShown(shown + 4 * STEP) },
        `Show more (${formatCount(sorted.length - shown)} left)`,
      )
      : null,
    store.moreExperiments === 0
      ? null
      : p({ class: "hint" }, `${plural(store.moreExperiments, "smaller experiment")} not shown.`),
  );
}

const MEASURES: readonly Measure[] = ["runs", "bytes", "newest"];
const HEADS: Readonly<Record<Measure, string>> = {
  runs: "Runs",
  bytes: "Size",
  newest: "Last run",
};

function measureText(experiment: ExperimentView, measure: Measure, now: number): string {
  if (measure === "runs") return formatCount(experiment.runs);
  if (measure === "bytes") return experiment.bytes === null ? "—" : formatSize(experiment.bytes);
  if (experiment.newest === null) return "none";
  const age = formatAge(now - experiment.newest);
  return /\d/.test(age) ? `${age} ago` : age;
}
