/**
 * What the reader has chosen for the plan, which the server makes anew of it.
 *
 * @module
 */

/** What the reader has chosen for the plan. */
export interface Choice {
  /** Numbers of the policy that differ from the file's, by their keys. */
  readonly values: Readonly<Record<string, number | null>>;
  /** Names of what is left out of the plan, by their paths. */
  readonly leftOut: ReadonlyMap<string, string>;
}

/** Nothing chosen: the plan of the file. */
export const NO_CHOICE: Choice = { values: {}, leftOut: new Map() };

/**
 * Leaves something out of the plan, or takes it in again.
 *
 * @param choice What was chosen.
 * @param path Its path.
 * @param name Its name; `null`: it is taken in again.
 * @returns What is chosen.
 */
export function leaveOut(choice: Choice, path: string, name: string | null): Choice {
  const leftOut = new Map(choice.leftOut);
  if (name === null) leftOut.delete(path);
  else leftOut.set(path, name);
  return { ...choice, leftOut };
}

/**
 * Sets a number of the policy.
 *
 * @param choice What was chosen.
 * @param key The number's key.
 * @param value Its value.
 * @param fileValue Its value in the file, which needs no choice.
 * @returns What is chosen.
 */
export function setValue(
  choice: Choice,
  key: string,
  value: number | null,
  fileValue: number | null,
): Choice {
  const { [key]: _, ...others } = choice.values;
  return { ...choice, values: value === fileValue ? others : { ...others, [key]: value } };
}

/**
 * Writes a choice as text, to be kept.
 *
 * @param choice What was chosen.
 * @returns The text.
 */
export function choiceText({ values, leftOut }: Choice): string {
  return JSON.stringify({ values, leftOut: [...leftOut] });
}

/**
 * Reads what {@linkcode choiceText} has written.
 *
 * @param text The text.
 * @returns What was chosen; nothing where the text says no choice.
 */
export function readChoice(text: string): Choice {
  try {
    const { values, leftOut } = JSON.parse(text);
    return { values: { ...values }, leftOut: new Map(leftOut) };
  } catch {
    return NO_CHOICE;
  }
}
