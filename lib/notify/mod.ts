/**
 * What is said of how a task has ended, and in which shape each channel takes it.
 *
 * @example A saved report as a message
 * ```ts
 * import { eventsOf, messageOf, plainText, readTold } from "mltidy/notify";
 *
 * const told = readTold('{"schema":"mltidy/prune/v1","task":"prune","actions":[{},{}]}');
 * const message = messageOf(told, {
 *   names: false,
 *   link: null,
 *   report: null,
 *   meaning: () => null,
 *   undo: (backup) => `deno task restore ${backup}`,
 * });
 * console.log(eventsOf(told), message.title, plainText(message));
 * ```
 *
 * @module
 */

export { type EmailParts, emailParts } from "./email_parts.ts";
export { hideSecrets, type KnownSecret } from "./hide_secrets.ts";
export {
  eventsOf,
  type Message,
  messageOf,
  type MessageOptions,
  type Mood,
  MOST_LINES,
} from "./message.ts";
export {
  type Attempt,
  ATTEMPT_LIMITS,
  type AttemptLimits,
  isPassingStatus,
  nextAttempt,
  retryAfter,
} from "./next_attempt.ts";
export {
  type Outgoing,
  type OutgoingEmail,
  outgoingOf,
  type OutgoingPost,
  outgoingStart,
} from "./outgoing.ts";
export { cutText, plainText } from "./plain_text.ts";
export {
  SLACK_LIMITS,
  type SlackBlock,
  type SlackBody,
  slackBody,
  type SlackText,
} from "./slack_blocks.ts";
export {
  NOTHING_TOLD,
  readTold,
  type RunCount,
  type Told,
  type ToldFinding,
  withFindings,
} from "./told.ts";
export { WEBHOOK_LIMITS, type WebhookBody, webhookBody } from "./webhook_bodies.ts";
export type { NotifyConfig, NotifyEvent, Secret, WebhookFormat } from "../policy/notify_rows.ts";
export type { EmailConfig } from "../policy/notify_rows.ts";
export type { ActionOutcome, ApplyReport } from "../plan/report.ts";
