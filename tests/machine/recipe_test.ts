import { assert, assertEquals } from "@std/assert";
import { dirname, fromFileUrl } from "@std/path";
import { experiment, run, runId } from "../_support/builders.ts";
import { diskStore } from "../_support/disk_store.ts";
import { LOGIN, startMailServer } from "./mail_server.ts";

const ROOT = dirname(dirname(dirname(fromFileUrl(import.meta.url))));

/** The block of a language on the page of those who want to be told. */
function block(language: string, begin: string): string {
  const page = Deno.readTextFileSync(`${ROOT}/tasks/_notify/README.md`);
  const blocks = [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))];
  const found = blocks.map(([, text = ""]) => text).find((text) => text.startsWith(begin));
  assert(found !== undefined, `there is no ${begin}`);
  return found;
}

Deno.test("the clean-up of every week tells by mail when something changed, and when it failed, and ends as the clean-up does", async () => {
  await using server = await startMailServer();
  const [startTime, endTime] = [Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 2)];
  const deleted = { lifecycleStage: "deleted", deletedTime: Date.UTC(2024, 0, 3) } as const;
  await using store = await diskStore({
    experiments: [
      experiment({
        runs: [
          run({ startTime, endTime }),
          run({ id: runId(2), startTime, endTime, ...deleted }),
        ],
      }),
    ],
  });
  const directory = dirname(store.root);
  await Deno.symlink(Deno.execPath(), `${directory}/deno`);
  await Deno.writeTextFile(`${directory}/ca.pem`, server.certificate);
  await Deno.writeTextFile(
    `${directory}/mltidy.yaml`,
    block("yaml", "# mltidy.yaml").replace(
      /server: .*/,
      `server: localhost\n    port: ${server.port}\n    ca: ca.pem`,
    ),
  );
  const script = block("sh", "#!/bin/sh").replace("/opt/mltidy", ROOT)
    .replaceAll("/var/lib/mltidy", directory).replaceAll("/data", directory);
  await Deno.writeTextFile(`${directory}/weekly`, script, { mode: 0o755 });
  const week = async () => {
    const { code, stdout, stderr } = await new Deno.Command(`${directory}/weekly`, {
      clearEnv: true,
      env: {
        ...{ PATH: `${directory}:/usr/bin:/bin`, HOME: Deno.env.get("HOME") ?? "/" },
        ...{ NO_COLOR: "1", MLTIDY_SMTP_PASSWORD: LOGIN.password },
        ...(Deno.env.get("DENO_DIR") ? { DENO_DIR: Deno.env.get("DENO_DIR")! } : {}),
      },
    }).output();
    const decoder = new TextDecoder();
    const said = decoder.decode(stdout) + decoder.decode(stderr);
    const subjects = server.arrived.map(({ text }) => /^Subject: (.*)\r$/m.exec(text)?.[1]);
    return { code, said, subjects };
  };
  const changed = "mltidy cleanup:apply: 1 purged";
  const first = await week();
  assertEquals([first.code, first.subjects], [0, [changed]], first.said);
  const second = await week();
  assertEquals([second.code, second.subjects], [0, [changed]], second.said);
  await Deno.rename(store.root, `${directory}/elsewhere`);
  const third = await week();
  const failed = "mltidy cleanup:apply failed with exit code 10";
  assertEquals([third.code, third.subjects], [10, [changed, failed]], third.said);
  assert(server.arrived[1]?.text.includes(`Cannot`), server.arrived[1]?.text ?? "");
});
