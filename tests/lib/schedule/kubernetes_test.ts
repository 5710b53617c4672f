import { assertEquals, assertStringIncludes } from "@std/assert";
import { parse } from "@std/yaml";
import { prepareKubernetes } from "../../../lib/schedule/kubernetes.ts";
import { ODD, SCHEDULE, TOLD } from "../../_support/schedules.ts";

// deno-lint-ignore no-explicit-any
function jobOf(schedule: typeof SCHEDULE): any {
  return parse(prepareKubernetes(schedule).files[0]!.text);
}

Deno.test("prepareKubernetes() writes a job that never overlaps, catches up, and keeps few pods", () => {
  const { apiVersion, kind, spec } = jobOf(SCHEDULE);
  const { jobTemplate, ...rest } = spec;
  assertEquals([apiVersion, kind], ["batch/v1", "CronJob"]);
  assertEquals(rest, {
    schedule: "30 3 * * 0",
    timeZone: "Asia/Seoul",
    concurrencyPolicy: "Forbid",
    startingDeadlineSeconds: 86_400,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 3,
  });
  assertEquals(jobTemplate.spec.backoffLimit, 0);
  assertEquals(jobTemplate.spec.template.spec.terminationGracePeriodSeconds, 300);
});

Deno.test("prepareKubernetes() mounts the store where it is here, the configuration, and secrets by reference", () => {
  const pod = jobOf({ ...TOLD, config: `${ODD}/mltidy.yaml` }).spec.jobTemplate.spec.template.spec;
  const [container] = pod.containers;
  assertEquals(
    container.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath),
    [`${ODD}/mlruns`, "/home/kim/reports", `${ODD}/mltidy.yaml`],
  );
  assertEquals(pod.volumes.map(({ name }: { name: string }) => name), [
    "store",
    "reports",
    "config",
  ]);
  assertEquals(container.envFrom, [{ secretRef: { name: "mltidy-cleanup", optional: true } }]);
  const [, , line] = container.command;
  assertStringIncludes(
    line,
    "cd '/opt/ml tidy' || exit 1; INIT_CWD='/opt/ml tidy' /usr/bin/deno run ",
  );
  assertStringIncludes(line, "--max-share 50%; code=$?; ");
});

Deno.test("prepareKubernetes() lets the cluster put no variable into a path", () => {
  const words = ["run", "/data/$(HOME)/x"];
  const { spec } = jobOf({ ...SCHEDULE, command: { ...SCHEDULE.command, words } });
  const [, , line] = spec.jobTemplate.spec.template.spec.containers[0].command;
  assertStringIncludes(line, "'/data/$$(HOME)/x'");
});
