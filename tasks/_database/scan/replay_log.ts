/**
 * What a database of SQLite holds together with its write-ahead log, as whoever opens it recovers it
 * (https://sqlite.org/fileformat2.html#walformat).
 *
 * @module
 */

/** Bytes at the beginning of a log, and before each page in it. */
const [HEADER, FRAME] = [32, 24] as const;

/** How a log begins whose checksums are of numbers that begin with their lowest byte; 1 more: their highest. */
const MAGIC = 0x377f0682;

/** The one version of the format. */
const VERSION = 3_007_000;

/**
 * Puts what was committed to a write-ahead log into the database. What is not whole at its end, or of an
 * older log that the newer one has not yet covered, counts as little as to SQLite.
 *
 * @param database The bytes of the database's file, into which those of the log are put where there is room.
 * @param log The bytes of its log; none where it has none.
 * @returns The bytes of the database as of the last commit; `null` when the log is not one of such a database.
 */
export function replayLog(
  database: Uint8Array<ArrayBuffer>,
  log: Uint8Array,
): Uint8Array<ArrayBuffer> | null {
  if (log.length < HEADER) return database;
  const view = new DataView(log.buffer, log.byteOffset, log.length);
  const magic = view.getUint32(0);
  const pageSize = view.getUint32(8);
  const sum = checksum(view, { isLittle: magic === MAGIC });
  sum.add(0, HEADER - 8);
  // SQLite takes such a log for an empty one.
  if (magic !== MAGIC && magic !== MAGIC + 1 || !sum.isAt(HEADER - 8)) return database;
  if (view.getUint32(4) !== VERSION || pageSize !== pageSizeOf(database)) return null;
  let frames: number[] = [];
  const committed: number[] = [];
  let pages: number | null = null;
  for (let at = HEADER; at + FRAME + pageSize <= log.length; at += FRAME + pageSize) {
    sum.add(at, 8);
    sum.add(at + FRAME, pageSize);
    const isOfThisLog = view.getUint32(at + 8) === view.getUint32(16) &&
      view.getUint32(at + 12) === view.getUint32(20);
    if (view.getUint32(at) === 0 || !isOfThisLog || !sum.isAt(at + 16)) break;
    frames.push(at);
    const size = view.getUint32(at + 4);
    if (size === 0) continue;
    pages = size;
    for (const frame of frames) committed.push(frame);
    frames = [];
  }
  if (pages === null) return database;
  const bytes = sized(database, pages * pageSize);
  for (const at of committed) {
    const place = (view.getUint32(at) - 1) * pageSize;
    if (place < bytes.length) bytes.set(log.subarray(at + FRAME, at + FRAME + pageSize), place);
  }
  return bytes;
}

/** Memory is taken twice only where it must be. */
function sized(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  if (length <= bytes.length) return bytes.subarray(0, length);
  const longer = new Uint8Array(length);
  longer.set(bytes);
  return longer;
}

/** As the header of a database says it: 1 stands for 65,536. */
function pageSizeOf(database: Uint8Array): number {
  const size = (database[16] ?? 0) << 8 | (database[17] ?? 0);
  return size === 1 ? 65_536 : size;
}

/** Sums up all numbers of a log that it is given, two by two. */
function checksum(view: DataView, { isLittle }: { readonly isLittle: boolean }) {
  let [first, second] = [0, 0];
  return {
    add(from: number, length: number): void {
      for (let at = from; at < from + length; at += 8) {
        first = (first + view.getUint32(at, isLittle) + second) >>> 0;
        second = (second + view.getUint32(at + 4, isLittle) + first) >>> 0;
      }
    },
    isAt: (at: number): boolean =>
      view.getUint32(at) === first && view.getUint32(at + 4) === second,
  };
}
