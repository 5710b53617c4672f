// deno-lint-ignore-file no-console -- a campaign reports on the terminal.

/**
 * Chooses the scenarios of a campaign, or ends it where none is named so.
 *
 * @param all All that there are.
 * @param typed The value of `--tasks`.
 * @returns The scenarios, in their order.
 */
export function chooseScenariosOrExit<T extends NamedScenario>(
  all: readonly T[],
  typed: string | undefined,
): readonly T[] {
  try {
    return chooseScenarios(all, typed);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.error(error.message);
    Deno.exit(2);
  }
}

interface NamedScenario {
  readonly name: string;
  /** What several scenarios are named together. */
  readonly task?: string;
}

/**
 * Chooses the scenarios of a campaign by what was typed.
 *
 * @param all All that there are.
 * @param typed Names, or what several scenarios are named together, with commas; `undefined` for all.
 * @returns The scenarios, in their order.
 * @throws {RangeError} When a name is of none: a campaign without it would look as if it had been tried.
 */
export function chooseScenarios<T extends NamedScenario>(
  all: readonly T[],
  typed: string | undefined,
): readonly T[] {
  if (typed === undefined) return all;
  const names = typed.split(",");
  const isNamed = (name: string) => (one: T) => one.name === name || one.task === name;
  const unknown = names.find((name) => !all.some(isNamed(name)));
  if (unknown === undefined) return all.filter((one) => names.some((name) => isNamed(name)(one)));
  const known = [...new Set(all.flatMap(({ name, task = name }) => [task, name]))].toSorted();
  throw new RangeError(
    `Cannot try --tasks ${typed}: no scenario is named ${JSON.stringify(unknown)}; there are ${
      known.join(", ")
    }`,
  );
}
