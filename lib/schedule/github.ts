import { InvalidArgumentError } from "../errors.ts";
import { cronFields, madeBy, type PreparedSchedule, type Schedule, whenText } from "./schedule.ts";
import { shellLine } from "./shell_line.ts";
import { yamlText } from "./yaml.ts";

/**
 * Prepares a workflow of GitHub Actions, for a runner of one's own on this machine, where the store is.
 *
 * @param schedule What runs, and when.
 * @returns The file and what to type.
 * @throws {InvalidArgumentError} When GitHub would take a part of the command for its own.
 */
export function prepareGithub(schedule: Schedule): PreparedSchedule {
  const { name, secrets } = schedule;
  const line = shellLine(schedule, ["nice", "-n", "19"]);
  if (line.includes("${{")) {
    throw new InvalidArgumentError(
      "Cannot write a workflow for GitHub: it reads ${{ in a path as its own; use another path",
    );
  }
  const file = `${name}.yml`;
  return {
    directory: schedule.into ?? ".github/workflows",
    files: [{ name: file, text: [...workflow(schedule, line), ""].join("\n") }],
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

function workflow(schedule: Schedule, line: string): readonly string[] {
  const { name, task, report, secrets } = schedule;
  return [
    `# ${madeBy(schedule)}`,
    `name: ${yamlText(`mltidy ${task}`)}`,
    "on:",
    "  schedule:",
    `    # ${whenText(schedule)} UTC: minute, hour, day of the month, month, weekday.`,
    `    - cron: ${yamlText(cronFields(schedule))}`,
    "  # Also by hand.",
    "  workflow_dispatch:",
    "# What it may do in the repository: nothing.",
    "permissions: {}",
    "# While one runs no other is started, and none is cut off.",
    "concurrency:",
    `  group: ${name}`,
    "  cancel-in-progress: false",
    "jobs:",
    "  mltidy:",
    "    # A runner of your own, on this machine.",
    "    runs-on: self-hosted",
    "    timeout-minutes: 720",
    "    steps:",
    "      # Another task at work (exit code 11) is no failure.",
    `      - name: ${yamlText(task)}`,
    ...(secrets.length === 0 ? [] : ["        env:"]),
    ...secrets.map((variable) => `          ${variable}: \${{ secrets.${variable} }}`),
    "        shell: bash --noprofile --norc {0}",
    `        run: ${yamlText(line)}`,
    "      # The report stays with the run, also of one that failed.",
    "      - if: always()",
    "        uses: actions/upload-artifact@v4",
    "        with:",
    `          name: ${name}`,
    `          path: ${yamlText(report)}`,
    "          retention-days: 90",
  ];
}
