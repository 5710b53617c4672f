// deno-lint-ignore-file no-console -- a skipped test says why.
import { assertEquals, assertMatch } from "@std/assert";
import { dirname, join } from "@std/path";
import { backup } from "../../tasks/backups/backup.ts";
import { cleanup } from "../../tasks/cleanup.ts";
import { infoOf } from "../../tasks/_io/read.ts";
import { NOW } from "../_support/builders.ts";
import { writeDatabaseStore } from "../_support/database_store.ts";
import { writeFiles } from "../_support/disk_store.ts";
import { canStart, hasSetpriv } from "../_support/other_rights.ts";
import { rottenAt } from "../_support/rotten_store.ts";
import { tempDirectory } from "../_support/temp_directory.ts";
import { bundleScript, makeScratch } from "./program.ts";
import { open, rubbish } from "./rubbish.ts";

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly umask: string;
}

/** How a deed ended. */
interface Ended {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly text: string;
}

const GROUP = 7000;
const root: Account = { name: "root", uid: 0, umask: "022" };
const owner: Account = { name: "the owner", uid: 5001, umask: "022" };
const closedMember: Account = { name: "a member with umask 077", uid: 5002, umask: "077" };
const openMember: Account = { name: "a member with umask 0", uid: 5003, umask: "0" };
const stranger: Account = { name: "a stranger", uid: 6001, umask: "022" };
const accounts = [root, owner, closedMember, openMember];
/** Of no group that the store knows. */
const listed: Account = { name: "one whom an access list names", uid: 5004, umask: "077" };

const canBecome = await hasSetpriv();
if (!canBecome) console.error("Skipping tests of several accounts: they take root and setpriv");
const canList = canBecome && await canStart("setfacl");
if (!canList) console.error("Skipping tests of access lists: they take root and setfacl");

/** What another account can start: Deno itself may lie where only root may look. */
async function stage() {
  const directory = await makeScratch();
  Deno.chmodSync(directory, 0o755);
  Deno.copyFileSync(Deno.execPath(), join(directory, "deno"));
  Deno.chmodSync(join(directory, "deno"), 0o755);
  // Each account has a cache of its own: compiled code that one may not write is compiled each time.
  for (const { uid } of [...accounts, stranger, listed]) {
    Deno.mkdirSync(join(directory, `cache-${uid}`));
    Deno.chownSync(join(directory, `cache-${uid}`), uid, null);
  }
  const failure = await bundleScript("tests/faults/act.ts", join(directory, "act.js"));
  if (failure !== null) throw new Error(failure);
  Deno.chmodSync(join(directory, "act.js"), 0o644);
  const as = async ({ uid, umask }: Account, ...words: readonly string[]) => {
    const isMember = uid !== stranger.uid && uid !== listed.uid;
    const ids = ["--reuid", `${uid}`, "--regid", `${isMember ? GROUP : uid}`];
    const { code, signal, stdout, stderr } = await new Deno.Command("setpriv", {
      args: [...ids, "--clear-groups", "sh", "-c", `umask ${umask}; exec "$@"`, "sh", ...words],
      cwd: directory,
      env: { DENO_DIR: join(directory, `cache-${uid}`), NO_COLOR: "1" },
    }).output();
    const text = new TextDecoder();
    const ended: Ended = { code, signal, text: text.decode(stdout) + text.decode(stderr) };
    return ended;
  };
  return {
    as,
    act: (account: Account, deed: string, at: string) =>
      as(account, join(directory, "deno"), "run", "-A", "--no-config", "act.js", deed, at),
    [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }),
  };
}

async function sharedStore(mode: number) {
  const store = await rubbish();
  Deno.chmodSync(dirname(store.root), 0o755);
  giveToAll(store.root, mode);
  return store;
}

/** Gives a tree to the owner and its group. */
function giveToAll(path: string, mode: number): void {
  const { isDirectory } = Deno.lstatSync(path);
  Deno.chownSync(path, owner.uid, GROUP);
  Deno.chmodSync(path, isDirectory ? mode : mode & 0o666);
  if (!isDirectory) return;
  for (const { name } of Deno.readDirSync(path)) giveToAll(join(path, name), mode);
}

async function sharedDatabase() {
  const directory = await tempDirectory();
  const { path } = directory;
  const database = join(path, "mlflow.db");
  writeDatabaseStore(database, rottenAt(NOW), { artifacts: true });
  giveToAll(path, 0o2770);
  return {
    path,
    database: `sqlite:///${database}`,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/** Gives somebody all that the group may do, in what is there and what will be. */
async function list({ uid }: Account, path: string): Promise<void> {
  const args = ["-R", "-m", `u:${uid}:rwX,d:u:${uid}:rwX`, path];
  assertEquals((await new Deno.Command("setfacl", { args }).output()).code, 0);
}

/** Everything in a store, or in our directory, with whose it is and what it holds. */
function listAll(base: string, path = ""): Readonly<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const { name } of Deno.readDirSync(join(base, path))) {
    const below = join(path, name);
    if (below === ".mltidy.trash") continue;
    const { uid, gid, mode, isDirectory } = Deno.lstatSync(join(base, below));
    const access = `${uid}:${gid} ${((mode ?? 0) & 0o7777).toString(8)}`;
    all[below] = isDirectory ? access : `${access} ${Deno.readTextFileSync(join(base, below))}`;
    if (isDirectory) Object.assign(all, listAll(base, below));
  }
  return all;
}

/** What one account did, or was killed in, another one takes back, and the other way round. */
async function actInTurns(
  act: (account: Account, deed: string, at: string) => Promise<Ended>,
  one: Account,
  other: Account,
  store: string,
): Promise<void> {
  const what = `${one.name}, then ${other.name}`;
  const before = listAll(store);
  const journals = join(store, ".mltidy.trash/journal");
  const deed = async (account: Account, name: string) => {
    const { code, text } = await act(account, name, store);
    assertEquals([code, text], [0, ""], `${what}: ${name}`);
  };
  await deed(one, "apply");
  await deed(other, "undo");
  assertEquals(listAll(store), before, what);
  assertEquals((await act(one, "be killed", store)).signal, "SIGKILL");
  assertEquals([...Deno.readDirSync(journals)].length, 1, what);
  await deed(other, "recover");
  assertEquals(listAll(store), before, what);
  assertEquals([...Deno.readDirSync(journals)], [], what);
  await deed(one, "backup");
  await deed(other, "expire");
  await deed(other, "preflight");
  // What it took away first, then the default experiment that it made anew.
  await deed(one, "undo");
  assertEquals(Object.keys(listAll(store)).includes("0/meta.yaml"), true, what);
  await deed(one, "undo");
  assertEquals(listAll(store), before, what);
}

Deno.test({
  name: "whoever may change a store may undo, recover and expire, whoever did what is undone",
  ignore: !canBecome,
  fn: async () => {
    using made = await stage();
    for (const one of accounts) {
      await using store = await sharedStore(0o2770);
      for (const other of accounts) await actInTurns(made.act, one, other, store.root);
    }
  },
});

/** Every directory in a store with the modification time that a restore would give it. */
function timesIn(base: string, path = ""): ReadonlyMap<string, number | undefined> {
  const time = Deno.lstatSync(join(base, path)).mtime?.getTime();
  const below = [...Deno.readDirSync(join(base, path))]
    .filter(({ name, isDirectory }) => isDirectory && name !== ".mltidy.trash")
    .flatMap(({ name }) => [...timesIn(base, join(path, name))]);
  return new Map([[path, time], ...below]);
}

Deno.test({
  name:
    "whoever undoes a change is told whose modification time only its owner could have given back",
  ignore: !canBecome,
  fn: async () => {
    using made = await stage();
    for (const [account, isWhole] of [[root, true], [owner, true], [openMember, false]] as const) {
      await using store = await sharedStore(0o2770);
      // Our own directory would be new in it.
      assertEquals((await made.act(owner, "recover", store.root)).code, 0);
      const before = timesIn(store.root);
      assertEquals((await made.act(owner, "apply", store.root)).code, 0);
      const { code, text } = await made.act(account, "undo and tell", store.root);
      assertEquals(code, 0, text);
      const changed = [...timesIn(store.root)].flatMap(([path, time]) =>
        time === before.get(path) ? [] : [path]
      );
      assertEquals(JSON.parse(text).toSorted(), changed.toSorted(), account.name);
      assertEquals(changed.length === 0, isWhole, account.name);
    }
  },
});

Deno.test({
  name:
    "what is closed in a store is closed in backups, copies, records kept and all that tells of it",
  ignore: !canBecome,
  fn: async () => {
    using made = await stage();
    for (const one of [root, owner]) {
      await using store = await sharedStore(0o755);
      if (canList) await list(listed, store.root);
      writeFiles(store.root, { "1/secret.txt": "SECRET" });
      Deno.chmodSync(join(store.root, "1"), 0o700);
      for (const deed of ["backup", "apply"]) {
        assertEquals((await made.act(one, deed, store.root)).text, "", deed);
      }
      const own = join(store.root, ".mltidy.trash");
      const search = async (account: Account) => {
        const { text } = await made.as(
          account,
          "grep",
          "-rlsE",
          "SECRET|experiment_id: .?1\\b",
          own,
        );
        return text.split("\n").filter((line) => line !== "");
      };
      assertEquals(await search(stranger), [], `${one.name}, seen by a stranger`);
      assertEquals(await search(closedMember), [], `${one.name}, seen by a member`);
      assertEquals(await search(listed), [], `${one.name}, seen by whom a list names elsewhere`);
      assertEquals((await search(owner)).length > 5, true, "the owner sees all of it");
    }
  },
});

Deno.test({
  name: "whom an access list lets change a store may do there as much as its owner",
  ignore: !canList,
  fn: async () => {
    using made = await stage();
    for (const [one, other] of [[listed, owner], [owner, listed], [root, listed]] as const) {
      await using store = await sharedStore(0o2770);
      await list(listed, store.root);
      await actInTurns(made.act, one, other, store.root);
      await list(listed, shareBeside(store.root, 0o2770));
      for (const [who, deed] of [[one, "train"], [other, "train on"], [one, "train on"]] as const) {
        const { code, text } = await made.act(who, deed, store.root);
        assertEquals([code, text], [0, ""], `${one.name}, then ${other.name}: ${deed}`);
      }
    }
  },
});

Deno.test({
  name: "whoever may change a database may undo, recover and purge, whoever did what is undone",
  ignore: !canBecome,
  fn: async () => {
    using made = await stage();
    for (
      const [one, other] of [[root, owner], [closedMember, root], [
        openMember,
        closedMember,
      ]] as const
    ) {
      await using place = await sharedDatabase();
      const before = listAll(place.path, "mlruns");
      const deed = async (account: Account, name: string) => {
        const { code, text } = await made.act(account, name, place.database);
        assertEquals([code, text], [0, ""], `${one.name}, then ${other.name}: ${name}`);
      };
      for (const [first, second] of [[one, other], [other, one]] as const) {
        await deed(first, "apply");
        await deed(second, "undo");
        assertEquals(listAll(place.path, "mlruns"), before, `${first.name}, then ${second.name}`);
      }
      await deed(one, "backup");
      await deed(one, "apply");
      const all = Object.entries(listAll(place.path, "mlflow.db.mltidy"));
      assertEquals(all.length > 5, true);
      const foreign = all.filter(([, access]) => !/^500\d:7000 (2770|660)/.test(access));
      assertEquals(foreign, [], `${one.name}, then ${other.name}`);
      await deed(other, "expire");
    }
  },
});

/** A directory beside a store, for the artifacts of an experiment, and a program that somebody logs. */
function shareBeside(store: string, mode: number): string {
  const shared = join(dirname(store), "shared");
  const tool = join(shared, "tool");
  Deno.mkdirSync(shared);
  Deno.writeTextFileSync(tool, "#!/bin/sh\n");
  for (const path of [shared, tool]) Deno.chownSync(path, owner.uid, GROUP);
  Deno.chmodSync(shared, mode);
  Deno.chmodSync(tool, 0o4755);
  return shared;
}

/** Whose everything below some directories is, and how open, without what was there before. */
function accessesBelow(directories: readonly string[], before: ReadonlySet<string>) {
  const accesses = new Set<string>();
  const look = (path: string) => {
    const { uid, gid, mode, isDirectory } = Deno.lstatSync(path);
    const kind = isDirectory ? "directory" : path.endsWith("/tool") ? "program" : "file";
    if (!before.has(path)) {
      accesses.add(`${kind} ${uid}:${gid} ${((mode ?? 0) & 0o7777).toString(8)}`);
    }
    if (!isDirectory) return;
    for (const { name } of Deno.readDirSync(path)) {
      if (name !== ".mltidy.trash") look(join(path, name));
    }
  };
  for (const directory of directories) look(directory);
  return [...accesses].sort();
}

function pathsBelow(directory: string): readonly string[] {
  return [directory, ...Object.keys(listAll(directory)).map((path) => join(directory, path))];
}

for (
  const [mode, umask, ...modes] of [
    [0o2770, null, "2770", "660", "750"],
    [0o3775, "022", "3775", "644", "755"],
    [0o3775, "077", "3770", "640", "750"],
  ] as const
) {
  Deno.test({
    name: `whoever may change a store may train on what another account has begun: ${
      mode.toString(8)
    }, umask ${umask ?? "of each"}`,
    ignore: !canBecome,
    fn: async () => {
      using made = await stage();
      for (const one of accounts.filter((one) => umask === null || one.umask === umask)) {
        await using store = await sharedStore(mode);
        const places = [store.root, shareBeside(store.root, mode)];
        const before = new Set(places.flatMap(pathsBelow));
        const deed = async (account: Account, name: string) => {
          const { code, text } = await made.act(account, name, store.root);
          assertEquals([code, text], [0, ""], `${one.name}, then ${account.name}: ${name}`);
        };
        await deed(one, "train");
        const whose = `${one === root ? owner.uid : one.uid}:${GROUP}`;
        const expected = ["directory", "file", "program"].map((kind, index) =>
          `${kind} ${whose} ${modes[index]}`
        );
        assertEquals(accessesBelow(places, before), expected, one.name);
        for (const other of umask === null ? accounts : [one, root]) await deed(other, "train on");
        // Of what is closed it sees nothing.
        const { code } = await made.act(stranger, "train on", store.root);
        assertEquals(code, umask === "077" ? 0 : 1);
      }
    },
  });
}

Deno.test({
  name:
    "what is trained in a closed experiment is closed, and so is what a umask closes to readers",
  ignore: !canBecome,
  fn: async () => {
    using made = await stage();
    const careful: Account = { ...owner, umask: "077" };
    for (
      const [account, mode, directory, file, program] of [
        [root, 0o700, "700", "600", "700"],
        [root, 0o755, "755", "644", "755"],
        [owner, 0o755, "755", "644", "755"],
        [careful, 0o755, "700", "600", "700"],
      ] as const
    ) {
      await using store = await sharedStore(0o755);
      shareBeside(store.root, 0o755);
      const train = async (who: Account) => {
        const { code, text } = await made.act(who, "train", store.root);
        assertEquals([code, text], [0, ""], who.name);
      };
      const there = new Set(pathsBelow(store.root));
      await train(owner);
      const experiments = [...Deno.readDirSync(store.root)].map(({ name }) =>
        join(store.root, name)
      )
        .filter((path) => !there.has(path) && infoOf(join(path, "datasets")) !== null);
      const [place = ""] = experiments.filter((path) =>
        Deno.readTextFileSync(join(path, "meta.yaml")).includes("name: here")
      );
      Deno.chmodSync(place, mode);
      const before = new Set(pathsBelow(place));
      await train(account);
      assertEquals(accessesBelow([place], before), [
        `directory ${owner.uid}:${GROUP} ${directory}`,
        `file ${owner.uid}:${GROUP} ${file}`,
        `program ${owner.uid}:${GROUP} ${program}`,
      ], `${account.name}, umask ${account.umask}`);
    }
  },
});

Deno.test({
  name: "what may be a database beside a store, and cannot be read, stops whoever may not read it",
  ignore: !canBecome,
  fn: async () => {
    using made = await stage();
    await using store = await sharedStore(0o2770);
    const file = join(dirname(store.root), "tracking");
    const ended = async (bytes: number) => {
      Deno.writeFileSync(file, new Uint8Array(bytes), { mode: 0o600 });
      return await made.act(owner, "apply", store.root);
    };
    const { code, text } = await ended(2 ** 17);
    assertEquals([code, text.includes(`database ${file}, which may refer`)], [1, true], text);
    assertMatch(text, /by its length it may be one; let this account read it, or move it away/);
    for (const other of [2 ** 17 + 1, 512]) assertEquals((await ended(other)).text, "", `${other}`);
  },
});

for (const [parent, mode] of [[0o755, "2770"], [0o700, "2700"]] as const) {
  Deno.test({
    name: `a place that root makes for backups is for those who come to the store through ${
      parent.toString(8)
    }`,
    ignore: !canBecome,
    fn: async () => {
      await using store = await sharedStore(0o2770);
      const above = dirname(store.root);
      Deno.chownSync(above, owner.uid, GROUP);
      Deno.chmodSync(above, parent);
      await using elsewhere = await tempDirectory();
      const backups = join(elsewhere.path, "nas/backups");
      await using opened = await open(store);
      await backup(opened, { backups });
      await cleanup(opened, { apply: true, backups });
      const made = [
        dirname(backups),
        ...["", ...[...Deno.readDirSync(backups)].map(({ name }) => name)].map((name) =>
          join(backups, name)
        ),
      ];
      assertEquals(made.length, 5);
      for (const path of made) {
        const info = Deno.lstatSync(path);
        const access = `${info.uid}:${info.gid} ${((info.mode ?? 0) & 0o7777).toString(8)}`;
        assertEquals(access, `${owner.uid}:${GROUP} ${mode}`, path);
      }
    },
  });
}
