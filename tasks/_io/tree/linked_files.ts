/** Remembers the files of one tree that have several names. */
export interface LinkedFiles<Known> {
  /** Tells what was remembered of a file under another name, or `null`. */
  find(info: Deno.FileInfo): Known | null;
  /** Remembers something of a file, if it has several names. */
  remember(info: Deno.FileInfo, known: Known): void;
}

/**
 * Begins to remember files that have several names, so that a copy has one file where the tree has one.
 *
 * @returns An empty memory.
 */
export function linkedFiles<Known>(): LinkedFiles<Known> {
  const files = new Map<string, Known>();
  return {
    find: ({ dev, ino, nlink }) => nlink === 1 ? null : files.get(`${dev}:${ino}`) ?? null,
    remember({ dev, ino, nlink }, known) {
      if (nlink !== null && nlink > 1 && ino !== null) files.set(`${dev}:${ino}`, known);
    },
  };
}
