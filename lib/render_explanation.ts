/**
 * Renders why a run stays or goes.
 *
 * @module
 */

import type { Explanation } from "./explain_run.ts";
import type { Flip, PolicyChange } from "./find_flip.ts";
import { keeps } from "./keep_rules.ts";
import { PIN_TAG } from "./policy.ts";
import { reasonText, standingText } from "./render_reason.ts";
import { type RenderOptions, styleOf } from "./render_style.ts";
import { visibleText } from "./terminal_text.ts";
import { plural } from "./units.ts";

/**
 * Renders why a run stays or goes: the verdict, the rule, the reasons, the ranks, and the smallest change
 * that would turn it.
 *
 * @param explanation The explanation.
 * @param options How to render it.
 * @returns Lines, each ended by a line feed.
 */
export function renderExplanation(explanation: Explanation, options: RenderOptions = {}): string {
  const { name, runId, experiment, experimentId, verdict, rule, reasons, standings, flip } =
    explanation;
  const style = styleOf(options);
  // What goes is said to do so by its standings, which follow.
  const why = reasons.filter(({ kind }) => kind !== "not-kept").map(reasonText);
  const lines = [
    visibleText(`Run ${name || "(no name)"}, ${runId}`),
    visibleText(`in experiment ${experiment ?? "(orphan)"}, ${experimentId}`),
    style.bold(VERDICTS[verdict]),
    ...listed(verdict === "stays" ? "Kept, since" : "It goes, since", why),
    ...listed(
      `Of ${rule ?? "the policy"} it is not kept by`,
      standings.filter((one) => !keeps(one)).map(standingText),
    ),
    flip === null ? unflippable(verdict) : flipText(flip, verdict),
    ...(verdict === "stays" ? [] : [`It also stays once it has the tag ${PIN_TAG}.`]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function listed(heading: string, items: readonly string[]): readonly string[] {
  return items.length === 0 ? [] : [`${heading}:`, ...items.map((item) => `  ${item}`)];
}

const VERDICTS: Readonly<Record<Explanation["verdict"], string>> = {
  "stays": "Stays.",
  "soft-delete": "Goes: a clean-up would soft-delete it.",
  "purge": "Goes: a clean-up would purge it.",
};

function flipText({ changes, others }: Flip, verdict: Explanation["verdict"]): string {
  const effect = verdict === "stays" ? "lets it go" : "keeps it";
  const side = others === 0 ? "no other run changes" : `${plural(others, "other run")} change`;
  return `Smallest change that ${effect}: ${
    changes.map(changeText).join(", and ")
  }; ${side} sides.`;
}

function changeText({ rule, key, from, to }: PolicyChange): string {
  return visibleText(`${key} ${from} → ${to}${rule === null ? "" : ` in ${rule}`}`);
}

function unflippable(verdict: Explanation["verdict"]): string {
  return verdict === "stays"
    ? "No change of a number, a list or a switch lets it go."
    : "No change of a number or a list keeps it.";
}
