import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, fromFileUrl } from "@std/path";
import { writeDemoStore } from "../../tasks/demo.ts";
import { cronEntry, withoutWaiting } from "../_support/schedules.ts";
import { LOGIN, startMailServer } from "./mail_server.ts";

const ROOT = dirname(dirname(dirname(fromFileUrl(import.meta.url))));

/** A crontab for who has none: `crontab -l` prints it, `crontab -` takes another one. */
const CRONTAB = `#!/bin/sh
case $1 in
  -l) cat "$HOME/crontab" ;;
  -) cat > "$HOME/crontab.new" && mv "$HOME/crontab.new" "$HOME/crontab" ;;
esac
`;

/** The blocks of the recipe, as the page of tasks has it. */
function blocks(): readonly [yaml: string, sh: string] {
  const page = Deno.readTextFileSync(`${ROOT}/tasks/README.md`);
  const [, recipe = ""] = page.split("### A clean-up each week, with mail when something changed");
  const [yaml = "", sh = ""] = [...recipe.matchAll(/^```(?:yaml|sh)\n(.*?)^```$/gms)]
    .map(([, text]) => text);
  assert(yaml.startsWith("# /data/mltidy.yaml") && sh.includes("crontab -"));
  return [yaml, sh];
}

Deno.test("the recipe of a clean-up each week, typed as it stands, sends mail when something changed and when it failed", async () => {
  await using server = await startMailServer();
  const home = await Deno.realPath(await Deno.makeTempDir());
  try {
    const data = `${home}/data`;
    const { location } = await writeDemoStore(`${data}/mlruns`, { now: Date.now() });
    await Deno.mkdir(`${home}/bin`);
    await Deno.symlink(Deno.execPath(), `${home}/bin/deno`);
    await Deno.writeTextFile(`${home}/bin/crontab`, CRONTAB, { mode: 0o755 });
    await Deno.writeTextFile(`${data}/ca.pem`, server.certificate);
    const [yaml, sh] = blocks();
    await Deno.writeTextFile(
      `${data}/mltidy.yaml`,
      yaml.replace(/server: .*/, `server: localhost\n    port: ${server.port}\n    ca: ca.pem`),
    );
    const start = async (command: string, env: Readonly<Record<string, string>>) => {
      const { code, stdout, stderr } = await new Deno.Command("/bin/sh", {
        ...{ args: ["-c", command], cwd: ROOT, clearEnv: true, stdin: "null" },
        env: { HOME: home, ...env },
      }).output();
      return { code, said: [stdout, stderr].map((one) => new TextDecoder().decode(one)).join("") };
    };
    const cache = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
    const typed = await start(
      sh.replaceAll("/data/", `${data}/`).replace("hunter2", LOGIN.password),
      {
        ...{ PATH: `${home}/bin:/usr/bin:/bin`, DENO_DIR: cache, NO_COLOR: "1" },
        // As another account than root has them.
        ...{ XDG_CONFIG_HOME: `${home}/.config`, XDG_STATE_HOME: `${home}/.local/state` },
      },
    );
    assertEquals(typed.code, 0, typed.said);
    assertStringIncludes(typed.said, "To carry it out: deno task cleanup:apply");
    assertStringIncludes(typed.said, "Told by email");
    const { fields, command } = cronEntry(await Deno.readTextFile(`${home}/crontab`));
    assertEquals(fields, "30 3 * * 0", await Deno.readTextFile(`${home}/crontab`) + typed.said);
    // What the line starts is a script, as it is too long for cron.
    const script = command.replace("/bin/sh ", "");
    await Deno.writeTextFile(script, withoutWaiting(await Deno.readTextFile(script)));
    const week = async () => {
      const { code, said } = await start(command, { PATH: "/usr/bin:/bin", SHELL: "/bin/sh" });
      const subjects = server.arrived.map(({ text }) => /^Subject: (.*)\r$/m.exec(text)?.[1]);
      return { code, said, subjects };
    };
    const first = await week();
    const [sample = "", subject = ""] = first.subjects;
    assertEquals([first.code, first.subjects.length], [0, 2], first.said);
    assertEquals(sample, "mltidy: a test of notify");
    assertStringIncludes(subject, "mltidy cleanup:apply: ");
    assertStringIncludes(first.said, "To undo: deno task restore ");
    const second = await week();
    assertEquals([second.code, second.said, second.subjects], [0, "", [sample, subject]]);
    await Deno.rename(location, `${home}/elsewhere`);
    const third = await week();
    const failed = "mltidy cleanup:apply failed with exit code 10";
    assertEquals([third.code, third.subjects], [10, [sample, subject, failed]], third.said);
    const holders = ["crontab", ".config/mltidy/mltidy-cleanup.cron", "data/mltidy.yaml"];
    for (const holder of holders) {
      const text = await Deno.readTextFile(`${home}/${holder}`);
      assert(!text.includes(LOGIN.password), holder);
    }
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
