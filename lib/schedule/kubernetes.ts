import { placeOf } from "../store/store_uri.ts";
import { shellWords } from "../text/shell_words.ts";
import { cronFields, madeBy, type PreparedSchedule, type Schedule, whenText } from "./schedule.ts";
import { shellLine, shellSteps, shellWhys } from "./shell_line.ts";
import { explainedYaml, type YamlLine, yamlText } from "./yaml.ts";

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
        } --dry-run=client -o yaml | kubectl apply -f -`,
        does: "hand the configuration to the cluster, again whenever it has changed",
      }]),
      { command: `kubectl apply -f ${at(file)}`, does: "hand the job to the cluster" },
    ],
    checks: [
      { command: `kubectl get cronjob ${name}`, does: "when it ran last" },
      {
        command:
          `kubectl delete job ${name}-now --ignore-not-found && kubectl create job --from=cronjob/${name} ${name}-now`,
        does: "run it now",
      },
      { command: `kubectl logs job/${name}-now`, does: "what it said" },
    ],
    notes: [
      "What you have to name in the file yourself: the image, the claims of volumes, and the account that owns the store (runAsUser).",
      ...(schedule.secrets.length === 0 ? [] : [
        `Secrets, each that counts: kubectl create secret generic ${name} ${
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
    "# Where the job looks for the clone,",
    `WORKDIR ${directory}`,
    "# and the clone.",
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
  const steps = shellSteps({
    command: { ...command, program: DENO },
    telling: telling === null ? null : { ...telling, program: DENO },
  });
  // Kubernetes would put a variable in place of $(NAME).
  const line = shellLine(steps).replaceAll("$(", "$$$$(");
  const volumes = volumesOf(schedule);
  return explainedYaml([
    [
      [madeBy(schedule), "The part of Kubernetes that knows what follows."],
      "apiVersion: batch/v1",
    ],
    ["A job that begins by the clock.", "kind: CronJob"],
    ["What it is known by:", "metadata:"],
    ["its name.", `  name: ${name}`],
    ["When it begins, and what it is:", "spec:"],
    [
      `${whenText(schedule)}: minute, hour, day of the month, month, weekday,`,
      `  schedule: ${yamlText(cronFields(schedule))}`,
    ],
    ["by the clock of this zone.", `  timeZone: ${yamlText(timeZone)}`],
    ["While one runs no other is started.", "  concurrencyPolicy: Forbid"],
    [
      "A time at which the cluster was down is made up for within a day.",
      "  startingDeadlineSeconds: 86400",
    ],
    [
      "The pods of the last runs stay, with their logs: so many that went well,",
      "  successfulJobsHistoryLimit: 3",
    ],
    ["and so many that failed.", "  failedJobsHistoryLimit: 3"],
    ["What is made each time:", "  jobTemplate:"],
    ["a job.", "    spec:"],
    ["What fails is not tried again before its next time.", "      backoffLimit: 0"],
    ["What it is made of:", "      template:"],
    ["a pod.", "        spec:"],
    ["It is not started again when it has ended.", "          restartPolicy: Never"],
    [
      "It ends between two actions when it is told to end; give it the seconds.",
      "          terminationGracePeriodSeconds: 300",
    ],
    ["It asks the cluster for nothing.", "          automountServiceAccountToken: false"],
    ["As whom it runs:", "          securityContext:"],
    ["the account that owns the store, see ls -n,", "            runAsUser: 1000"],
    ["its group,", "            runAsGroup: 1000"],
    ["and never root;", "            runAsNonRoot: true"],
    ["system calls that no container needs", "            seccompProfile:"],
    ["are refused.", "              type: RuntimeDefault"],
    ["Programs:", "          containers:"],
    ["one.", "            - name: mltidy"],
    ["Made of the Dockerfile beside this file.", `              image: ${yamlText(image)}`],
    ["What is started:", "              command:"],
    [
      "a shell, since another task at work (exit code 11) is no failure,",
      `                - ${yamlText("/bin/sh")}`,
    ],
    ["which is told", `                - ${yamlText("-c")}`],
    [["one after the other:", ...shellWhys(steps)], `                - ${yamlText(line)}`],
    ...(secrets.length === 0 ? [] : [
      ["Secrets, each a variable:", "              envFrom:"],
      ["all of", "                - secretRef:"],
      ["this secret,", `                    name: ${name}`],
      ["which need not be there.", "                    optional: true"],
    ] satisfies YamlLine[]),
    ["What it needs:", "              resources:"],
    ["at least, so that where it is short MLflow comes first,", "                requests:"],
    ["a tenth of a processor,", "                  cpu: 100m"],
    ["and this much memory.", "                  memory: 256Mi"],
    ["What it may do:", "              securityContext:"],
    ["get no more rights,", "                allowPrivilegeEscalation: false"],
    ["and of those of root", "                capabilities:"],
    ["have none.", "                  drop: [ALL]"],
    ["What it sees of volumes:", "              volumeMounts:"],
    ...volumes.flatMap(({ name, path, why }): readonly YamlLine[] => [
      [why, `                - name: ${name}`],
      ["Where it is on this machine, too.", `                  mountPath: ${yamlText(path)}`],
    ]),
    ...(config === null ? [] : [
      ["What to keep.", "                - name: config"],
      ["Where it is on this machine, too,", `                  mountPath: ${yamlText(config)}`],
      ["as the file alone.", "                  subPath: mltidy.yaml"],
    ] satisfies YamlLine[]),
    ["Where these come from:", "          volumes:"],
    ...volumes.flatMap(({ name, isLasting }): readonly YamlLine[] => [
      ["the volume of that name", `            - name: ${name}`],
      ...(isLasting
        ? [
          ["is one that stays,", "              persistentVolumeClaim:"],
          ["by the claim that has it.", `                claimName: ${name}`],
        ] satisfies YamlLine[]
        : [["goes with the pod.", "              emptyDir: {}"]] satisfies YamlLine[]),
    ]),
    ...(config === null ? [] : [
      ["the configuration", "            - name: config"],
      ["is what was handed over", "              configMap:"],
      ["by this name.", `                name: ${name}`],
    ] satisfies YamlLine[]),
  ]);
}
