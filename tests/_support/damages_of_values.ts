/**
 * Damage to metrics, params and tags.
 *
 * @module
 */

import {
  child,
  type Damage,
  MAIN,
  metric,
  NOT_UTF8,
  POINTER,
  run,
  RUNNING,
  utf16,
  victims,
} from "./damage.ts";

/** Every damage of that kind. */
export const VALUE_DAMAGES: readonly Damage[] = [
  {
    name: "a metric is empty",
    rule: "metric-empty",
    ...run,
    changes: /metrics$/,
    inflict: (s) => s.write(metric, ""),
  },
  {
    name: "a metric's last line is torn, and of one field",
    rule: "metric-line-malformed",
    ...run,
    inflict: (s) => s.edit(metric, (text) => text + "17775"),
  },
  {
    name: "a metric's last line is torn, and looks whole",
    rule: "metric-line-torn",
    ...run,
    inflict: (s) => s.edit(metric, (text) => text.replace(/ 1\n$/, "")),
  },
  {
    name: "a metric has a blank line",
    rule: "metric-line-malformed",
    ...run,
    inflict: (s) => s.edit(metric, (text) => text.replace("\n", "\n\n")),
  },
  ...[
    ["one field", "1777593609002"],
    ["four fields", "1777593609002 0.5 1 x"],
    ["six fields", "1777593609002 0.5 1 x y z"],
    ["two spaces", "1777593609002  0.5 1"],
    ["a time that is no integer", "1.5 0.5 1"],
    ["a value that is no number", "1777593609002 high 1"],
    ["a step that is no integer", "1777593609002 0.5 1.5"],
    ["zeros", "\0\0\0\0\0\0"],
    ["a line separator of Unicode", "1777593609002\u2028 0.5 3"],
  ].map(([what, line]): Damage => ({
    name: `a metric has a line with ${what}`,
    rule: "metric-line-malformed",
    victims,
    inflict: (s) => s.edit(metric, (text) => `${text}${line}\n`),
  })),
  {
    name: "a metric is filled with zeros",
    rule: "metric-line-malformed",
    ...run,
    inflict: (s) => s.write(metric, "\0".repeat(40)),
  },
  {
    name: "a metric is not UTF-8",
    rule: "metric-unreadable",
    ...run,
    inflict: (s) => s.write(metric, NOT_UTF8),
  },
  {
    name: "a metric has Windows line ends",
    rule: null,
    inflict: (s) => s.edit(metric, (text) => text.replaceAll("\n", "\r\n")),
  },
  {
    name: "a metric begins with a byte order mark",
    rule: "metric-line-malformed",
    ...run,
    inflict: (s) => s.edit(metric, (text) => "\uFEFF" + text),
  },
  {
    name: "a metric has numbers as Python spells them",
    rule: null,
    changes: /metrics\/val\/loss$/,
    inflict: (s) =>
      s.edit(metric, (text) => `${text}+1_777 1_0.5e-3 -2\n0 -Infinity 3\n1 NAN 4\n2 .5 5\n`),
  },
  {
    name: "a metric has lines of two fields, as before MLflow 1.0",
    rule: null,
    inflict: (s) => s.write(`${child}/metrics/old`, "1 0.5\n2 0.6\n"),
  },
  {
    name: "a metric names its dataset, as since MLflow 3.0",
    rule: "metric-with-dataset",
    ...run,
    inflict: (s) => s.write(`${child}/metrics/with`, "1777593609000 0.5 0 data a1b2\n"),
  },
  ...[
    ["two lines in one", "metric-lines-joined", " 0\n", " 0"],
    ["two lines in one, the first without its step", "metric-lines-joined", " 0\n", " "],
    ["two lines in one, the first within its value", "metric-line-malformed", "5 0\n", ""],
    ["the beginning of a time before another one", "metric-time-joined", "\n", "\n17775"],
  ].map(([what, rule, torn, left]): Damage => ({
    name: `a metric has ${what}`,
    rule: rule!,
    ...run,
    inflict: (s) => s.edit(metric, (text) => text.replace(torn!, left!)),
  })),
  {
    name: "a metric has the same point twice",
    rule: "metric-point-twice",
    inflict: (s) => s.edit(metric, (text) => text + text),
  },
  ...[
    ["a time that MLflow shows", "latest-metric-beyond-64-bits", "9223372036854775808 0.5 7"],
    ["a step that MLflow shows", "latest-metric-beyond-64-bits", "1 0.5 9223372036854775808"],
    ["a time of an earlier step", "metric-beyond-64-bits", "9223372036854775808 0.5 -7"],
    ["an earlier step", "metric-beyond-64-bits", "1777593609007 0.5 -9223372036854775809"],
  ].map(([what, rule, line]): Damage => ({
    name: `a metric has ${what} beyond 64 bits`,
    rule: rule!,
    changes: /val\/loss/,
    inflict: (s) => s.edit(metric, (text) => `${text}${line}\n`),
  })),
  {
    name: "a metric has a time and a step of 64 bits",
    rule: null,
    changes: /val\/loss/,
    inflict: (s) =>
      s.edit(metric, (text) => `${text}9223372036854775807 0.5 -9223372036854775808\n`),
  },
  {
    name: "an editor's backup in metrics/",
    rule: "metric-name-illegal",
    ...run,
    inflict: (s) => s.copy(metric, `${metric}~`),
  },
  {
    name: "a .DS_Store in metrics/",
    rule: "metric-unreadable",
    ...run,
    inflict: (s) => s.write(`${child}/metrics/.DS_Store`, new Uint8Array([0, 0, 0, 1, 0xc0])),
  },
  {
    name: "a linked directory in metrics/",
    rule: null,
    inflict: (s) => s.link(`${child}/metrics/again`, "val"),
  },
  {
    name: "a link to nothing in metrics/",
    rule: "metric-unreadable",
    ...run,
    inflict: (s) => s.link(`${child}/metrics/dead`, "nowhere"),
  },
  {
    name: "a link to itself in metrics/",
    rule: "metric-unreadable",
    ...run,
    inflict: (s) => s.link(`${child}/metrics/circle`, "circle"),
  },
  {
    name: "a metric is UTF-16",
    rule: "metric-unreadable",
    ...run,
    inflict: (s) => s.write(metric, utf16("17 0.5 0\n")),
  },
  {
    name: "a metric is a pointer of Git LFS",
    rule: "record-in-git-lfs",
    ...run,
    inflict: (s) => s.write(metric, POINTER),
  },
  {
    name: "a merge of git left both of its sides in a param",
    rule: "value-with-merge-marks",
    ...run,
    inflict: (s) =>
      s.write(`${child}/params/lr`, "<<<<<<< HEAD\n0.1\n=======\n0.2\n>>>>>>> main\n"),
  },
  {
    name: "a param is a pointer of Git LFS",
    rule: "value-in-git-lfs",
    ...run,
    inflict: (s) => s.write(`${child}/params/lr`, POINTER),
  },
  {
    name: "a notebook has left its checkpoints in params/",
    rule: "stray-file-among-keys",
    inflict: (s) => s.write(`${child}/params/.ipynb_checkpoints/lr-checkpoint`, "0.1"),
  },
  {
    name: "a merge of git left both of its sides in a metric",
    rule: "metric-line-malformed",
    ...run,
    inflict: (s) =>
      s.edit(metric, (text) => `${text}<<<<<<< HEAD\n17 0.5 7\n=======\n>>>>>>> other\n`),
  },
  {
    name: "a param is not UTF-8",
    rule: "param-unreadable",
    ...run,
    inflict: (s) => s.write(`${child}/params/lr`, NOT_UTF8),
  },
  {
    name: "a param has an illegal name",
    rule: "param-name-illegal",
    ...run,
    inflict: (s) => s.write(`${child}/params/a(b)`, "x"),
  },
  {
    name: "a param has a colon in its name",
    rule: null,
    inflict: (s) => s.write(`${child}/params/a:b`, "x"),
  },
  {
    name: "a param is filled with zeros",
    rule: "value-of-zeros",
    ...run,
    inflict: (s) => s.write(`${child}/params/lr`, "\0\0\0\0"),
  },
  {
    name: "a param has Windows line ends",
    rule: "param-with-carriage-return",
    ...run,
    inflict: (s) => s.edit(`${child}/params/설명`, (text) => text.replaceAll("\n", "\r\n")),
  },
  {
    name: "params whose names differ in case alone",
    rule: "lookalike-keys",
    inflict: (s) => s.write(`${child}/params/LR`, "1e-3"),
  },
  {
    name: "a param is empty",
    rule: null,
    inflict: (s) => s.write(`${child}/params/nothing`, ""),
  },
  {
    name: "a param of a run that goes on is empty",
    rule: "param-empty",
    inflict: (s) => s.write(`${MAIN}/${RUNNING}/params/nothing`, ""),
  },
  {
    name: "a tag is not UTF-8",
    rule: "tags-unreadable",
    ...run,
    inflict: (s) => s.write(`${child}/tags/team/이름`, NOT_UTF8),
  },
  {
    name: "a tag has an illegal name",
    rule: "tag-name-illegal",
    ...run,
    inflict: (s) => s.write(`${child}/tags/.note.swp#`, "x"),
  },
  {
    name: "a tag is filled with zeros",
    rule: "value-of-zeros",
    ...run,
    inflict: (s) => s.write(`${child}/tags/team/이름`, "\0\0\0\0"),
  },
  {
    name: "an editor's file in tags/ with a legal name",
    rule: "stray-file-among-keys",
    inflict: (s) => s.write(`${child}/tags/.note.swp`, "x"),
  },
  {
    name: "a linked directory in tags/",
    rule: null,
    inflict: (s) => s.link(`${child}/tags/again`, "team"),
  },
  {
    name: "a link in tags/ that leads back to it",
    rule: null,
    inflict: (s) => s.link(`${child}/tags/team/above`, ".."),
  },
  {
    name: "a link to nothing in tags/",
    rule: "tags-unreadable",
    ...run,
    inflict: (s) => s.link(`${child}/tags/dead`, "nowhere"),
  },
  {
    name: "a link to itself in tags/",
    rule: "tags-unreadable",
    ...run,
    inflict: (s) => s.link(`${child}/tags/circle`, "circle"),
  },
];
