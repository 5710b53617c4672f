import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../../lib/errors.ts";
import { prepareCron } from "../../../lib/schedule/cron.ts";
import { cronEntry, ODD, SCHEDULE, TOLD } from "../../_support/schedules.ts";

Deno.test("prepareCron() writes a line in which no per cent sign ends the command", () => {
  const [file, ...others] = prepareCron(SCHEDULE).files;
  const { fields, command } = cronEntry(file!.text);
  const store = `'${ODD.replace("'", "'\\''")}/mlruns'`;
  assertEquals(others, []);
  assertEquals(fields, "30 3 * * 0");
  assertEquals(
    command,
    `cd '/opt/ml tidy' || exit 1; INIT_CWD='/opt/ml tidy' nice -n 19 /usr/local/bin/deno run tasks/cli.ts --store ${store} --max-share 50%; code=$?; [ $code -eq 11 ] || exit $code`,
  );
  assertStringIncludes(file!.text, "--max-share 50\\%");
});

Deno.test("prepareCron() starts a script where cron would not read all of a line", () => {
  const words = [...TOLD.command.words, "x".repeat(900)];
  const { files, steps } = prepareCron({ ...TOLD, command: { ...TOLD.command, words } });
  const [file, script] = files;
  assertEquals(
    cronEntry(file!.text).command,
    "/bin/sh /home/kim/.config/mltidy/mltidy-cleanup.sh",
  );
  assert(file!.text.split("\n").every((line) => line.length < 999));
  assertEquals(
    script!.text.split("\n\n").slice(1).map((part) => part.replace(/ \S+deno run .*(?= --)/, " …")),
    [
      "# Secrets, for what is started here alone; their file need not be there.\nset -a; [ ! -f /home/kim/.config/mltidy/environment ] || . /home/kim/.config/mltidy/environment; set +a",
      "# In the clone of mltidy.\ncd '/opt/ml tidy' || exit 1",
      `# The task, with no more rights than it needs; others come first.\nINIT_CWD='/opt/ml tidy' nice -n 19 … --max-share 50% ${
        "x".repeat(900)
      }`,
      "# How it has ended.\ncode=$?",
      "# Tells of it, also after a failure, and changes nothing of how it has ended.\nINIT_CWD='/opt/ml tidy' … --exit-code $code",
      "# Another task at work on the store (11) is no failure: the next time will do.\n[ $code -eq 11 ] || exit $code\n",
    ],
  );
  assertStringIncludes(steps[0]!.does, "MLTIDY_SMTP_PASSWORD='…'");
});

Deno.test("prepareCron() says above the line why each part of it is there", () => {
  const { text } = prepareCron(TOLD).files[0]!;
  const { command } = cronEntry(text);
  assertEquals(
    text.match(/^# - \S.*\.$/gm)?.length,
    command.replace(/^.*set \+a/, "").split("; ").length,
  );
});

Deno.test("prepareCron() holds no secret, and reads the file that does", () => {
  const { command } = cronEntry(prepareCron(TOLD).files[0]!.text);
  const file = "/home/kim/.config/mltidy/environment";
  assertEquals(command.split("; cd ")[0], `set -a; [ ! -f ${file} ] || . ${file}; set +a`);
});

Deno.test("prepareCron() refuses a path that cron would read otherwise", () => {
  const words = ["run", "/data/a\\%b"];
  assertThrows(
    () => prepareCron({ ...SCHEDULE, command: { ...SCHEDULE.command, words } }),
    InvalidArgumentError,
    "use systemd",
  );
});
