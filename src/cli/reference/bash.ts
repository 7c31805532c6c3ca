/** Completion for bash. */
import { withDescendants } from './describe.ts';
import type { CommandDescription } from './describe.ts';
import { quoted } from './shell-text.ts';

export function bashCompletion(program: CommandDescription): string {
  const commands = withDescendants(program);
  return `# bash completion for fairlead
_fairlead() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command=fairlead word choices=''
  # A word of the command line that continues the command, such as "tokens" and "list".
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$command $word" in
${commands
  .filter(({ words }) => words.length > 1)
  .map(({ words }) => `      ${quoted(words.join(' '))}) command="$command $word" ;;`)
  .join('\n')}
    esac
  done
  COMPREPLY=()
  case "$command $previous" in
${commands.flatMap(valueCases).join('\n')}
  esac
  case "$command" in
${commands.map(({ words, ...command }) => `    ${quoted(words.join(' '))}) choices=${quoted(candidates(command).join(' '))} ;;`).join('\n')}
  esac
  # Without a candidate, bash completes the names of files.
  mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
}
complete -o default -F _fairlead fairlead
`;
}

/** The values of options. An option with a value of any form is completed as a file. */
function valueCases({ words, options }: CommandDescription): readonly string[] {
  return options
    .filter(({ value }) => value !== undefined)
    .map(({ names, choices }) => {
      const pattern = names.map((name) => quoted([...words, name].join(' '))).join('|');
      const candidatesLine = `mapfile -t COMPREPLY < <(compgen -W ${quoted(choices.join(' '))} -- "$current"); `;
      return `    ${pattern}) ${choices.length === 0 ? '' : candidatesLine}return ;;`;
    });
}

function candidates({ options, parameters, children }: Omit<CommandDescription, 'words'>): readonly string[] {
  return [
    ...children.map(({ words }) => words.at(-1) ?? ''),
    ...parameters.flatMap(({ choices }) => choices),
    ...options.flatMap(({ names }) => names),
  ];
}
