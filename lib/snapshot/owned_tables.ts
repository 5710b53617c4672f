/**
 * Which rows of MLflow's database belong to a run, a logged model, a trace or an experiment, and so go with it.
 *
 * @module
 */

/** Of whom rows are. */
export type Owner = "run" | "logged-model" | "trace" | "experiment";

/** Rows of one table that belong to their owner. */
export interface OwnedTable {
  readonly table: string;
  /** The column that holds the owner's id; of the table in between, where there is one. */
  readonly owner: string;
  /** What else holds for those rows, as SQL over the same table. */
  readonly where?: string;
  /** A table in between, and the column by which both are joined. */
  readonly through?: { readonly table: string; readonly by: string };
}

function of(owner: string, ...tables: readonly string[]): readonly OwnedTable[] {
  return tables.map((table) => ({ table, owner }));
}

function through(
  table: string,
  by: string,
  owner: string,
  ...tables: readonly string[]
): readonly OwnedTable[] {
  return tables.map((each) => ({ table: each, owner, through: { table, by } }));
}

/** A link from one thing to another goes with either, and with it its tags. */
function links(owner: string, where: string): readonly OwnedTable[] {
  return [
    { table: "input_tags", owner, where, through: { table: "inputs", by: "input_uuid" } },
    { table: "inputs", owner, where },
  ];
}

function associations(type: string): readonly OwnedTable[] {
  return ["source", "destination"].map((side) => ({
    table: "entity_associations",
    owner: `${side}_id`,
    where: `${side}_type = '${type}'`,
  }));
}

/** Children first; the last table holds the owner itself, and the first ones may hold very many rows of it. */
export const OWNED_TABLES: Readonly<Record<Owner, readonly OwnedTable[]>> = {
  "run": [
    ...of("run_uuid", "metrics", "latest_metrics", "params"),
    ...of("run_id", "logged_model_metrics"),
    ...links("destination_id", "destination_type = 'RUN'"),
    ...links("source_id", "source_type IN ('RUN_INPUT', 'RUN_OUTPUT')"),
    ...associations("run"),
    ...of("run_uuid", "tags", "runs"),
  ],
  "logged-model": [
    ...of("model_id", "logged_model_metrics", "logged_model_params"),
    ...links("destination_id", "destination_type IN ('MODEL_INPUT', 'MODEL_OUTPUT')"),
    ...associations("model"),
    ...of("model_id", "logged_model_tags", "logged_models"),
  ],
  "trace": [
    ...of("trace_id", "span_metrics", "spans", "assessments"),
    ...of("request_id", "trace_metrics", "trace_request_metadata", "trace_tags"),
    { table: "review_queue_items", owner: "item_id", where: "item_type IN ('trace', 'TRACE')" },
    ...associations("trace"),
    ...of("request_id", "trace_info"),
  ],
  "experiment": [
    ...of(
      "experiment_id",
      "sql_trace_metric_daily_rollups",
      "sql_span_cost_daily_rollups",
      "sql_assessment_daily_rollups",
      "sql_trace_rollup_rebuild_queue",
    ),
    ...through(
      ...["review_queues", "queue_id", "experiment_id"] as const,
      ...["review_queue_items", "review_queue_users", "review_queue_label_schemas"],
    ),
    ...of("experiment_id", "review_queues", "label_schemas", "issues", "online_scoring_configs"),
    ...through("scorers", "scorer_id", "experiment_id", "scorer_versions"),
    ...of("experiment_id", "scorers", "datasets"),
    // Of MLflow's own users, where they are kept in the same database.
    ...of("experiment_id", "experiment_permissions", "scorer_permissions"),
    ...associations("experiment"),
    ...of("experiment_id", "experiment_tags", "experiments"),
  ],
};

/**
 * Tells in which column of its own table an owner has its id.
 *
 * @param owner What it is.
 * @returns The table and the column.
 */
export function ownTableOf(owner: Owner): OwnedTable {
  return OWNED_TABLES[owner].at(-1)!;
}

/** A column that names something else, in a row that is not that thing's. */
interface Naming {
  readonly owner: Owner;
  readonly table: string;
  readonly column: string;
}

/** What names something, and stays when it goes, or keeps it. */
const NAMING: readonly Naming[] = [
  { owner: "run", table: "model_versions", column: "run_id" },
  { owner: "run", table: "logged_models", column: "source_run_id" },
  { owner: "run", table: "issues", column: "source_run_id" },
  { owner: "run", table: "assessments", column: "run_id" },
  { owner: "experiment", table: "endpoints", column: "experiment_id" },
  // It tells again what the row of its owner tells.
  ...["runs", "logged_models", "logged_model_metrics", "logged_model_params", "logged_model_tags"]
    .map((table): Naming => ({ owner: "experiment", table, column: "experiment_id" })),
  ...["trace_info", "spans", "assessments"]
    .map((table): Naming => ({ owner: "experiment", table, column: "experiment_id" })),
];

/** By its name alone a column may refer to one of these. */
const NAMES: Readonly<Record<string, Owner>> = {
  run_uuid: "run",
  run_id: "run",
  source_run_id: "run",
  experiment_id: "experiment",
  model_id: "logged-model",
  request_id: "trace",
  trace_id: "trace",
};

/** A foreign key. */
export interface ForeignKey {
  readonly table: string;
  readonly column: string;
  /** The table that it refers to. */
  readonly to: string;
}

/** A table of which it is not known what it has of such an owner. */
export interface UnknownTable {
  readonly owner: Owner;
  readonly table: string;
}

/**
 * Finds the tables that refer to runs, logged models, traces or experiments in a way that is not known: MLflow
 * has got them since, or somebody else has made them.
 *
 * @param columns Table → its columns.
 * @param keys The foreign keys.
 * @param triggers The tables that do something by themselves when a row of them changes.
 * @returns The tables, with what they refer to.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const columns = new Map([["metrics", new Set(["run_uuid"])], ["notes", new Set(["run_id"])]]);
 * assertEquals(findUnknownTables(columns, [], []), [{ owner: "run", table: "notes" }]);
 * ```
 */
export function findUnknownTables(
  columns: ReadonlyMap<string, Iterable<string>>,
  keys: readonly ForeignKey[],
  triggers: readonly string[],
): readonly UnknownTable[] {
  const known = new Set(
    [
      ...Object.values(OWNED_TABLES).flat().map(({ table, owner, through }) =>
        through ? `${table} ${through.by}` : `${table} ${owner}`
      ),
      ...NAMING.map(({ table, column }) => `${table} ${column}`),
      ...INNER,
    ],
  );
  const found = new Map<string, UnknownTable>();
  const add = (owner: Owner, table: string) => found.set(`${owner} ${table}`, { owner, table });
  for (const [table, names] of columns) {
    for (const name of names) {
      const owner = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
      if (owner !== undefined && !known.has(`${table} ${name}`)) add(owner, table);
    }
  }
  for (const { table, column, to } of keys) {
    if (known.has(`${table} ${column}`)) continue;
    for (const owner of OWNERS) if (isOf(owner, to)) add(owner, table);
  }
  for (const table of triggers) {
    for (const owner of OWNERS) if (isOf(owner, table)) add(owner, table);
  }
  return [...found.values()];
}

/** Keys that join tables of one owner. */
const INNER: readonly string[] = [
  "span_metrics span_id",
  "online_scoring_configs scorer_id",
  "review_queue_label_schemas schema_id",
  "guardrails scorer_id",
  "guardrails scorer_version",
];

const OWNERS = ["run", "logged-model", "trace", "experiment"] as const satisfies readonly Owner[];

function isOf(owner: Owner, table: string): boolean {
  return OWNED_TABLES[owner].some((one) => one.table === table);
}
