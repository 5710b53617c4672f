import { type Program, type Samples, Unmeasurable } from "./measurement.ts";
import { repository } from "./programs.ts";

/** How long a program may take at most, in seconds. */
const PATIENCE = 600;

/**
 * Runs programs in turn, each right after something that makes the machine ready for it, as memory that
 * lies idle may be paged out. Every round begins with another program.
 *
 * @param stopwatch The program that measures.
 * @param programs The programs by name.
 * @param rounds How many rounds.
 * @returns What each of them took in every round.
 * @throws {Unmeasurable} When one of them takes too long.
 * @throws {Error} When one of them fails.
 */
export async function comparePrograms<K extends string>(
  stopwatch: string,
  programs: Readonly<Record<K, Program>>,
  rounds: number,
): Promise<Readonly<Record<K, Samples>>> {
  const names = Object.keys(programs) as K[];
  // Object.fromEntries() forgets which names there are.
  const samples = Object.fromEntries(
    names.map((name) => [name, { times: [], work: [], wholeWork: [], memory: [] }]),
  ) as unknown as Record<K, Record<keyof Samples, number[]>>;
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length]!;
      const program = programs[name];
      await run(stopwatch, { ...program, words: program.before ?? program.words });
      const before = workOf(program.server);
      const { time, work, megabytes } = await run(stopwatch, program);
      samples[name].times.push(time);
      samples[name].work.push(work);
      samples[name].wholeWork.push(work + workOf(program.server) - before);
      samples[name].memory.push(megabytes);
    }
  }
  return samples;
}

/** The hundredths of a second in which Linux counts, in ms. */
const TICK = 10;

/** Processor time so far, ms, of a process and of all that it has started and that are at work. */
function workOf(pid: number | undefined): number {
  if (pid === undefined) return 0;
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ").at(-1)!.split(" ");
  const own = (Number(fields[11]) + Number(fields[12])) * TICK;
  const started = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();
  return started.split(" ").reduce((sum, one) => sum + (one === "" ? 0 : workOf(Number(one))), own);
}

async function run(
  stopwatch: string,
  { words, directory = repository, environment = {}, codes = [0] }: Program,
): Promise<{ readonly time: number; readonly work: number; readonly megabytes: number }> {
  const { stdout, stderr } = await new Deno.Command(stopwatch, {
    args: [String(PATIENCE), ...words],
    cwd: directory,
    env: environment,
  }).output();
  const [time = NaN, work = NaN, kilobytes = NaN, code = NaN] = new TextDecoder().decode(stdout)
    .split(" ")
    .map(Number);
  if (code === -1) throw new Unmeasurable(`${words.join(" ")} took longer than ${PATIENCE} s`);
  if (!codes.includes(code)) {
    throw new Error(
      `${words.join(" ")} ended with ${code}:\n${new TextDecoder().decode(stderr)}`,
    );
  }
  return { time, work, megabytes: kilobytes / 1024 };
}

/**
 * Gives what a program prints.
 *
 * @param words The program and its arguments.
 * @param options Variables besides those that are set, and the exit codes that mean success.
 * @returns Its standard output.
 * @throws {Error} When it fails.
 */
export async function outputOf(
  words: readonly string[],
  options: Pick<Program, "environment" | "codes"> = {},
): Promise<string> {
  const [program = "", ...args] = words;
  const { environment = {}, codes = [0] } = options;
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd: repository,
    env: environment,
  }).output();
  const [printed, said] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!codes.includes(code)) throw new Error(`${words.join(" ")} ended with ${code}:\n${said}`);
  return printed!;
}
