import { assertEquals, assertThrows } from "@std/assert";
import { namedBackup } from "../../../lib/backup/named_backup.ts";
import { InvalidArgumentError } from "../../../lib/errors.ts";

const IDS = [
  "20261103T000000Z-cleanup-2",
  "20261103T000000Z-cleanup",
  "20261102T101500Z-repair",
  "20261102T101000Z-backup",
];
const BACKUPS = IDS.map((id) => ({ id }));

function found(typed: string): string {
  return namedBackup(BACKUPS, typed).id;
}

function complaint(typed: string, ids: readonly string[] = IDS): string {
  const backups = ids.map((id) => ({ id }));
  return assertThrows(() => namedBackup(backups, typed), InvalidArgumentError).message;
}

Deno.test("namedBackup() takes an id, also one with which another begins", () => {
  assertEquals(IDS.map(found), IDS);
});

Deno.test("namedBackup() takes as much of an id as no other has", () => {
  assertEquals(found("20261102T1015"), IDS[2]);
  assertEquals(found("20261103T000000Z-cleanup-"), IDS[0]);
});

Deno.test("namedBackup() guesses neither between two, nor by a few letters", () => {
  assertEquals(
    complaint("20261102"),
    `Cannot tell which backup "20261102" is: expected one of ${IDS[2]}, ${IDS[3]}`,
  );
  assertEquals(
    complaint("20261", IDS.slice(3)),
    `Cannot tell which backup "20261" is: expected 6 letters or more of one of ${IDS[3]}`,
  );
});

Deno.test("namedBackup() says which there are, of many the newest", () => {
  assertEquals(complaint("2020", []), 'Unknown backup "2020": there is none');
  assertEquals(
    complaint("other", ["a", "b", "c", "d", "e", "f", "g"]),
    'Unknown backup "other": expected one of a, b, c, d, e and 2 more',
  );
});
