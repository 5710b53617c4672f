import { assert, assertEquals } from "@std/assert";
import { ConfigError } from "../../../lib/errors.ts";
import { readConfig } from "../../../lib/policy/config.ts";
import { writeConfig } from "../../../lib/policy/write_config.ts";

const read = (text: string) => readConfig(text, "mltidy.yaml");

/** The faults of a text, one on each line. */
function faultsOf(text: string): readonly string[] {
  try {
    read(text);
    return [];
  } catch (error) {
    assert(error instanceof ConfigError);
    return error.message.split("\n");
  }
}

Deno.test("notify: tells nobody unless a channel is named, and then of changes and failures", () => {
  assertEquals(read("").notify, {
    on: ["changes", "failure"],
    names: false,
    link: null,
    email: null,
    slack: null,
    webhook: null,
    ping: null,
  });
  const { webhook, email } = read(
    "notify: { webhook: { url: { env: MLTIDY_HOOK } }, email: { to: a@b, from: c@d, server: e } }",
  ).notify;
  assertEquals(webhook, { url: { env: "MLTIDY_HOOK" }, format: "report" });
  assertEquals([email?.to, email?.port, email?.user], [["a@b"], 587, null]);
});

Deno.test("notify: refuses a secret that is written out, with its line, and repeats nothing of it", () => {
  const texts = [
    "notify:\n  slack: https://hooks.example.org/hunter2",
    "notify:\n  slack: { url: https://hooks.example.org/hunter2 }",
    "notify:\n  slack: { url: { env: https://hooks.example.org/hunter2 } }",
    "notify:\n  slack: { url: { file: https://hooks.example.org/hunter2 } }",
    "notify:\n  slack: { url: { env: hunter2 } }",
    "notify:\n  slack: { url: { env: MLTIDY_A, file: hunter2 } }",
    "notify:\n  slack: { url: [https://hooks.example.org/hunter2] }",
    "notify:\n  slack: [https://hooks.example.org/hunter2]",
    "notify:\n  email: { to: a@b, from: c@d, server: e, user: f, password: hunter2 }",
    "notify:\n  ping: hunter2",
    "notify:\n  webhook: { url: hunter2 }",
  ];
  for (const text of texts) {
    const [fault = "", ...more] = faultsOf(text);
    assertEquals(more, []);
    assert(fault.startsWith("mltidy.yaml:2: Cannot use what stands at notify."), fault);
    assert(!/hunter2|hooks/.test(fault), fault);
  }
  assertEquals(faultsOf(texts[1]!), [
    "mltidy.yaml:2: Cannot use what stands at notify.slack.url: expected { env: MLTIDY_… } or { file: PATH }, so that no secret stands in this file",
  ]);
});

Deno.test("notify: names what a channel cannot do without", () => {
  assertEquals(faultsOf("notify:\n  email: { to: a@b, user: kim }\n  ping: {}"), [
    "mltidy.yaml:2: Missing from of notify.email: expected it beside the others",
    "mltidy.yaml:2: Missing server of notify.email: expected it beside the others",
    "mltidy.yaml:2: Missing password of notify.email: expected it beside the others",
    "mltidy.yaml:3: Missing url of notify.ping: expected { env: MLTIDY_… } or { file: PATH }",
  ]);
  assertEquals(faultsOf("notify:\n  on: [change]"), [
    'mltidy.yaml:2: Cannot use "change" for notify.on[1]: expected one of changes, failure, findings, always; did you mean changes?',
  ]);
});

Deno.test("notify: is written as it is read, with all that counts and is not said", () => {
  const config = read("notify: { on: always, slack: { url: { file: /run/slack } } }");
  assertEquals(JSON.parse(writeConfig(config)).notify, {
    on: ["always"],
    names: false,
    slack: { url: { file: "/run/slack" } },
  });
  assertEquals(read(writeConfig(config)).notify, config.notify);
});
