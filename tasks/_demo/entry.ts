/**
 * What the example store is made of on a disk.
 *
 * @module
 */

/** Something to write; a directory comes before what it holds. */
export interface DemoEntry {
  /** Relative, with POSIX separators. */
  readonly path: string;
  /** Content of a file; `null` makes a directory. */
  readonly content: string | Uint8Array | null;
  /** Epoch ms: when it was last written. */
  readonly time: number;
}

/** Makes an entry of a directory. */
export function directory(path: string, time: number): DemoEntry {
  return { path, content: null, time };
}

/** Makes an entry of a file. */
export function file(path: string, time: number, content: string | Uint8Array): DemoEntry {
  return { path, content, time };
}
