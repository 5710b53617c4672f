import { InvalidArgumentError } from "../errors.ts";
import { cronFields, madeBy, type PreparedSchedule, type Schedule, whenText } from "./schedule.ts";
import { shellLine, type ShellStep, shellSteps, shellWhys } from "./shell_line.ts";
import { explainedYaml, type YamlLine, yamlText } from "./yaml.ts";

/**
 * Prepares a workflow of GitHub Actions, for a runner of one's own on this machine, where the store is.
 *
 * @param schedule What runs, and when.
 * @returns The file and what to type.
 * @throws {InvalidArgumentError} When GitHub would take a part of the command for its own.
 */
export function prepareGithub(schedule: Schedule): PreparedSchedule {
  const { name, secrets } = schedule;
  const does = shellSteps(schedule, ["nice", "-n", "19"]);
  if (shellLine(does).includes("${{")) {
    throw new InvalidArgumentError(
      "Cannot write a workflow for GitHub: it reads ${{ in a path as its own; use another path",
    );
  }
  const file = `${name}.yml`;
  return {
    directory: schedule.into ?? ".github/workflows",
    files: [{ name: file, text: [...workflow(schedule, does), ""].join("\n") }],
    steps: [
      {
        command:
          `git add .github/workflows/${file} && git commit -m 'Run mltidy by itself' && git push`,
        does: "in a repository of yours; GitHub runs what is on its default branch",
      },
    ],
    checks: [
      { command: `gh workflow run ${file}`, does: "run it now" },
      { command: `gh run list --workflow ${file}`, does: "how it ended" },
    ],
    notes: [
      "GitHub goes by UTC, begins late when it is busy, makes up for nothing, and stops in a repository in which nothing happens for 60 days.",
      "The runner has to be on this machine: see Settings, Actions, Runners of the repository; anybody who may change the workflow may then run programs here.",
      ...secrets.map((variable) => `Secret: gh secret set ${variable}`),
    ],
  };
}

function workflow(
  schedule: Schedule,
  steps: readonly ShellStep[],
): readonly string[] {
  const { name, task, report, secrets } = schedule;
  return explainedYaml([
    [
      [madeBy(schedule), "What it is called in the list of workflows."],
      `name: ${yamlText(`mltidy ${task}`)}`,
    ],
    ["When it begins:", "on:"],
    ["by the clock,", "  schedule:"],
    [
      `${whenText(schedule)} UTC: minute, hour, day of the month, month, weekday;`,
      `    - cron: ${yamlText(cronFields(schedule))}`,
    ],
    ["also by hand.", "  workflow_dispatch:"],
    ["What it may do in the repository: nothing.", "permissions: {}"],
    ["How many run at once: one", "concurrency:"],
    ["of those of this name,", `  group: ${name}`],
    ["of which none is cut off for the next.", "  cancel-in-progress: false"],
    ["What it does:", "jobs:"],
    ["one job,", "  mltidy:"],
    ["on a runner of your own, on this machine,", "    runs-on: self-hosted"],
    ["which no store keeps at work for longer.", "    timeout-minutes: 720"],
    ["One after the other:", "    steps:"],
    ["the task.", `      - name: ${yamlText(task)}`],
    ...(secrets.length === 0 ? [] : [
      ["Secrets, each a variable, empty where GitHub has none of that name:", "        env:"],
    ] satisfies YamlLine[]),
    ...secrets.map((variable): YamlLine => [
      "Set by gh secret set.",
      `          ${variable}: \${{ secrets.${variable} }}`,
    ]),
    ["A shell without anybody's settings,", "        shell: bash --noprofile --norc {0}"],
    [
      ["which does one after the other:", ...shellWhys(steps)],
      `        run: ${yamlText(shellLine(steps))}`,
    ],
    ["Then, also where that failed,", "      - if: always()"],
    ["keep something with the run,", "        uses: actions/upload-artifact@v4"],
    ["namely", "        with:"],
    ["by this name,", `          name: ${name}`],
    ["the report,", `          path: ${yamlText(report)}`],
    ["for so many days.", "          retention-days: 90"],
  ]);
}
