import type { Completed, CompletedFlag, CompletedTask } from "./completed.ts";

/**
 * Writes what fish completes by.
 *
 * @param tasks What can be completed.
 * @returns A script for `~/.config/fish/completions/mltidy.fish`.
 */
export function fishScript(tasks: readonly CompletedTask[]): string {
  const line = (...words: readonly string[]) => ["complete -c mltidy", ...words].join(" ");
  const ofTask = (name: string) => `-n ${quoted(`__mltidy_task ${name}`)}`;
  return `# fish completion of mltidy
#   mltidy completions fish > ~/.config/fish/completions/mltidy.fish
function __mltidy_task
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test "$words[2]" = $argv[1]
end

function __mltidy_values
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l store
    for index in (seq 2 (count $words))
        switch $words[$index]
            case --store --config --backups
                set -a store $words[$index] $words[(math $index + 1)]
            case '--store=*' '--config=*' '--backups=*' --no-config
                set -a store $words[$index]
        end
    end
    set current (string replace -r '^--[^=]*=' '' -- $current)
    test -n "$current"; and set -a store --prefix $current
    $words[1] completions --values $argv[1] $store 2>/dev/null | string replace ' ' \\t
end

${line("-f")}
${
    [
      ...tasks.map(({ name, describe }) => [name, describe] as const),
      [
        "help",
        "Show the tasks on one screen",
      ] as const,
    ].map(([name, describe]) =>
      line("-n __fish_use_subcommand", `-a ${quoted(name)}`, `-d ${quoted(describe)}`)
    ).join("\n")
  }
${
    tasks.flatMap(({ name, flags, operand }) => [
      ...flags.map((flag) => line(ofTask(name), ...flagWords(flag))),
      ...(operand === null ? [] : [line(ofTask(name), ...valueWords(operand))]),
    ]).join("\n")
  }
`;
}

function flagWords({ name, short, describe, value }: CompletedFlag): readonly string[] {
  return [
    `-l ${name}`,
    ...(short === null ? [] : [`-s ${short}`]),
    ...(value === null ? [] : ["-r", ...valueWords(value)]),
    `-d ${quoted(describe)}`,
  ];
}

function valueWords(completed: Completed): readonly string[] {
  switch (completed.kind) {
    case "files":
    case "program":
      return ["-F"];
    case "directories":
      return ["-f", `-a ${quoted("(__fish_complete_directories (commandline -ct))")}`];
    case "words":
      return ["-f", `-a ${quoted(completed.words.join(" "))}`];
    case "values":
      return ["-f", `-a ${quoted(`(__mltidy_values ${completed.of})`)}`];
    case "nothing":
      return ["-f"];
  }
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
