/** Commands that use a token, to paste into a shell. */

interface LoginCommand {
  readonly program: string;
  /** The words as they are typed, with quotes where a shell needs them. */
  readonly words: readonly string[];
  /** How the token is entered, where the program does not ask for a password. */
  readonly note?: string;
}

/** The token is read from the keyboard, so that it is in no history of a shell and in no list of processes. */
export function loginCommands(service: string, username: string): readonly LoginCommand[] {
  const rest = ['login', service, '--username', shellWord(username)];
  return [
    { program: 'docker', words: ['docker', ...rest] },
    { program: 'podman', words: ['podman', ...rest] },
    { program: 'skopeo', words: ['skopeo', ...rest] },
    { program: 'helm', words: ['helm', 'registry', ...rest] },
    {
      program: 'crane',
      // crane never asks: it takes the password from an option or from standard input. `printf` is part of the shell,
      // and the parentheses end the variable with the command.
      words: [...'(read -rs token && printf %s "$token" | crane auth'.split(' '), ...rest, '--password-stdin)'],
      note: 'In bash or zsh. It shows nothing while it waits: paste the token, and press Enter.',
    },
  ];
}

/** One word of a POSIX shell, whatever the name is. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
