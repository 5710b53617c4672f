/**
 * What a disk was told, and what is left of that when the power goes: everything up to the last flush, and
 * of what came after it anything.
 *
 * @module
 */

import { shuffled } from "../faults/shuffled.ts";

/** Something that a disk was told. */
export type DiskEvent =
  | { readonly kind: "flush" }
  | { readonly kind: "write"; readonly offset: number; readonly bytes: Uint8Array<ArrayBuffer> };

/** What a disk makes of what it was told since the last flush. */
export const REMAINS = ["none", "half", "all"] as const;

/** A moment at which the power goes. */
export interface PowerLoss {
  /** How many events came before it. */
  readonly after: number;
  /** What is left of the writes since the last flush; of `half` the seed says which. */
  readonly remains: typeof REMAINS[number];
  readonly seed: number;
}

const HEADER = 16;

/**
 * Reads a log that `disk.c` has written.
 *
 * @param bytes The log.
 * @returns What the disk was told, in order.
 */
export function readDiskLog(bytes: Uint8Array<ArrayBuffer>): readonly DiskEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  const events: DiskEvent[] = [];
  for (let at = 0; at + HEADER <= bytes.length;) {
    const offset = Number(view.getBigUint64(at, isLittleEndian));
    const length = view.getUint32(at + 8, isLittleEndian);
    const isFlush = view.getUint32(at + 12, isLittleEndian) === 1;
    at += HEADER;
    events.push(
      isFlush
        ? { kind: "flush" }
        : { kind: "write", offset, bytes: bytes.subarray(at, at + length) },
    );
    at += length;
  }
  return events;
}

/**
 * Chooses moments at which the power goes: around flushes, where the state of a file system changes, after
 * the command has ended, and anywhere.
 *
 * @param events What the disk was told.
 * @param endedAt How many of the events came before the command had ended.
 * @param count How many moments.
 * @param seed Names the choice.
 * @returns The moments, in order.
 */
export function choosePowerLosses(
  events: readonly DiskEvent[],
  endedAt: number,
  count: number,
  seed: number,
): readonly PowerLoss[] {
  const moment = (after: number, remains: PowerLoss["remains"]): PowerLoss => ({
    after,
    remains,
    seed: seed + after,
  });
  const atEnd = REMAINS.map((remains) => moment(endedAt, remains));
  const flushes = events.flatMap(({ kind }, index) => kind === "flush" ? [index] : []);
  const around = flushes.flatMap((index) => [
    moment(index + 1, "none"),
    ...REMAINS.map((remains) => moment(index, remains)),
  ]);
  const anywhere = events.map((_, index) => moment(index, REMAINS[index % REMAINS.length]!));
  const some = shuffled(around, seed).slice(0, Math.ceil(count * 0.7));
  return [...atEnd, ...some, ...shuffled(anywhere, seed)].slice(0, count)
    .toSorted((left, right) => left.after - right.after);
}

/**
 * Says which writes a disk still has after the power went.
 *
 * @param events What it was told.
 * @param loss When, and what remains.
 * @returns The writes, in order.
 */
export function writesLeft(
  events: readonly DiskEvent[],
  { after, remains, seed }: PowerLoss,
): readonly Extract<DiskEvent, { readonly kind: "write" }>[] {
  const past = events.slice(0, after);
  const flushed = past.findLastIndex(({ kind }) => kind === "flush");
  const unflushed = past.flatMap(({ kind }, index) =>
    kind === "write" && index > flushed ? [index] : []
  );
  const lost = new Set(
    remains === "all"
      ? []
      : remains === "none"
      ? unflushed
      : shuffled(unflushed, seed).slice(0, Math.ceil(unflushed.length / 2)),
  );
  return past.flatMap((event, index) => event.kind === "write" && !lost.has(index) ? [event] : []);
}
