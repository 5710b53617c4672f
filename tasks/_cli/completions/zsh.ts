import type { Completed, CompletedFlag, CompletedTask } from "./completed.ts";

/**
 * Writes what zsh completes by.
 *
 * @param tasks What can be completed.
 * @returns A script to be sourced once \`compinit\` has run, or a file \`_mltidy\` of \`fpath\`.
 */
export function zshScript(tasks: readonly CompletedTask[]): string {
  return `#compdef mltidy
# zsh completion of mltidy: put it into a directory of fpath as _mltidy, or let ~/.zshrc say behind compinit
#   source <(mltidy completions zsh)
_mltidy_values() {
  local index line
  local -a store=() values=()
  for ((index = 2; index < CURRENT; index++)); do
    case $words[index] in
      --store|--config|--backups) store+=($words[index] $words[index+1]) ;;
      --store=*|--config=*|--backups=*|--no-config) store+=($words[index]) ;;
    esac
  done
  [[ -n $PREFIX ]] && store+=(--prefix $PREFIX)
  for line in "\${(@f)$($mltidy_program completions --values $1 $store 2>/dev/null)}"; do
    [[ -n $line ]] && values+=("\${line%% *}:\${line#* }")
  done
  _describe -t $1 $1 values
}

_mltidy() {
  local curcontext=$curcontext context state line mltidy_program=$words[1]
  typeset -A opt_args
  _arguments -C '1: :->task' '*:: :->rest'
  case $state in
    task)
      local -a tasks=(
${
    tasks.map(({ name, describe }) =>
      `        ${quoted(`${name.replaceAll(":", "\\:")}:${describe}`)}`
    )
      .join("\n")
  }
        'help:Show the tasks on one screen'
      )
      _describe task tasks
      ;;
    rest)
      case $words[1] in
${
    tasks.map(({ name, flags, operand, isMany }) =>
      `        ${name})
          _arguments ${
        [...flags.map(specOf), ...(operand === null ? [] : [operandSpec(operand, isMany)])]
          .join(" \\\n            ")
      }
          ;;`
    ).join("\n")
  }
      esac
      ;;
  esac
}

if [[ $funcstack[1] == _mltidy ]]; then
  _mltidy "$@"
else
  compdef _mltidy mltidy
fi
`;
}

function specOf({ name, short, describe, value }: CompletedFlag): string {
  const text = describe.replace(/[[\]:\\]/g, "\\$&");
  const tail = value === null ? "" : `: :${actionOf(value)}`;
  const form = value === null ? "" : "=";
  if (short === null) return quoted(`--${name}${form}[${text}]${tail}`);
  const both = quoted(`(-${short} --${name})`);
  return `${both}{-${short},--${name}${form}}${quoted(`[${text}]${tail}`)}`;
}

function operandSpec(operand: Completed, isMany: boolean): string {
  return operand.kind === "program"
    ? quoted("*:program:_default")
    : quoted(`${isMany ? "*" : "1"}: :${actionOf(operand)}`);
}

function actionOf(completed: Completed): string {
  switch (completed.kind) {
    case "files":
      return "_files";
    case "directories":
      return "_files -/";
    case "words":
      return `(${completed.words.join(" ")})`;
    case "values":
      // Without a space before it, it would be told how matches are shown, too.
      return ` _mltidy_values ${completed.of}`;
    default:
      return " ";
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
