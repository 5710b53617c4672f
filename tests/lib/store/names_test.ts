import { assertEquals } from "@std/assert";
import {
  isBackupName,
  isExperimentDirectoryName,
  isKeyName,
  isLoggedModelId,
  isRunId,
  isTrashName,
  looksLikeExperimentId,
} from "../../../lib/store/names.ts";

/** Splits names by what a rule says of them. */
function split(
  rule: (name: string) => boolean,
  names: readonly string[],
): { readonly yes: readonly string[]; readonly no: readonly string[] } {
  return { yes: names.filter(rule), no: names.filter((name) => !rule(name)) };
}

Deno.test("isExperimentDirectoryName() follows MLflow's pattern with Python's idea of a letter", () => {
  const yes = ["0", "420101650667246494", "backups", "a_b-c", "a실험", "a٣Ⅷ²", "a".repeat(64)];
  const no = [
    "",
    ".git",
    "_backups",
    "-a",
    "my backups",
    "Backup.2024",
    "lost+found",
    "실험",
    "ae\u0301",
    "a😀",
    "a".repeat(65),
  ];
  assertEquals(split(isExperimentDirectoryName, [...yes, ...no]), { yes, no });
});

Deno.test("isExperimentDirectoryName() counts characters, not UTF-16 units", () => {
  assertEquals(isExperimentDirectoryName(`a${"𝒳".repeat(63)}`), true);
  assertEquals(isExperimentDirectoryName(`a${"𝒳".repeat(64)}`), false);
});

Deno.test("isTrashName() tests the suffix only", () => {
  const yes = [".trash", ".mltidy.trash", "backups.trash"];
  const no = ["trash", ".trash2", ".Trash"];
  assertEquals(split(isTrashName, [...yes, ...no]), { yes, no });
});

Deno.test("isBackupName() knows what old scripts call their backups", () => {
  const yes = [
    "backup",
    "backups",
    "Backup.2024",
    "backup_20240101",
    "backup20240101",
    "mlruns_backup",
    "mlruns-backup-2",
    "mlruns.bak",
    ".backups",
    "_backups",
    "my backups",
  ];
  const no = [".backups.trash", "0", "models", "backupper", "unbacked", "baker", ".git"];
  assertEquals(split(isBackupName, [...yes, ...no]), { yes, no });
});

Deno.test("looksLikeExperimentId() knows digits and 32 hexadecimal digits", () => {
  const yes = ["0", "17", "420101650667246494", "5fbbd685931c4616bdc67005b055056d"];
  const no = ["", "a", "5fbbd685931c4616bdc67005b055056", "5FBBD685931C4616BDC67005B055056D", "٣"];
  assertEquals(split(looksLikeExperimentId, [...yes, ...no]), { yes, no });
});

Deno.test("isKeyName() accepts normal relative paths of words", () => {
  const yes = [
    "lr",
    "val/loss",
    "a.b-c d:e_f",
    "정확도",
    ".hidden",
    "a..b",
    "mlflow.runName",
    "a/.b",
  ];
  const no = [
    "",
    ".",
    "..",
    "..a",
    "/a",
    "a/",
    "a//b",
    "a/./b",
    "a/../b",
    "lr~",
    "a(b)",
    "x@y",
    "a\\b",
  ];
  assertEquals(split(isKeyName, [...yes, ...no]), { yes, no });
});

Deno.test("isRunId() and isLoggedModelId() know whole ids, and no beginning of one", () => {
  const id = "0123456789abcdef".repeat(2);
  const names = [
    id,
    id.slice(1),
    `${id}0`,
    id.toUpperCase(),
    `m-${id}`,
    `m-${id.slice(1)}`,
    "m-",
    "",
  ];
  assertEquals(names.filter(isRunId), [id]);
  assertEquals(names.filter(isLoggedModelId), [`m-${id}`]);
});
