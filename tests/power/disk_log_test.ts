import { assertEquals } from "@std/assert";
import { choosePowerLosses, type DiskEvent, readDiskLog, writesLeft } from "./disk_log.ts";

const FLUSH: DiskEvent = { kind: "flush" };

function write(offset: number, ...bytes: readonly number[]): DiskEvent & { kind: "write" } {
  return { kind: "write", offset, bytes: new Uint8Array(bytes) };
}

/** As `disk.c` writes it on this machine. */
function logOf(events: readonly DiskEvent[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(events.flatMap((event) => {
    const bytes = event.kind === "write" ? [...event.bytes] : [];
    const offset = event.kind === "write" ? BigInt(event.offset) : 0n;
    return [
      ...new Uint8Array(new BigUint64Array([offset]).buffer),
      ...new Uint8Array(new Uint32Array([bytes.length, event.kind === "flush" ? 1 : 0]).buffer),
      ...bytes,
    ];
  }));
}

const events = [write(0, 1), write(512, 2, 3), FLUSH, write(0, 4), write(1024, 5), FLUSH];

Deno.test("readDiskLog() reads what a disk was told, and nothing that was cut off", () => {
  assertEquals(readDiskLog(logOf(events)), events);
  assertEquals(readDiskLog(logOf(events).slice(0, -3)), events.slice(0, -1));
});

Deno.test("writesLeft() keeps what was flushed, and of the rest what remains", () => {
  const left = (after: number, remains: "none" | "half" | "all") =>
    writesLeft(events, { after, remains, seed: 1 }).length;
  assertEquals([left(2, "none"), left(2, "half"), left(2, "all")], [0, 1, 2]);
  assertEquals([left(5, "none"), left(5, "half"), left(5, "all")], [2, 3, 4]);
  assertEquals(left(6, "none"), 4);
});

Deno.test("choosePowerLosses() takes the power around flushes, at the end and elsewhere", () => {
  const losses = choosePowerLosses(events, 5, 12, 1);
  assertEquals(losses, choosePowerLosses(events, 5, 12, 1));
  assertEquals(losses.length, 12);
  assertEquals(
    losses.filter(({ after }) => after === 5).map(({ remains }) => remains).toSorted().slice(0, 1),
    ["all"],
  );
});
