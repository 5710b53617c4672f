/**
 * Writes a store whose names are mark-up, control characters, a page of letters and letters of all directions:
 *
 * ```
 * deno run -A tests/_support/write_hostile_store.ts DIR
 * ```
 *
 * @module
 */

import { dirname, join } from "@std/path";
import { DAY, experiment, orphan, run, runId } from "./builders.ts";
import { writeStore } from "./disk_store.ts";

/** What anybody may call a run. */
const NAMES = [
  "<img src=x onerror=alert(1)>",
  "<script>alert(1)</script>",
  `"><svg/onload=alert(1)>`,
  "' onmouseover='alert(1)",
  "</title></style><script>alert(1)</script>",
  "javascript:alert(1)",
  "{{constructor.constructor('alert(1)')()}}",
  "\u0007bell \u001b[31mred\u001b[0m\r\nsecond line\u0000",
  "\u202egnp.exe\u2066",
  "가".repeat(10_000),
  "x".repeat(10_000),
  "../../../etc/passwd",
  "__proto__",
  "",
  "שלום עולם",
  "مرحبا بالعالم",
  "👩‍🔬 실험 ﷽",
];

/** The page has no clock but the present. */
const TODAY = Date.now();

/**
 * Writes it.
 *
 * @param root Where it goes, in a directory that is there.
 */
export function writeHostileStore(root: string): void {
  const experiments = NAMES.slice(0, 12).map((name, index) =>
    experiment({
      id: `${index + 1}`,
      name: `${name} ${index}`,
      runs: NAMES.map((name, number) => {
        const endTime = TODAY - (number % 2 === 0 ? 60 : 5) * DAY;
        return run({
          id: runId(1000 * index + number),
          name,
          startTime: endTime - 1000,
          endTime,
          tags: { "<b>tag</b>": name.slice(0, 100), "mlflow.user": name.slice(0, 100) },
        });
      }),
    })
  );
  writeStore({ root, outside: join(dirname(root), "outside") }, {
    experiments,
    orphans: [orphan({ id: "<b onclick=alert(1)>orphan", newestChange: TODAY - 60 * DAY })],
  });
}

if (import.meta.main) writeHostileStore(Deno.args[0]!);
