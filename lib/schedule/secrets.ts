/**
 * Where variables that are secret stand, on a machine that has no better place for them: a file of the account.
 *
 * @module
 */

import { shellWords } from "../text/shell_words.ts";
import type { Schedule, ScheduleStep } from "./schedule.ts";
import type { ShellStep } from "./shell_line.ts";

type Secrets = Pick<Schedule, "settings" | "secrets">;

/**
 * Names the file that has the variables that are secret.
 *
 * @param settings The directory of configurations.
 * @returns Its path.
 */
export function environmentFile(settings: string): string {
  return `${settings}/mltidy/environment`;
}

/**
 * Says how to make that file; one that is there stays as it is.
 *
 * @param schedule What needs it.
 * @returns What to type; nothing where there are no secrets.
 */
export function makeSecrets({ settings, secrets }: Secrets): readonly ScheduleStep[] {
  if (secrets.length === 0) return [];
  const [directory, file] = [`${settings}/mltidy`, environmentFile(settings)];
  return [{
    command: `(umask 077; mkdir -p ${shellWords([directory])} && touch ${shellWords([file])})`,
    does: `make the file of secrets, then write a line into it for each that counts: ${
      secrets.map((variable) => `${variable}='…'`).join(", ")
    }`,
  }];
}

/**
 * Reads that file in a POSIX shell.
 *
 * @param schedule What needs it.
 * @returns What the shell does; nothing where there are no secrets.
 */
export function readSecrets({ settings, secrets }: Secrets): readonly ShellStep[] {
  if (secrets.length === 0) return [];
  const file = shellWords([environmentFile(settings)]);
  return [{
    why: "Secrets, for what is started here alone; their file need not be there.",
    text: `set -a; [ ! -f ${file} ] || . ${file}; set +a`,
  }];
}
