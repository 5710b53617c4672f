/**
 * The invariants of a store that MLflow is quiet about: one row per rule, in {@linkcode RULES}.
 *
 * Severities follow what MLflow itself does, as the live suite asks 2.22 and 3.17 for every kind of
 * damage; the worse of the two counts. `error`: a listing or a search raises, or something healthy
 * cannot be opened. `warning`: MLflow warns, hides what is there, or refuses the broken thing alone.
 * `info`: it does not mind.
 *
 * @module
 */

import { DATABASE_RULES } from "./database_rules.ts";
import { EXPERIMENT_RULES } from "./experiment_rules.ts";
import { LOGGED_MODEL_RULES, REGISTRY_RULES, TRACE_RULES } from "./model_rules.ts";
import { type Rule, worstOf } from "./rule.ts";
import { RUN_RULES, VALUE_RULES } from "./run_rules.ts";
import { RECORD_RULES, STORE_RULES } from "./store_rules.ts";

export * from "./rule.ts";

/** Every rule of `verify`. Adding a rule is adding a row. */
export const RULES: readonly Rule[] = [
  ...STORE_RULES,
  ...RECORD_RULES,
  ...EXPERIMENT_RULES,
  ...RUN_RULES,
  ...VALUE_RULES,
  ...LOGGED_MODEL_RULES,
  ...TRACE_RULES,
  ...REGISTRY_RULES,
  ...DATABASE_RULES,
].map((row) => ({
  ...row,
  severity: worstOf(Object.values(row.in)),
  repairable: row.repairable ?? false,
}));
