import { placeOf } from "../store/store_uri.ts";
import { shellWords } from "../text/shell_words.ts";
import { cronFields, madeBy, type PreparedSchedule, type Schedule, whenText } from "./schedule.ts";
import { shellLine } from "./shell_line.ts";
import { yamlList, yamlText } from "./yaml.ts";

/**
 * Prepares a CronJob of Kubernetes, and the image that it runs.
 *
 * @param schedule What runs, and when.
 * @returns The files and what to type.
 */
export function prepareKubernetes(schedule: Schedule): PreparedSchedule {
  const { name, command, versions } = schedule;
  const file = `${name}.yaml`;
  const image = `mltidy:${versions.mltidy}`;
  const directory = schedule.into ?? ".";
  const at = (other: string) => shellWords([directory === "." ? other : `${directory}/${other}`]);
  return {
    directory,
    files: [
      { name: file, text: [...cronJob(schedule, image), ""].join("\n") },
      { name: `${name}.Dockerfile`, text: dockerfile(schedule) },
    ],
    steps: [
      {
        command: `docker build -t ${image} -f ${name}.Dockerfile ${
          shellWords([command.directory])
        }`,
        does:
          "make the image of this clone; push it where the cluster finds it, and name that in the file",
      },
      ...(schedule.config === null ? [] : [{
        command: `kubectl create configmap ${name} ${
          shellWords([`--from-file=mltidy.yaml=${schedule.config}`])
        }`,
        does: "hand the configuration to the cluster",
      }]),
      { command: `kubectl apply -f ${at(file)}`, does: "hand the job to the cluster" },
    ],
    checks: [
      { command: `kubectl get cronjob ${name}`, does: "when it ran last" },
      {
        command: `kubectl create job --from=cronjob/${name} ${name}-now`,
        does: "run it now",
      },
      { command: `kubectl logs job/${name}-now`, does: "what it said" },
    ],
    notes: [
      "What you have to name in the file yourself: the image, the claims of volumes, and the account that owns the store (runAsUser).",
      ...(schedule.secrets.length === 0 ? [] : [
        `Secrets: kubectl create secret generic ${name} ${
          schedule.secrets.map((variable) => `--from-literal=${variable}=…`).join(" ")
        }`,
      ]),
    ],
  };
}

/** The place of Deno in its own image. */
const DENO = "/usr/bin/deno";

function dockerfile({ command: { directory }, versions, ...schedule }: Schedule): string {
  return [
    `# ${madeBy({ ...schedule, versions })}`,
    "# The program that runs it, as it is published.",
    `FROM denoland/deno:${versions.deno}`,
    "# The clone, where the job looks for it.",
    `WORKDIR ${directory}`,
    "COPY . .",
    "# Fetch what it needs while the image is made, not each time.",
    "RUN deno run --allow-read tasks/cli.ts --version",
    "",
  ].join("\n");
}

interface Volume {
  readonly name: string;
  readonly path: string;
  readonly why: string;
  /** Whether it is that of the store. */
  readonly isLasting: boolean;
}

function volumesOf({ store, writes }: Schedule): readonly Volume[] {
  const reports = writes.at(-1) ?? "/reports";
  return [
    ...writes.slice(0, -1).map((path, index) => ({
      name: index === 0 ? "store" : `store-${index + 1}`,
      path,
      why: placeOf(store) === null && index === 0
        ? "What undoing needs."
        : "The store, and what it writes.",
      isLasting: true,
    })),
    {
      name: "reports",
      path: reports,
      why: "Reports; with a claim in place of emptyDir they stay.",
      isLasting: false,
    },
  ];
}

function cronJob(schedule: Schedule, image: string): readonly string[] {
  const { name, timeZone, config, secrets, command, telling } = schedule;
  const inImage = { ...command, program: DENO };
  const line = shellLine({
    command: inImage,
    telling: telling === null ? null : { ...telling, program: DENO },
  });
  const volumes = volumesOf(schedule);
  return [
    `# ${madeBy(schedule)}`,
    "apiVersion: batch/v1",
    "kind: CronJob",
    "metadata:",
    `  name: ${name}`,
    "spec:",
    `  # ${whenText(schedule)}: minute, hour, day of the month, month, weekday.`,
    `  schedule: ${yamlText(cronFields(schedule))}`,
    `  timeZone: ${yamlText(timeZone)}`,
    "  # While one runs no other is started.",
    "  concurrencyPolicy: Forbid",
    "  # A time at which the cluster was down is made up for within a day.",
    "  startingDeadlineSeconds: 86400",
    "  # The pods of the last runs stay, with their logs.",
    "  successfulJobsHistoryLimit: 3",
    "  failedJobsHistoryLimit: 3",
    "  jobTemplate:",
    "    spec:",
    "      # What fails is not tried again before its next time.",
    "      backoffLimit: 0",
    "      template:",
    "        spec:",
    "          restartPolicy: Never",
    "          # It ends between two actions when it is told to end; give it the seconds.",
    "          terminationGracePeriodSeconds: 300",
    "          # It asks the cluster for nothing.",
    "          automountServiceAccountToken: false",
    "          securityContext:",
    "            # The account that owns the store: see ls -n.",
    "            runAsUser: 1000",
    "            runAsGroup: 1000",
    "            runAsNonRoot: true",
    "            seccompProfile:",
    "              type: RuntimeDefault",
    "          containers:",
    "            - name: mltidy",
    "              # Made of the Dockerfile beside this file.",
    `              image: ${yamlText(image)}`,
    "              # A shell, since another task at work (exit code 11) is no failure.",
    "              command:",
    // Kubernetes would put a variable in place of $(NAME).
    ...yamlList(["/bin/sh", "-c", line.replaceAll("$(", "$$$$(")], "                "),
    ...(secrets.length > 0
      ? [
        "              # Secrets, each a variable.",
        "              envFrom:",
        "                - secretRef:",
        `                    name: ${name}`,
        "                    optional: true",
      ]
      : []),
    "              # No more than it needs; where it is short, MLflow comes first.",
    "              resources:",
    "                requests:",
    "                  cpu: 100m",
    "                  memory: 256Mi",
    "              securityContext:",
    "                allowPrivilegeEscalation: false",
    "                capabilities:",
    "                  drop: [ALL]",
    "              volumeMounts:",
    ...volumes.flatMap(({ name, path, why }) => [
      `                # ${why}`,
      `                - name: ${name}`,
      `                  mountPath: ${yamlText(path)}`,
    ]),
    ...(config === null ? [] : [
      "                # What to keep.",
      "                - name: config",
      `                  mountPath: ${yamlText(config)}`,
      "                  subPath: mltidy.yaml",
    ]),
    "          volumes:",
    ...volumes.flatMap(({ name, isLasting }) => [
      `            - name: ${name}`,
      ...(isLasting
        ? [
          "              # The claim of the volume that has it.",
          "              persistentVolumeClaim:",
          `                claimName: ${name}`,
        ]
        : ["              emptyDir: {}"]),
    ]),
    ...(config === null ? [] : [
      "            - name: config",
      "              configMap:",
      `                name: ${name}`,
    ]),
  ];
}
