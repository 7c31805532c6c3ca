/** Completion for fish. */
import { withDescendants } from './describe.ts';
import type { CommandDescription } from './describe.ts';

export function fishCompletion(program: CommandDescription): string {
  const commands = withDescendants(program);
  const [, ...below] = commands;
  return `# fish completion for fairlead
function __fairlead_at
    set -l command fairlead
    for word in (commandline -opc)[2..]
        switch "$command $word"
            case ${below.map(({ words }) => quotedForFish(words.join(' '))).join(' ')}
                set command "$command $word"
        end
    end
    test "$command" = "$argv"
end
${commands.flatMap(linesOf).join('\n')}
`;
}

function linesOf({ words, options, parameters, children }: CommandDescription): readonly string[] {
  const start = `complete -c fairlead -n ${quotedForFish(`__fairlead_at ${words.join(' ')}`)}`;
  return [
    ...children.map(
      (child) => `${start} -f -a ${quotedForFish(child.words.at(-1) ?? '')} -d ${quotedForFish(child.summary)}`,
    ),
    ...parameters.flatMap(({ choices }) => choices.map((choice) => `${start} -f -a ${quotedForFish(choice)}`)),
    ...options.map(({ names, text, value, choices }) => {
      const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
      const values = choices.length > 0 ? ` -x -a ${quotedForFish(choices.join(' '))}` : ' -r';
      return `${start} ${flags.join(' ')}${value === undefined ? '' : values} -d ${quotedForFish(text)}`;
    }),
  ];
}

function quotedForFish(text: string): string {
  return `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
}
