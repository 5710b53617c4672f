import { assertEquals } from "@std/assert";
import { isCount, isFlag, isMoment, isRecord, isText, isTime } from "../../../lib/text/json.ts";

class Point {
  x = 1;
}

const VALUES: Readonly<Record<string, unknown>> = {
  "null": null,
  "nothing": undefined,
  "object": {},
  "object of a class": new Point(),
  "object of none": Object.create(null),
  "list": [],
  "map": new Map(),
  "bytes": new Uint8Array(),
  "text": "",
  "number in text": "1",
  "flag": false,
  "0": 0,
  "1.5": 1.5,
  "-1": -1,
  "NaN": NaN,
  "2^53": 2 ** 53,
  "1e300": 1e300,
};

const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  isRecord: ["object", "object of a class", "object of none"],
  isText: ["text", "number in text"],
  isFlag: ["flag"],
  isCount: ["0"],
  isTime: ["0", "1.5", "-1"],
  isMoment: ["0", "1.5"],
};

for (const is of [isRecord, isText, isFlag, isCount, isTime, isMoment]) {
  Deno.test(`${is.name}() is true of its own values alone`, () => {
    const found = Object.keys(VALUES).filter((name) => is(VALUES[name]));
    assertEquals(found.toSorted(), EXPECTED[is.name]!.toSorted());
  });
}
