import { assertEquals } from "@std/assert";
import { dirname, fromFileUrl } from "@std/path";
import { runTask } from "../_support/command.ts";
import { experiment, run, runId } from "../_support/builders.ts";
import { diskStore } from "../_support/disk_store.ts";

const ROOT = dirname(dirname(dirname(fromFileUrl(import.meta.url))));

/** How each shell is started without anybody's settings, and told what it completes by. */
const SHELLS = {
  bash: {
    argv: ["bash", "--norc", "--noprofile", "-i"],
    load: (file: string) => `source ${file}`,
  },
  zsh: {
    argv: ["zsh", "-f", "-i"],
    load: (file: string) => `autoload -Uz compinit; compinit -u -D; source ${file}`,
  },
  fish: {
    argv: ["fish", "--no-config", "--private", "-i"],
    load: (file: string) => `source ${file}`,
  },
} as const;

/** Whether a program is installed: nothing else is fit to say what a shell does. */
async function isInstalled(program: string): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args: ["--version"], stdout: "null" }).output())
      .success;
  } catch {
    return false;
  }
}

for (const shell of ["bash", "zsh", "fish"] as const) {
  const isThere = await isInstalled(shell) && await isInstalled("python3");
  Deno.test({
    name: `${shell} completes tasks, flags, values and ids in a terminal${
      isThere ? "" : `: skipped, for want of ${shell} (apt-get install ${shell}) or python3`
    }`,
    ignore: !isThere,
    fn: async () => {
      const id = runId(7);
      await using store = await diskStore({
        experiments: [experiment({ name: "churn-prediction", runs: [run({ id })] })],
      });
      const directory = dirname(store.root);
      const { out: script } = await runTask("completions", [shell]);
      await Deno.writeTextFile(`${directory}/completions`, script);
      await Deno.writeTextFile(
        `${directory}/mltidy`,
        `#!/bin/sh\nexec "${Deno.execPath()}" run --no-prompt -R -E "${ROOT}/tasks/cli.ts" "$@"\n`,
        { mode: 0o755 },
      );
      const { argv, load } = SHELLS[shell];
      const clear = "\x15";
      const { appeared, shown } = await drive({
        argv,
        directory,
        environment: {
          ...Deno.env.toObject(),
          ...{ PATH: `${directory}:${Deno.env.get("PATH")}`, TERM: "xterm", PS1: "$ " },
          ...{ MLFLOW_TRACKING_URI: "", NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
        },
        steps: [
          // The echo of what is typed does not say so.
          [`${load(`${directory}/completions`)}; echo rea''dy\r`, "ready"],
          ["mltidy cl\t", "cleanup"],
          ["--app\t", "--apply"],
          [`${clear}mltidy cleanup --children=fo\t`, "--children=follow"],
          [`${clear}mltidy explain ${id.slice(0, 8)}\t`, id],
          [`${clear}mltidy backup --experiment churn-pred\t`, "churn-prediction"],
        ],
      });
      assertEquals(appeared, Array(6).fill(true), shown);
    },
  });
}

async function drive(
  what: object,
): Promise<{ readonly appeared: readonly boolean[]; readonly shown: string }> {
  const python = new Deno.Command("python3", {
    args: [`${ROOT}/tests/machine/drive_shell.py`],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = python.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(what)));
  await writer.close();
  const { stdout } = await python.output();
  return JSON.parse(new TextDecoder().decode(stdout));
}
