import { assertEquals } from "@std/assert";
import {
  ConfigError,
  DamagedBackupError,
  InvalidArgumentError,
  PlanFormatError,
  PlanRefusedError,
  RestoreCollisionError,
  StalePlanError,
  StoreAccessError,
  StoreLockedError,
  StoreNotFoundError,
  UnsupportedStoreError,
} from "../../../../lib/errors.ts";
import { asStorePath } from "../../../../lib/store/path.ts";
import { parseDuration } from "../../../../lib/text/units.ts";
import { exitCodeOf } from "../../../../tasks/_cli/table/exit_code.ts";
import { UsageError } from "../../../../tasks/_cli/table/usage_error.ts";

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

Deno.test("exitCodeOf() tells what keeps a task from working", () => {
  const errors: readonly (readonly [unknown, number])[] = [
    [new UsageError("Cannot use --from alone"), 2],
    [new ConfigError("mltidy.yaml:1: …", "mltidy.yaml"), 2],
    [new InvalidArgumentError("expected a name"), 2],
    [new RangeError("Cannot recurse any deeper"), 1],
    [new StoreNotFoundError("…", "mlruns"), 10],
    [new StoreAccessError("…", "mlruns"), 10],
    [new StoreLockedError("…", "mlruns"), 11],
    // What fails on the way out as well changes nothing of that.
    [new SuppressedError(new Error("…"), new StoreLockedError("…", "mlruns")), 11],
    [new UnsupportedStoreError("…", "mlruns"), 12],
    [new PlanRefusedError("…"), 13],
    [new StalePlanError("…"), 13],
    [new PlanFormatError("…"), 13],
    [new DamagedBackupError("…"), 13],
    [new RestoreCollisionError("id", []), 13],
    [new DOMException("…", "AbortError"), 130],
    [new TypeError("…"), 1],
    ["…", 1],
  ];
  assertEquals(errors.map(([error]) => exitCodeOf(error)), errors.map(([, code]) => code));
});

Deno.test("exitCodeOf() blames nobody for what the engine cannot do", () => {
  const recurse = (): number => 1 + recurse();
  const limits = [
    recurse,
    () => "x".repeat(2 ** 30),
    () => new Array(-1),
    () => new Date(NaN).toISOString(),
    () => new Uint8Array(2 ** 60),
    () => (1).toFixed(101),
    () => BigInt(0.5),
    () => 2n ** 10_000_000_000n,
  ];
  for (const limit of limits) {
    const error = thrownBy(limit);
    assertEquals([error instanceof RangeError, exitCodeOf(error)], [true, 1], String(error));
  }
});

Deno.test("exitCodeOf() takes a value that we refuse for wrong usage", () => {
  for (const wrong of [() => parseDuration("soon"), () => asStorePath("../a")]) {
    const error = thrownBy(wrong);
    assertEquals([error instanceof RangeError, exitCodeOf(error)], [true, 2], String(error));
  }
});
