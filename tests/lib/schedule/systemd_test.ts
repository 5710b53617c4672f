import { assert, assertEquals } from "@std/assert";
import { INTERVALS } from "../../../lib/policy/scheduled_task.ts";
import { calendarOf, prepareSystemd } from "../../../lib/schedule/systemd.ts";
import { ODD, SCHEDULE, TOLD, unitValues, unitWords } from "../../_support/schedules.ts";

/** The text of each file by the end of its name. */
function filesOf(schedule: typeof SCHEDULE): Readonly<Record<string, string>> {
  return Object.fromEntries(
    prepareSystemd(schedule).files.map(({ name, text }) => [name.replace(/.*\./, ""), text]),
  );
}

Deno.test("prepareSystemd() hands every word over as it is", () => {
  const { service = "" } = filesOf(SCHEDULE);
  const { program, words, directory } = SCHEDULE.command;
  const [start = ""] = unitValues(service, "ExecStart");
  assertEquals(unitWords(start, {}), [program, ...words]);
  assertEquals(unitValues(service, "WorkingDirectory"), [directory]);
  assertEquals(unitValues(service, "Environment").flatMap((one) => unitWords(one)), [
    `INIT_CWD=${directory}`,
  ]);
  assertEquals(unitValues(service, "ExecStopPost"), []);
});

Deno.test("prepareSystemd() makes up for what was missed, comes last, waits for a lock, and has the time to end", () => {
  const { service = "", timer = "" } = filesOf(SCHEDULE);
  const value = (text: string, key: string) => unitValues(text, key).join();
  assertEquals(value(timer, "OnCalendar"), "Sun *-*-* 03:30:00");
  assertEquals(value(timer, "Persistent"), "true");
  assertEquals(value(timer, "RandomizedDelaySec"), "10min");
  assertEquals(value(timer, "WantedBy"), "timers.target");
  assertEquals(value(service, "Type"), "oneshot");
  assertEquals(value(service, "SuccessExitStatus"), "11");
  assertEquals(value(service, "TimeoutStopSec"), "5min");
  assertEquals([value(service, "Nice"), value(service, "IOSchedulingClass")], ["19", "idle"]);
});

Deno.test("prepareSystemd() hardens units of the system, and those of a user as far as that hides no account", () => {
  const { service: own = "" } = filesOf(SCHEDULE);
  const { service: root = "" } = filesOf({ ...SCHEDULE, isSystem: true, settings: "/etc" });
  for (const unit of [own, root]) {
    assertEquals(unitValues(unit, "NoNewPrivileges"), ["yes"]);
    assertEquals(unitValues(unit, "MemoryDenyWriteExecute"), []);
    assertEquals(unitValues(unit, "RestrictSUIDSGID"), []);
  }
  assertEquals(unitValues(own, "ProtectSystem"), []);
  assertEquals(unitValues(root, "ProtectSystem"), ["strict"]);
  const [paths = ""] = unitValues(root, "ReadWritePaths");
  assertEquals(unitWords(paths), [`${ODD}/mlruns`, "/home/kim/reports"]);
  assertEquals(unitValues(root, "PrivateTmp"), ["yes"]);
  const { service: temporary = "" } = filesOf({
    ...SCHEDULE,
    isSystem: true,
    writes: ["/tmp/mlruns"],
  });
  assertEquals(unitValues(temporary, "PrivateTmp"), []);
});

Deno.test("prepareSystemd() tells of a run after a failure, too, and holds no secret", () => {
  const { service = "" } = filesOf(TOLD);
  const [post = ""] = unitValues(service, "ExecStopPost");
  assert(post.startsWith("-/"));
  assertEquals(unitWords(post.slice(1), { EXIT_STATUS: "4" }).slice(-3), [
    "/home/kim/reports/mltidy-cleanup.json",
    "--exit-code",
    "4",
  ]);
  assertEquals(unitValues(service, "EnvironmentFile"), ["-/home/kim/.config/mltidy/environment"]);
});

Deno.test("prepareSystemd() lets a user's timer run after logging out, and starts what it enables", () => {
  const commands = (schedule: typeof SCHEDULE) =>
    prepareSystemd(schedule).steps.map(({ command }) => command);
  assertEquals(commands(SCHEDULE), [
    "systemctl --user daemon-reload",
    "systemctl --user enable --now mltidy-cleanup.timer",
    "loginctl enable-linger",
  ]);
  assertEquals(commands({ ...SCHEDULE, isSystem: true, into: "/srv/units" }), [
    "systemctl link /srv/units/mltidy-cleanup.service /srv/units/mltidy-cleanup.timer",
    "systemctl daemon-reload",
    "systemctl enable --now mltidy-cleanup.timer",
  ]);
});

Deno.test("calendarOf() has a time for every interval", () => {
  const times = INTERVALS.map((every) => calendarOf({ every, at: "03:30" }));
  assertEquals(times.slice(0, 4), [
    "*-*-* 03:30:00",
    "Sun *-*-* 03:30:00",
    "*-*-01 03:30:00",
    "Sun *-*-* 03:30:00",
  ]);
});
