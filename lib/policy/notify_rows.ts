/**
 * The keys of `notify` in `mltidy.yaml`: who is told what came of a task, and when.
 *
 * No secret stands in the file, since it is made to be shared: what looks like one written out is a fault that
 * names its line, and repeats nothing of it.
 *
 * @module
 */

import { type ConfigFault, type ConfigPath, place } from "./config_fault.ts";
import {
  choice,
  type Kind,
  LAST_PORT,
  listOf,
  optionalText,
  type Row,
  type Rows,
  section,
  text,
  toggle,
  whole,
  withDefaults,
} from "./config_value.ts";

/** What may come of a task that somebody wants to know; `always`: whatever comes of it. */
export const NOTIFY_EVENTS = ["changes", "failure", "findings", "always"] as const;

/** One of them. */
export type NotifyEvent = typeof NOTIFY_EVENTS[number];

/** In which shape a webhook is told. */
export const WEBHOOK_FORMATS = ["report", "discord", "teams", "ntfy"] as const;

/** One of them. */
export type WebhookFormat = typeof WEBHOOK_FORMATS[number];

/** Where a secret stands: in a variable of the environment, or in a file. */
export type Secret = { readonly env: string } | { readonly file: string };

/** `email`: who gets mail, from whom, and by which server. */
export interface EmailConfig {
  /** Addresses. */
  readonly to: readonly string[];
  /** The sender's address. */
  readonly from: string;
  /** The host of the server that takes the mail. */
  readonly server: string;
  /** Its port. */
  readonly port: number;
  /** As whom to log in; `null`: as nobody. */
  readonly user: string | null;
  /** That user's password; `null` where there is none. */
  readonly password: Secret | null;
  /** A file of certificates, PEM, that are trusted in place of those of this machine; `null`: these. */
  readonly ca: string | null;
}

/** `slack` and `ping`: where to. */
export interface AddressConfig {
  /** The whole address, which is a secret. */
  readonly url: Secret;
}

/** `webhook`: where to, and in which shape. */
export interface WebhookConfig extends AddressConfig {
  /** The shape. */
  readonly format: WebhookFormat;
}

/** `notify`: who is told what came of a task, and when. */
export interface NotifyConfig {
  /** When messages are sent. */
  readonly on: readonly NotifyEvent[];
  /** Whether messages hold names of runs and experiments. */
  readonly names: boolean;
  /** Where the saved report can be seen; `null`: nowhere. */
  readonly link: string | null;
  /** Mail; `null`: none. */
  readonly email: EmailConfig | null;
  /** An incoming webhook of Slack; `null`: none. */
  readonly slack: AddressConfig | null;
  /** Any other webhook; `null`: none. */
  readonly webhook: WebhookConfig | null;
  /** What waits for a sign of life of every run; `null`: nothing does. */
  readonly ping: AddressConfig | null;
}

/** `notify` as written: of each channel only what is given. */
export interface GivenNotify extends Pick<NotifyConfig, "on" | "names" | "link"> {
  readonly email: Partial<EmailConfig> | null;
  readonly slack: Partial<AddressConfig> | null;
  readonly webhook: Partial<WebhookConfig> | null;
  readonly ping: Partial<AddressConfig> | null;
}

function row<T>(kind: Kind<T>, defaultValue: T, example: string, describe: string): Row<T> {
  return { kind, default: defaultValue, example, describe };
}

/** The keys of a secret. */
const secretRows: Rows<{ readonly env: string | null; readonly file: string | null }> = {
  env: row(optionalText(), null, "MLTIDY_SLACK_URL", "The variable that holds it: MLTIDY_…"),
  file: row(optionalText(), null, "/run/secrets/slack", "The file that holds it"),
};

const VARIABLE = /^MLTIDY_[A-Z0-9_]+$/;

/**
 * A secret that stands elsewhere: `{ env: MLTIDY_… }` or `{ file: PATH }`.
 *
 * @returns The kind.
 */
export function secret(): Kind<Secret> {
  const kind = section(secretRows);
  const isOne = (value: unknown): value is Secret => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    const [[key, found], more] = [Object.entries(value)[0] ?? [], Object.keys(value).length - 1];
    if (more !== 0 || typeof found !== "string") return false;
    return key === "env" ? VARIABLE.test(found) : key === "file" && isPath(found);
  };
  return {
    expected: "{ env: MLTIDY_… } or { file: PATH }",
    schema: kind.schema,
    keys: kind.keys ?? [],
    read(value, path, faults) {
      if (isOne(value)) return value;
      faults.push({
        path,
        message: `Cannot use what stands at ${
          place(path)
        }: expected ${this.expected}, so that no secret stands in this file`,
      });
      return undefined;
    },
    check: (value, path) => isOne(value) ? [] : [{ path, message: "{ env } or { file }" }],
    write: (value) => value,
  };
}

/** An address that was pasted here is no path. */
function isPath(typed: string): boolean {
  return typed !== "" && !/^\w+:\/\//.test(typed);
}

/** A channel whose faults repeat nothing of what stands in its place: that may be an address. */
function channel<T extends object>(rows: Rows<T>): Kind<Partial<T> | null> {
  const kind = section(rows);
  return {
    ...kind,
    read(value, path, faults) {
      if (typeof value === "object" && !Array.isArray(value)) return kind.read(value, path, faults);
      faults.push({
        path,
        message: `Cannot use what stands at ${place(path)}: expected ${kind.expected}`,
      });
      return undefined;
    },
    write: (value) => value === null ? null : kind.write(value),
  };
}

const url = row<Secret>(
  secret(),
  { env: "MLTIDY_URL" },
  "{ env: MLTIDY_URL }",
  "The whole address, which is a secret",
);

/** The keys of `email`. */
const emailRows: Rows<EmailConfig> = {
  to: row(listOf(text()), [], "[ml@example.org]", "Who gets it"),
  from: row(text(), "", "mltidy@example.org", "Who sends it"),
  server: row(text(), "", "smtp.example.org", "The server that takes it"),
  port: row(whole(1, LAST_PORT), 587, "587", "587: STARTTLS; 465: TLS from the start"),
  user: row(optionalText(), null, "mltidy", "As whom to log in; left out: as nobody"),
  password: row<Secret | null>(
    secret() as Kind<Secret | null>,
    null,
    "{ env: MLTIDY_SMTP_PASSWORD }",
    "That user's password",
  ),
  ca: row(optionalText(), null, "mail-ca.pem", "Certificates to trust; left out: this machine's"),
};

const addressRows: Rows<AddressConfig> = { url };

const webhookRows: Rows<WebhookConfig> = {
  url,
  format: row(choice(WEBHOOK_FORMATS), "report", "report", "The shape: report is JSON"),
};

/** The keys of `notify`. */
export const notifyRows: Rows<GivenNotify> = {
  on: row(
    listOf(choice(NOTIFY_EVENTS)),
    ["changes", "failure"],
    "[changes, failure]",
    "When: changes, failure, findings, or always",
  ),
  names: row(toggle(), false, "false", "Whether messages hold names of runs and experiments"),
  link: row(
    optionalText(),
    null,
    "https://ci.example.org/mltidy",
    "Where the saved report can be seen",
  ),
  email: row(
    channel(emailRows),
    null,
    "{ to: ml@example.org, from: mltidy@example.org, server: smtp.example.org, user: mltidy, password: { env: MLTIDY_SMTP_PASSWORD } }",
    "Mail; port is 587, with STARTTLS, unless it is said",
  ),
  slack: row(
    channel(addressRows),
    null,
    "{ url: { env: MLTIDY_SLACK_URL } }",
    "An incoming webhook of Slack",
  ),
  webhook: row(
    channel(webhookRows),
    null,
    "{ url: { env: MLTIDY_WEBHOOK_URL }, format: report }",
    "Any other webhook; format: report (JSON), discord, teams or ntfy",
  ),
  ping: row(
    channel(addressRows),
    null,
    "{ url: { env: MLTIDY_PING_URL } }",
    "What waits for a sign of life of every run: told always",
  ),
};

/**
 * Fills in what `notify` does not say.
 *
 * @param given What is given.
 * @returns The whole section; a channel that misses something counts as {@linkcode notifyFaults} says.
 */
export function notifyConfig(given: Partial<GivenNotify> | undefined): NotifyConfig {
  const { email, slack, webhook, ping, ...rest } = withDefaults(notifyRows, given);
  return {
    ...rest,
    email: email && withDefaults(emailRows, email),
    slack: slack && withDefaults(addressRows, slack),
    webhook: webhook && withDefaults(webhookRows, webhook),
    ping: ping && withDefaults(addressRows, ping),
  };
}

/**
 * Finds what a channel cannot do without.
 *
 * @param given What is given.
 * @returns What is missing.
 */
export function notifyFaults(given: Partial<GivenNotify> | undefined): readonly ConfigFault[] {
  const missing = (
    name: "email" | "slack" | "webhook" | "ping",
    keys: readonly string[],
  ): readonly ConfigFault[] => {
    const found = given?.[name] ?? null;
    if (found === null) return [];
    const path: ConfigPath = ["notify", name];
    return keys.filter((key) => !Object.hasOwn(found, key)).map((key) => ({
      path,
      message: `Missing ${key} of ${place(path)}: expected ${
        key === "url" ? secret().expected : "it beside the others"
      }`,
    }));
  };
  const email = given?.email ?? null;
  return [
    ...missing("email", [
      ...["to", "from", "server"],
      ...(email?.user ? ["password"] : []),
      ...(email?.password ? ["user"] : []),
    ]),
    ...missing("slack", ["url"]),
    ...missing("webhook", ["url"]),
    ...missing("ping", ["url"]),
  ];
}
