import { assertEquals } from "@std/assert";
import { messageOf } from "../../../lib/notify/message.ts";
import { outgoingOf, outgoingStart } from "../../../lib/notify/outgoing.ts";
import { NOTHING_TOLD, type Told } from "../../../lib/notify/told.ts";
import { readConfig } from "../../../lib/policy/config.ts";

const CHANNELS = `
  email: { to: a@b, from: c@d, server: e }
  slack: { url: { env: MLTIDY_SLACK } }
  webhook: { url: { env: MLTIDY_HOOK }, format: ntfy }
  ping: { url: { env: MLTIDY_PING } }
`;

const { notify: config } = readConfig(`notify:${CHANNELS}`, "mltidy.yaml");

function sent(more: Partial<Told>, on: readonly ("always" | "changes" | "failure" | "findings")[]) {
  const told = { ...NOTHING_TOLD, exitCode: 0, ...more };
  const message = messageOf(told, {
    ...{ names: false, link: null, report: null, meaning: () => null, undo: () => "" },
  });
  return outgoingOf(told, message, { ...config, on }).map((one) =>
    one.channel === "ping" ? `ping${one.suffix}` : one.channel
  ).join(" ");
}

Deno.test("outgoingOf() tells those who want to know, and always what waits for pings", () => {
  const all = "email slack webhook";
  assertEquals(sent({}, ["changes", "failure"]), "ping/0");
  assertEquals(sent({}, ["always"]), `${all} ping/0`);
  assertEquals(sent({}, []), "ping/0");
  assertEquals(sent({ pending: 1 }, ["changes"]), `${all} ping/0`);
  assertEquals(sent({ pending: 1 }, ["failure", "findings"]), "ping/0");
  assertEquals(sent({ exitCode: 13 }, ["failure"]), `${all} ping/13`);
  assertEquals(sent({ exitCode: 3, findings: [] }, ["findings"]), `${all} ping/3`);
  // The one that works meanwhile tells of itself.
  assertEquals(sent({ exitCode: 11 }, ["changes", "failure", "findings"]), "ping/0");
  // Nobody knows the code, but that it went wrong.
  assertEquals(sent({ exitCode: null, unread: "cut off" }, ["failure"]), `${all} ping/1`);
});

Deno.test("outgoingStart() pings, and tells nobody else", () => {
  assertEquals(
    outgoingStart(config).map((one) => one.channel === "ping" && [one.suffix, one.text]),
    [["/start", ""]],
  );
  assertEquals(outgoingStart({ ...config, ping: null }), []);
});
