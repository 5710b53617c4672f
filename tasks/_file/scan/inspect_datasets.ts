/**
 * The datasets of an experiment → what is wrong with them, and with the inputs that name them.
 *
 * @module
 */

import { checkRecord } from "../../../lib/records/check_record.ts";
import { recordProblem } from "../../../lib/store/record_problem.ts";
import { readText } from "../../_io/read.ts";
import { type DatasetUse, directoriesAt, type Inspection, report } from "./inspection.ts";

/**
 * Inspects datasets, once it is known what the runs of the experiment use. Needs read permission.
 *
 * @param inspection Where findings are kept; holds those of the experiment's runs.
 * @param experiment The experiment's directory, below the root.
 * @param uses Which datasets its runs name.
 */
export async function inspectDatasets(
  inspection: Inspection,
  experiment: string,
  uses: readonly DatasetUse[],
): Promise<void> {
  const { root } = inspection;
  const folder = `${experiment}/datasets`;
  const directories = await directoriesAt(inspection, folder);
  if (directories === null) return;
  const names = new Set(directories);
  for (const { path, dataset } of uses) {
    if (names.has(dataset)) continue;
    const message = `its dataset ${dataset} is not in ${folder}/`;
    report(inspection, "input", path, [recordProblem("dangling", message)]);
  }
  if (names.size === 0) return;
  const used = new Set(uses.map(({ dataset }) => dataset));
  // What cannot be read may use any of them.
  const isKnown = !inspection.problems.some(({ subject, path }) =>
    subject === "input" && path.startsWith(`${experiment}/`)
  );
  for (const name of names) {
    const path = `${folder}/${name}`;
    const { problems: [found] } = checkRecord(readText(`${root}/${path}/meta.yaml`), "dataset");
    if (used.has(name) || !isKnown) {
      report(inspection, "dataset", path, found === undefined ? [] : [found]);
      continue;
    }
    const isSkipped = found !== undefined && found.damage !== "incomplete";
    const unused = recordProblem("unused", "no run uses it");
    report(inspection, "dataset", path, [isSkipped ? { ...unused, migration: "skips" } : unused]);
  }
}
