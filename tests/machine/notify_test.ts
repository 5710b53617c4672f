import { assert, assertEquals } from "@std/assert";
import { dirname, fromFileUrl } from "@std/path";
import { LOGIN, startMailServer } from "./mail_server.ts";

const ROOT = dirname(dirname(dirname(fromFileUrl(import.meta.url))));

Deno.test("notify sends mail with no other right than to read and to reach that host and port", async () => {
  await using server = await startMailServer();
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/certificate.pem`, server.certificate);
    await Deno.writeTextFile(
      `${directory}/mltidy.yaml`,
      `notify:
  email:
    to: ml@example.org
    from: mltidy@example.org
    server: localhost
    port: ${server.port}
    user: ${LOGIN.user}
    password: { env: MLTIDY_SMTP_PASSWORD }
    ca: certificate.pem
`,
    );
    const run = async (grant: string, password: string) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--no-prompt", "-R", `--allow-net=${grant}`],
          ...["--allow-env=MLTIDY_*,MLFLOW_TRACKING_URI,INIT_CWD,NO_COLOR", "tasks/cli.ts"],
          ...["notify", "--exit-code", "13"],
        ],
        cwd: ROOT,
        env: { INIT_CWD: directory, NO_COLOR: "1", MLTIDY_SMTP_PASSWORD: password },
      }).output();
      const decoder = new TextDecoder();
      return { code, said: decoder.decode(stdout) + decoder.decode(stderr) };
    };
    const sent = await run(`localhost:${server.port}`, LOGIN.password);
    assertEquals(sent.code, 13, sent.said);
    assert(sent.said.endsWith("Told by email\n"), sent.said);
    assertEquals(
      server.arrived.map(({ to, user, secure }) => [to, user, secure]),
      [[["ml@example.org"], LOGIN.user, true]],
    );
    assert(server.arrived[0]?.text.includes("Subject: mltidy failed with exit code 13"));
    const refused = await run(`localhost:${server.port}`, "hunter2-hunter2");
    assertEquals([refused.code, server.arrived.length], [13, 1]);
    assert(/Cannot notify by email: /.test(refused.said), refused.said);
    assert(!refused.said.includes("hunter2"), refused.said);
    const shut = await run("localhost:9", LOGIN.password);
    assertEquals([shut.code, server.arrived.length], [13, 1]);
    assert(
      shut.said.endsWith(
        `Cannot notify by email: this process may not reach localhost:${server.port}; grant --allow-net=localhost:${server.port}\n`,
      ),
      shut.said,
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
