/**
 * What is worth keeping: policies, and `mltidy.yaml`, which says one.
 *
 * @example From a configuration to a plan
 * ```ts
 * import { cleanup, openStore } from "mltidy";
 * import { policyOf, readConfig } from "mltidy/policy";
 *
 * const policy = policyOf(readConfig("retention: { keep_last: 20 }", "mltidy.yaml"));
 * await using store = await openStore("./mlruns");
 * const { plan } = await cleanup(store, { policy });
 * console.log(plan.totals.softDeleteRuns);
 * ```
 *
 * @module
 */

export { configSchema, configTemplate, policyOf, readConfig } from "./config.ts";
export { CONFIG_FILE } from "./config_file.ts";
export type {
  BackupsConfig,
  BestConfig,
  Config,
  LimitsConfig,
  ProtectConfig,
  PurgeConfig,
  RetentionConfig,
  RuleConfig,
} from "./config_rows.ts";
export type { JsonSchema } from "./config_value.ts";
export {
  type AddressConfig,
  type EmailConfig,
  NOTIFY_EVENTS,
  type NotifyConfig,
  type NotifyEvent,
  type Secret,
  WEBHOOK_FORMATS,
  type WebhookConfig,
  type WebhookFormat,
} from "./notify_rows.ts";
export type { ScheduleConfig } from "./schedule_rows.ts";
export { type Interval, INTERVALS, SCHEDULED_TASKS, type ScheduledTask } from "./scheduled_task.ts";
export {
  type Ages,
  type BestRule,
  type Budget,
  CHILDREN_POLICIES,
  type ChildrenPolicy,
  type CleanupPolicy,
  EARLIEST,
  type KeepRules,
  type Limits,
  ORPHAN_SETTLE,
  policyOfAges,
  type Protection,
  PROTECTIONS,
  type ProtectPolicy,
  PURGE_AFTER,
  readingOf,
  type RetentionPolicy,
  type RetentionRule,
  type Selection,
  YOUNG,
} from "./policy.ts";
export {
  bestRun,
  type PrimaryMetric,
  primaryMetric,
  type PrimaryMetricConfig,
} from "./primary_metric.ts";
export type { ReviewConfig } from "./review_rows.ts";
export { days, type Duration } from "../text/units.ts";
