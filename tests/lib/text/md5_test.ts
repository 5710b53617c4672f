import { assertEquals } from "@std/assert";
import { md5 } from "../../../lib/text/md5.ts";

const encoder = new TextEncoder();

Deno.test("md5() gives the digests of RFC 1321", () => {
  const digests: Readonly<Record<string, string>> = {
    "": "d41d8cd98f00b204e9800998ecf8427e",
    "a": "0cc175b9c0f1b6a831c399e269772661",
    "abc": "900150983cd24fb0d6963f7d28e17f72",
    "message digest": "f96b697d7cb7938d525a2f31aaf161d0",
    "abcdefghijklmnopqrstuvwxyz": "c3fcd3d76192e4007dfb496cca67e13b",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789":
      "d174ab98d277d9f5a5611c2c9f419d9f",
    "12345678901234567890123456789012345678901234567890123456789012345678901234567890":
      "57edf4a22be3c955ac49da2e2107b67a",
  };
  const found = Object.keys(digests).map((text) => [text, md5(encoder.encode(text))]);
  assertEquals(Object.fromEntries(found), digests);
});

Deno.test("md5() pads rightly at every length around a block", () => {
  // The digest of all digests of 0 to 130 letters, from Python's hashlib.
  const digests = Array.from(
    { length: 131 },
    (_, length) => md5(encoder.encode("x".repeat(length))),
  );
  assertEquals(md5(encoder.encode(digests.join(""))), "861e4a9e76c88ae6267e22fd76384596");
});
