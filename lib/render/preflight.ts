import type {
  AwaitedExperiment,
  PreflightReport,
  UnnamedExperiment,
} from "../answers/preflight_report.ts";
import type { Kept } from "../plan/plan.ts";
import type { ApplyReport } from "../plan/report.ts";
import { DEFAULT_EXPERIMENT } from "../store/names.ts";
import type { ExperimentSetup } from "../store/tracking_model.ts";
import { shellWords } from "../text/shell_words.ts";
import { foldLines, unbroken } from "../text/fold.ts";
import { type RenderOptions, styleOf } from "../text/style.ts";
import { visibleText } from "../text/terminal_text.ts";
import { formatCount, plural } from "../text/units.ts";
import { stopText } from "../words/stop.ts";
import { verbOf } from "./report.ts";
import {
  type CommandOf,
  type CommandOptions,
  plainCommand,
  reasonWithCommand,
} from "./commands.ts";
import { faultText } from "./backups.ts";

const SAMPLE = 5;

/**
 * Renders for people whether a store is ready: what it holds, what was done, what is left, the verdict.
 *
 * @param report What the preflight came to.
 * @param options How to show it, and how the commands are named that are proposed.
 * @returns A few lines, each ended by a line feed.
 */
export function renderPreflight(
  report: PreflightReport,
  options: RenderOptions & CommandOptions = {},
): string {
  const {
    ready,
    checked,
    looked,
    summary,
    done,
    pending,
    left,
    errors,
    findings,
    experiment,
    awaited,
    stood,
    unnamed,
    stops,
  } = report;
  const style = styleOf(options);
  const { command = plainCommand } = options;
  const applied = [done.repair, done.quarantine].filter((report) => report !== null);
  const lines = [
    `${plural(summary.experiments.active, "active experiment")}, ` +
    `${plural(summary.runs.total, "run")}`,
    ...(looked.mending ? [] : [
      `Looked at by the ${plural(looked.rules, "rule")} about this kind of store; not for what ` +
      `could be mended, nor for orphans that hold nothing: this version of mltidy cannot mend it`,
    ]),
    ...applied.map((report) => `Changed: ${doneText(report)}${undoText(report, command)}`),
    ...(checked && pending.repairs > 0 ? [`${plural(pending.repairs, "repair")} possible`] : []),
    ...(checked && pending.quarantines > 0
      ? [
        `${plural(pending.quarantines, "orphan")} to quarantine, with nothing in ${
          pending.quarantines === 1 ? "it" : "them"
        } to miss`,
      ]
      : []),
    ...(stops ?? []).map((stop) => `Not to be done so: ${stopText(stop)}`),
    ...(checked && stops === undefined && pending.repairs + pending.quarantines > 0
      ? [`To do so: ${unbroken(command("preflight"))}`]
      : []),
    ...leftLines(left, command),
    ...errors.slice(0, SAMPLE).map((finding) => `Error: ${faultText(finding)}`),
    ...moreText(errors.length - SAMPLE),
    ...unnamed.slice(0, SAMPLE).flatMap((one) => unnamedLines(one, command)),
    ...moreText(unnamed.length - SAMPLE),
    ...(experiment === null ? [] : setUpLines(experiment, stood, command)),
    ...(awaited === null ? [] : awaitedLines(awaited, command)),
  ];
  const others = `${plural(findings.warning, "warning")}, ${formatCount(findings.info)} info`;
  const verdict = ready
    ? style.green(`Ready (${others})`)
    : style.red(visibleText(`Not ready: ${causeText(findings.error, unnamed)} (${others})`));
  const more = ready && findings.warning === 0
    ? []
    : [`For all findings: ${style.bold(unbroken(command("verify")))}`];
  return foldLines([...lines, style.bold(verdict), ...more], options);
}

/** Without a flag: this is shown before a training, too, by a task that has none for it. */
function moreText(count: number, by = ""): readonly string[] {
  return count > 0 ? [`… and ${formatCount(count)} more${by}`] : [];
}

function causeText(errors: number, [lost]: readonly UnnamedExperiment[]): string {
  return errors > 0 || lost === undefined
    ? plural(errors, "error")
    : `no experiment is called ${lost.wanted}, and the name of ${lost.experimentId} was lost`;
}

/** What was made or brought back can be deleted again, but for the default experiment in a directory. */
function setUpLines(
  { experimentId, outcome }: ExperimentSetup,
  stood: AwaitedExperiment | null,
  command: CommandOf,
): readonly string[] {
  const doing = (verb: string, id: string) =>
    unbroken(command(`mlflow experiments ${verb} --experiment-id ${id}`));
  const isNew = outcome === "created" || outcome === "restored";
  const runs = outcome === "restored" && stood?.would === "restore"
    ? `, with ${plural(stood.runs, "run")}`
    : "";
  const undo = isNew && experimentId !== DEFAULT_EXPERIMENT
    ? `; to undo: ${doing("delete", experimentId)}`
    : "";
  return [
    `${visibleText(`Experiment ${experimentId}: ${outcome}${runs}`)}${undo}`,
    ...(stood?.replaced ?? []).map((id) =>
      `${
        visibleText(`Experiment ${id}, ${stood!.name},`)
      } stays deleted, under another name; to bring it back under that: ${doing("restore", id)}`
    ),
  ];
}

/** Whoever only looks learns what a deleted experiment of the name would mean. */
function awaitedLines(
  { name, experimentId, would, replaced, runs, replaceable }: AwaitedExperiment,
  command: CommandOf,
): readonly string[] {
  const it = `Experiment ${experimentId}, ${name},`;
  switch (would) {
    case "create":
      return [visibleText(`No experiment is called ${name}: it would be created`)];
    case "reuse":
      return [visibleText(`${it} is there, with ${plural(runs, "run")}`)];
    case "restore":
      return [
        visibleText(`${it} is deleted: it would be restored, with ${plural(runs, "run")}`),
        ...replaceable
          ? [
            `To have a new one of that name instead: ${
              unbroken(command("preflight --on-deleted replace"))
            }`,
          ]
          : [],
      ];
    case "replace":
      return [
        ...replaced.map((id) =>
          visibleText(
            `Experiment ${id}, ${name}, is deleted: it would stay so under another name`,
          )
        ),
        "A new one would be created",
      ];
  }
}

function unnamedLines(
  { experimentId, name, wanted }: UnnamedExperiment,
  command: CommandOf,
): readonly string[] {
  const doing = (verb: string, ...more: readonly string[]) =>
    unbroken(
      command([`mlflow experiments ${verb} --experiment-id ${experimentId}`, ...more].join(" ")),
    );
  return [
    visibleText(
      `Experiment ${experimentId} may be ${wanted}: its name was lost, and it is called ${name}`,
    ),
    `If it is: ${doing("rename", "--new-name", shellWords([wanted]))}`,
    `If not, give it another name, or delete it: ${doing("delete")}`,
  ];
}

function doneText({ outcomes }: ApplyReport): string {
  const verbs = Map.groupBy(
    outcomes.filter(({ outcome }) => outcome === "applied"),
    ({ kind }) => verbOf(kind),
  );
  const failed = outcomes.filter(({ outcome }) => outcome !== "applied").length;
  return [
    ...[...verbs].map(([verb, { length }]) => `${formatCount(length)} ${verb}`),
    ...(failed === 0 ? [] : [`${formatCount(failed)} not done`]),
  ].join(", ");
}

/** What one command mends together is one line. */
function leftLines(left: readonly Kept[], command: CommandOf): readonly string[] {
  const groups = [
    ...Map.groupBy(left, (one) => {
      const [reason] = one.reasons;
      const isMoved = reason.kind === "needs-choice" && reason.by === "relocation";
      return isMoved ? ` ${reason.from}` : one.path;
    }).values(),
  ];
  const hidden = groups.slice(SAMPLE).flat().length;
  return [
    ...groups.slice(0, SAMPLE).map(([first, ...others]) => {
      const [reason] = first!.reasons;
      if (others.length === 0 || reason.kind !== "needs-choice") return leftText(first!, command);
      const choice = reasonWithCommand({ ...reason, message: "" }, command);
      const subject = `${first!.path} and ${formatCount(others.length)} more`;
      return `Left to you: ${visibleText(`${subject}${choice}`)}`;
    }),
    ...moreText(hidden, ` left alone: ${unbroken(command("repair"))}`),
  ];
}

/** What has only to settle asks nothing of its owner. */
function leftText({ path, reasons }: Kept, command: CommandOf): string {
  const asks = reasons.some(({ kind }) => kind === "needs-choice");
  const message = reasons.map((one) => reasonWithCommand(one, command)).join("; ");
  return `${asks ? "Left to you" : "Left alone"}: ${faultText({ path, message })}`;
}

function undoText({ backup }: ApplyReport, command: CommandOf): string {
  return backup === null ? "" : `; to undo: ${unbroken(command(`restore ${backup.id}`))}`;
}
