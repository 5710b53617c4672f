import type { Completed, CompletedTask } from "./completed.ts";

/**
 * Writes what bash completes by. It needs nothing but bash.
 *
 * @param tasks What can be completed.
 * @returns A script to be sourced.
 */
export function bashScript(tasks: readonly CompletedTask[]): string {
  return `# bash completion of mltidy: source it, or let ~/.bashrc do so
#   source <(mltidy completions bash)
_mltidy() {
  local line=\${COMP_LINE:0:COMP_POINT} word index flag one
  local -a words store=()
  # Bash splits a word at = and :, which belong to flags and to tasks here.
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  local count=\${#words[@]}
  local current=\${words[count - 1]} before=\${words[count - 2]} task=\${words[1]} takes="" reply=""
  COMPREPLY=()
  if ((count <= 2)); then
    reply=${quoted([...tasks.map(({ name }) => name), "help", "--help", "--version"].join(" "))}
    _mltidy_reply "$reply" "$current"
    return
  fi
  for ((index = 2; index < count - 1; index++)); do
    word=\${words[index]}
    case $word in
      --)
        compopt -o default
        return
        ;;
      --store | --config | --backups) store+=("$word" "\${words[index + 1]}") ;;
      --store=* | --config=* | --backups=* | --no-config) store+=("$word") ;;
    esac
  done
  if [[ $current == --*=* ]]; then
    before=\${current%%=*}
    current=\${current#*=}
  fi
  case "$task $before" in
${
    tasks.flatMap(({ name, flags }) =>
      flags.flatMap(({ name: flag, value }) =>
        value === null
          ? []
          : [`    ${quoted(`${name} --${flag}`)}) takes=${quoted(takes(value))} ;;`]
      )
    ).join("\n")
  }
    *)
      case $task in
${
    tasks.map(({ name, flags, operand }) =>
      `        ${name})
          reply=${quoted(flags.flatMap(formsOf).join(" "))}
          takes=${quoted(operand === null ? "nothing" : takes(operand))}
          ;;`
    ).join("\n")
  }
      esac
      if [[ $current == -* || $takes == nothing ]]; then
        _mltidy_reply "$reply" "$current"
        return
      fi
      ;;
  esac
  case $takes in
    files)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      ;;
    directories)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      ;;
    program) compopt -o default ;;
    values:*)
      [[ -n $current ]] && store+=(--prefix "$current")
      reply=$("\${words[0]}" completions --values "\${takes#values:}" "\${store[@]}" 2>/dev/null | cut -d ' ' -f 1)
      _mltidy_reply "$reply" "$current"
      ;;
    words:*) _mltidy_reply "\${takes#words:}" "$current" ;;
  esac
}

_mltidy_reply() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
  # What stands before a sign at which bash splits is there already.
  if [[ $2 == *:* && $COMP_WORDBREAKS == *:* ]]; then
    COMPREPLY=("\${COMPREPLY[@]#"\${2%"\${2##*:}"}"}")
  fi
}

complete -F _mltidy mltidy
`;
}

function formsOf({ name, short }: CompletedTask["flags"][number]): readonly string[] {
  return [`--${name}`, ...(short === null ? [] : [`-${short}`])];
}

function takes(completed: Completed): string {
  switch (completed.kind) {
    case "values":
      return `values:${completed.of}`;
    case "words":
      return `words:${completed.words.join(" ")}`;
    default:
      return completed.kind;
  }
}

/** All are made of letters, digits and signs that mean nothing within double quotes. */
function quoted(text: string): string {
  return `"${text}"`;
}
