/** `fairlead completion`: prints a script by which a shell completes command lines of fairlead. */
import { Argument } from 'commander';
import type { Command } from 'commander';
import { createPlainCommand } from '../command.ts';
import type { Run } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output } from '../output.ts';
import { createProgram } from '../program.ts';
import { bashCompletion } from '../reference/bash.ts';
import { describeCommand } from '../reference/describe.ts';
import { fishCompletion } from '../reference/fish.ts';
import { zshCompletion } from '../reference/zsh.ts';

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;
type Shell = keyof typeof SCRIPTS;

const INSTALL = `
Write it to the folder of your shell:
  fairlead completion bash > ~/.local/share/bash-completion/completions/fairlead
  fairlead completion zsh > "\${fpath[1]}/_fairlead"
  fairlead completion fish > ~/.config/fish/completions/fairlead.fish`;

export function completionCommand(run: Run): Command {
  return createPlainCommand('completion', 'Print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(SCRIPTS)))
    .addHelpText('after', INSTALL)
    .action((shell: Shell, options: { readonly format: 'human' | 'json' }) =>
      run((_options, output) => complete(shell, run, output))(options),
    );
}

async function complete(shell: Shell, run: Run, output: Output): Promise<number> {
  const script = SCRIPTS[shell](describeCommand(await createProgram(run)));
  output.result([script.trimEnd()], { script });
  return EXIT.ok;
}
