import { assertEquals, assertStringIncludes } from "@std/assert";
import { commandOf, PROJECT } from "../_support/command.ts";
import { diskStore } from "../_support/disk_store.ts";
import { rottenAt } from "../_support/rotten_store.ts";
import { assertSameTree, readTree } from "../_support/tree.ts";

// The command line has no clock but the present.
const ROTTEN = rottenAt(Date.now());

/** What a person sees and types: a task on a terminal that `script` plays. */
async function runOnTerminal(
  task: string,
  words: readonly string[],
  options: { readonly types?: string; readonly environment?: Record<string, string> } = {},
): Promise<{ readonly code: number; readonly screen: string }> {
  const { types = "", environment = {} } = options;
  const [, ...own] = commandOf(task);
  const command = [Deno.execPath(), ...own, ...words].map((word) => `'${word}'`).join(" ");
  const child = new Deno.Command("script", {
    args: ["--quiet", "--return", "--command", command, "/dev/null"],
    cwd: PROJECT,
    env: { MLFLOW_TRACKING_URI: "", TERM: "xterm", ...environment },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  let screen = "";
  let isTyped = types === "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    screen += text;
    if (isTyped || !/\[y\/N\] |: \d+ > /.test(screen)) continue;
    await writer.write(new TextEncoder().encode(types));
    isTyped = true;
  }
  const { code } = await child.status;
  await writer.close().catch(() => {});
  return { code, screen };
}

/** Of the systems with a program of that name, only this one's takes these flags. */
const ignore = Deno.build.os !== "linux" || !hasScript();

function hasScript(): boolean {
  try {
    return new Deno.Command("script", { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
}

Deno.test({
  name: "summary is coloured on a terminal, unless NO_COLOR is set",
  ignore,
  fn: async () => {
    await using store = await diskStore(ROTTEN);
    const words = ["--store", store.root];
    const coloured = await runOnTerminal("summary", words, { environment: { NO_COLOR: "" } });
    const plain = await runOnTerminal("summary", words, { environment: { NO_COLOR: "1" } });
    assertEquals([coloured.code, plain.code], [0, 0]);
    // Progress, which is shown where a machine is slow, is erased by another sequence.
    const isColoured = ({ screen }: { readonly screen: string }) =>
      screen.split("\u001b[").slice(1).some((sequence) => /^[\d;]*m/.test(sequence));
    assertEquals([isColoured(coloured), isColoured(plain)], [true, false]);
  },
});

Deno.test({
  name: "cleanup:apply shows the plan, asks, and applies it after a yes",
  ignore,
  fn: async () => {
    await using store = await diskStore(ROTTEN);
    const words = ["--store", store.root];
    const { code, screen } = await runOnTerminal("cleanup:apply", words, { types: "y\n" });
    assertEquals(code, 0, screen);
    const [plan = "", result = ""] = screen.split("Apply this plan? [y/N] ");
    assertStringIncludes(plan, "first");
    assertStringIncludes(result, "2 soft-deleted, 2 purged, 1 quarantined");
  },
});

Deno.test({
  name:
    "cleanup:apply --no-backup says that it cannot be undone, and wants the number of what goes",
  ignore,
  fn: async () => {
    await using store = await diskStore(ROTTEN);
    const before = await readTree(store.root);
    const words = ["--no-backup", "--store", store.root];
    const refused = await runOnTerminal("cleanup:apply", words, { types: "y\n" });
    assertStringIncludes(refused.screen, "Nothing was changed.");
    assertSameTree(await readTree(store.root), before);
    const { code, screen } = await runOnTerminal("cleanup:apply", words, { types: "5\n" });
    assertEquals(code, 0, screen);
    const [plan = "", result = ""] = screen.split("type how much goes: 5 > ");
    assertStringIncludes(plan, "This cannot be undone: ");
    assertStringIncludes(result, "2 soft-deleted, 2 purged, 1 quarantined");
  },
});

Deno.test({
  name: "cleanup:apply touches nothing after a no",
  ignore,
  fn: async () => {
    await using store = await diskStore(ROTTEN);
    const before = await readTree(store.root);
    const words = ["--store", store.root];
    for (const types of ["n\n", "\n", "yess\n"]) {
      const { code, screen } = await runOnTerminal("cleanup:apply", words, { types });
      assertEquals(code, 0, screen);
      assertStringIncludes(screen, "Nothing was changed.");
    }
    assertSameTree(await readTree(store.root), before);
  },
});

Deno.test({
  name: "cleanup:apply ends at an interruption while it asks, and touches nothing",
  ignore,
  fn: async () => {
    await using store = await diskStore(ROTTEN);
    const before = await readTree(store.root);
    const words = ["--store", store.root];
    const { code, screen } = await runOnTerminal("cleanup:apply", words, { types: "\x03" });
    assertEquals(code, 130, screen);
    assertSameTree(await readTree(store.root), before);
  },
});
