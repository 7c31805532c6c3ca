/** Completion for zsh. */
import { withDescendants } from './describe.ts';
import type { CommandDescription, OptionDescription, ParameterDescription } from './describe.ts';
import { quoted } from './shell-text.ts';

export function zshCompletion(program: CommandDescription): string {
  return `#compdef fairlead
# zsh completion for fairlead
${withDescendants(program).map(commandFunction).join('')}
# Loaded from fpath, this file is the function itself.
if [[ $funcstack[1] == _fairlead ]]; then
  _fairlead "$@"
else
  compdef _fairlead fairlead
fi
`;
}

const functionName = (words: readonly string[]): string => `_${words.join('_').replaceAll('-', '_')}`;

function commandFunction({ words, options, parameters, children }: CommandDescription): string {
  const specs = [...options.map(optionSpec), ...parameters.map(parameterSpec)];
  if (children.length === 0) return `${functionName(words)}() {\n  _arguments -s ${specs.join(' \\\n    ')}\n}\n`;
  const described = children.map((child) => quoted(`${child.words.at(-1) ?? ''}:${child.summary}`));
  return `${functionName(words)}() {
  local line state
  _arguments -s -C ${[...specs, "'1: :->command'", "'*:: :->arguments'"].join(' \\\n    ')}
  case $state in
    command)
      local -a commands=(
${described.map((text) => `        ${text}`).join('\n')}
      )
      _describe command commands ;;
    arguments)
      case $line[1] in
${children.map((child) => `        ${child.words.at(-1) ?? ''}) ${functionName(child.words)} ;;`).join('\n')}
      esac ;;
  esac
}
`;
}

function optionSpec({ names, text, value, choices }: OptionDescription): string {
  const action = value === undefined ? '' : `:${value}:${choices.length > 0 ? `(${choices.join(' ')})` : '_files'}`;
  const exclusive = names.length > 1 ? `(${names.join(' ')})` : '';
  const named = names.length > 1 ? `{${names.join(',')}}` : (names[0] ?? '');
  const description = `[${text.replaceAll(/[[\]\\]/g, String.raw`\$&`)}]${action}`;
  // Braces are expanded only outside of quotes.
  return names.length > 1 ? `${quoted(exclusive)}${named}${quoted(description)}` : quoted(`${named}${description}`);
}

function parameterSpec({ name, isRequired, isList, choices }: ParameterDescription, index: number): string {
  const position = isList ? '*' : `${index + 1}`;
  const action = choices.length > 0 ? `(${choices.join(' ')})` : '_files';
  return quoted(`${position}${isRequired || isList ? ':' : '::'}${name}:${action}`);
}
