import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import {
  findLastReport,
  findLastTold,
  findSchedules,
} from "../../../tasks/_doctor/find_schedules.ts";
import { writeFiles } from "../../_support/disk_store.ts";
import { memoryDirectory } from "../../_support/temp_directory.ts";

const MADE =
  "# Made by mltidy 0.1.0 for cleanup:apply with Deno 2.9.6: make it again rather than edit it.\n";

function report(finishedAt: number, exitCode = 0): string {
  const error = exitCode === 0 ? null : { name: "DiskFullError", message: "secret-name" };
  return JSON.stringify({
    schema: "mltidy/report/v1",
    task: "prune:apply",
    finishedAt,
    exitCode,
    error,
  });
}

Deno.test("findSchedules() finds what mltidy has made where systems look, and the reports that it writes", async () => {
  await using directory = await memoryDirectory();
  const root = directory.path;
  writeFiles(root, {
    "home/.config/systemd/user/mltidy-cleanup.service":
      `${MADE}[Service]\nExecStart=/bin/deno run tasks/cli.ts cleanup --report "/srv/a b/50%%.json" --force\n`,
    "home/.config/systemd/user/mltidy-cleanup.timer": `${MADE}[Timer]\n`,
    "home/.config/systemd/user/backup.timer": "[Timer]\n",
    "home/Library/LaunchAgents/mltidy.plist":
      `<?xml version="1.0"?>\n<!-- Made by mltidy 0.1.0 -->\n<string>--report</string>\n<string>/srv/mac.json</string>`,
    "etc/cron.d/mltidy": `${MADE}0 3 * * 0 kim deno run --report=/srv/cron.json\n`,
    "etc/cron.d/other": `# Not made by mltidy\n`,
    "var/spool/cron/crontabs/kim": `${
      "# m h dom mon dow command\n0 1 * * * /usr/bin/true\n".repeat(20)
    }${MADE}0 3 * * 0 deno run --report /srv/kim.json\n`,
  });
  const home = join(root, "home");
  writeFiles(root, {
    "home/50% of it/mltidy.sh": `#!/bin/sh\n\n${MADE}\ndeno run --report '/srv/a b/script.json'\n`,
    "var/spool/cron/crontabs/lee": `${MADE}0 3 * * 0 /bin/sh '${home}/50\\% of it/mltidy.sh'\n`,
  });
  assertEquals(await findSchedules({ home, root }), {
    files: [
      join(home, ".config/systemd/user/mltidy-cleanup.service"),
      join(home, ".config/systemd/user/mltidy-cleanup.timer"),
      join(home, "Library/LaunchAgents/mltidy.plist"),
      join(root, "etc/cron.d/mltidy"),
      join(root, "var/spool/cron/crontabs/kim"),
      join(root, "var/spool/cron/crontabs/lee"),
    ],
    reports: [
      ...["/srv/a b/50%.json", "/srv/mac.json", "/srv/cron.json", "/srv/kim.json"],
      "/srv/a b/script.json",
    ],
    hasHiddenCrontabs: false,
  });
  const nowhere = { home: null, root: join(root, "nothing") };
  assertEquals(await findSchedules(nowhere), {
    files: [],
    reports: [],
    hasHiddenCrontabs: false,
  });
  assertEquals(await findLastReport(nowhere, []), null);
});

Deno.test("findSchedules() says that there are crontabs that it cannot list", async () => {
  await using directory = await memoryDirectory();
  const root = directory.path;
  // What is no directory is as little to be listed as one that is closed, which none is to the root account.
  writeFiles(root, { "var/spool/cron": "" });
  assertEquals(await findSchedules({ home: null, root }), {
    files: [],
    reports: [],
    hasHiddenCrontabs: true,
  });
});

Deno.test("findLastReport() gives the newest that can be read, without what its error says", async () => {
  await using directory = await memoryDirectory();
  const root = directory.path;
  const home = join(root, "home");
  writeFiles(root, {
    "home/.local/state/mltidy/reports/a.json": report(1_000),
    "home/.local/state/mltidy/reports/cut.json": report(9_000).slice(0, 40),
    "var/lib/mltidy/reports/b.json": report(2_000),
    "elsewhere/c.json": report(3_000, 1),
    "elsewhere/c.20261130T033000Z.json": report(2_500),
    "elsewhere/other.json": '{"schema":"mltidy/apply/v1","finishedAt":9000}',
  });
  assertEquals(
    (await findLastReport({ home, root }, []))?.path,
    join(root, "var/lib/mltidy/reports/b.json"),
  );
  const path = join(root, "elsewhere/c.json");
  assertEquals(await findLastReport({ home, root }, [path]), {
    path,
    task: "prune:apply",
    finishedAt: 3_000,
    exitCode: 1,
    error: "DiskFullError",
  });
});

Deno.test("findLastTold() gives who was told last and who could not be, beside a report that is known or in the usual place", async () => {
  await using directory = await memoryDirectory();
  const root = directory.path;
  const home = join(root, "home");
  const kept = (document: object) => JSON.stringify({ schema: "mltidy/notify/v1", ...document });
  const usual = "home/.local/state/mltidy/reports/a.told.json";
  const other = "elsewhere/c.told.json";
  const problem = "it answered 404: no $MLTIDY_HOOK";
  writeFiles(root, {
    [usual]: kept({
      notified: [
        { channel: "email", attempts: 1, problem: null },
        { channel: "webhook", attempts: 3, problem },
      ],
    }),
    "var/lib/mltidy/reports/cut.told.json": '{"schema":"mltidy/noti',
    [other]: kept({ problem: "mltidy.yaml:1: Cannot use 7 for notify" }),
    "elsewhere/c.json": report(3_000, 1),
  });
  for (const [path, at] of [[usual, 2_000], [other, 1_000]] as const) {
    await Deno.utime(join(root, path), at, at);
  }
  const known = join(root, "elsewhere/c.json");
  assertEquals(await findLastTold({ home, root }, [known]), {
    path: join(root, usual),
    writtenAt: 2_000_000,
    told: ["email"],
    notTold: [`webhook: ${problem}`],
  });
  await Deno.utime(join(root, other), 3_000, 3_000);
  assertEquals(await findLastTold({ home, root }, [known]), {
    path: join(root, other),
    writtenAt: 3_000_000,
    told: [],
    notTold: ["mltidy.yaml:1: Cannot use 7 for notify"],
  });
  assertEquals(await findLastTold({ home: null, root: join(root, "nothing") }, []), null);
});
