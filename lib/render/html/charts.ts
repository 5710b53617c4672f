/**
 * Numbers drawn as SVG. Each chart stands beside its numbers, or says them to whoever cannot see it.
 *
 * @module
 */

import type { RunsOfAge } from "../../answers/report_store.ts";
import { formatCount } from "../../text/units.ts";
import { ageText } from "../../words/age.ts";
import { type Html, markup, NOTHING } from "./markup.ts";

/** A part of a whole that stays, and one that goes. */
export interface Share {
  readonly stays: number;
  readonly goes: number;
}

/**
 * Draws a bar beside its number, which says the same.
 *
 * @param share What stays and what goes.
 * @param most The length of the longest bar.
 * @returns SVG as wide as what it stands in.
 */
export function bar({ stays, goes }: Share, most: number): Html {
  const partOf = (count: number) => round(100 * count / Math.max(most, 1));
  return markup`<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">${
    rectangle("stays", 0, 0, partOf(stays), 10)
  }${rectangle("goes", partOf(stays), 0, partOf(goes), 10)}</svg>`;
}

const WIDTH = 640;
const HEIGHT = 200;
/** Above the columns stand their numbers, below them the ages. */
const MARGIN = 24;

/**
 * Draws how many runs are of which age, and how many of them go.
 *
 * @param ages The runs by their age, the youngest first.
 * @returns SVG with its numbers in words.
 */
export function ageChart(ages: readonly RunsOfAge[]): Html {
  const most = Math.max(1, ...ages.map(({ runs }) => runs));
  const step = WIDTH / Math.max(ages.length, 1);
  const floor = HEIGHT - MARGIN;
  const columns = ages.map((age, index) => {
    const heightOf = (count: number) => round((floor - MARGIN) * count / most);
    const [stays, goes] = [heightOf(age.runs - age.goes), heightOf(age.goes)];
    const left = round(index * step + step * 0.15);
    const width = round(step * 0.7);
    const middle = round((index + 0.5) * step);
    return markup`
      ${rectangle("stays", left, floor - stays, width, stays)}${
      rectangle(
        "goes",
        left,
        floor - stays - goes,
        width,
        goes,
      )
    }<text x="${middle}" y="${round(floor - stays - goes - 6)}">${
      formatCount(
        age.runs,
      )
    }</text><text x="${middle}"
        y="${HEIGHT - 7}">${ageText(age)}</text>
    `;
  });
  return markup`
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"
      aria-label="${
    chartText(
      ages,
    )
  }">${columns}<line x1="0" x2="${WIDTH}" y1="${floor}" y2="${floor}"/></svg>
  `;
}

function rectangle(
  part: "stays" | "goes",
  x: number,
  y: number,
  width: number,
  height: number,
): Html {
  if (width <= 0 || height <= 0) return NOTHING;
  return markup`
    <rect class="${part}" x="${round(x)}" y="${round(y)}" width="${width}"
      height="${height}" />
  `;
}

function chartText(ages: readonly RunsOfAge[]): string {
  const parts = ages.filter(({ runs }) => runs > 0).map((age) =>
    `${ageText(age)}: ${formatCount(age.runs)}${
      age.goes === 0 ? "" : `, of which ${formatCount(age.goes)} go`
    }`
  );
  return `Runs by age. ${parts.join("; ")}`;
}

/** Two decimals are finer than what a screen shows. */
function round(value: number): number {
  return Math.round(100 * value) / 100;
}
