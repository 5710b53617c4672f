import { assert, assertEquals } from "@std/assert";
import { hideSecrets } from "../../../lib/notify/hide_secrets.ts";

const SECRETS = [
  {
    value: "https://kim:us%2Fer-pw@hooks.example.org/T0/path-secret?token=query-secret",
    shown: "$A",
  },
  { value: "pw", shown: "$B" },
];

Deno.test("hideSecrets() hides an address and each part of it that opens something", () => {
  const texts = [
    `url (${SECRETS[0]!.value})`,
    "https://hooks.example.org/T0/path-secret?token=query-secret",
    "/T0/path-secret",
    "GET /T0/path-secret?token=query-secret HTTP/1.1",
    "token=query-secret",
    "kim:us%2Fer-pw@",
    "user us/er-pw",
    `authorization: Basic ${btoa("kim:us/er-pw")}`,
    'said {"p":"us/er-pw"}',
  ];
  for (const text of texts) {
    const hidden = hideSecrets(text, SECRETS);
    assert(!/path-secret|query-secret|er-pw|a2ltOnVz/.test(hidden), hidden);
    assert(hidden.includes("$A"), hidden);
  }
});

Deno.test("hideSecrets() leaves what is no secret, and hides a password however short it is", () => {
  assertEquals(
    hideSecrets("no route to hooks.example.org", SECRETS),
    "no route to hooks.example.org",
  );
  assertEquals(hideSecrets("535 pw is wrong", SECRETS), "535 $B is wrong");
  assertEquals(hideSecrets("as it is", []), "as it is");
});
