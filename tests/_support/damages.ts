/**
 * One way after the other in which a healthy store of real MLflow can break, each with the rule of
 * `verify` that it breaks.
 *
 * @module
 */

import type { Damage } from "./damage.ts";
import { EXPERIMENT_DAMAGES } from "./damages_of_experiments.ts";
import { LINK_DAMAGES } from "./damages_of_links.ts";
import { REGISTRY_DAMAGES } from "./damages_of_registry.ts";
import { ROOT_DAMAGES } from "./damages_of_root.ts";
import { RUN_DAMAGES } from "./damages_of_runs.ts";
import { TRACE_DAMAGES } from "./damages_of_traces.ts";
import { VALUE_DAMAGES } from "./damages_of_values.ts";

/** Every damage. */
export const DAMAGES: readonly Damage[] = [
  ...ROOT_DAMAGES,
  ...EXPERIMENT_DAMAGES,
  ...RUN_DAMAGES,
  ...VALUE_DAMAGES,
  ...LINK_DAMAGES,
  ...TRACE_DAMAGES,
  ...REGISTRY_DAMAGES,
];
