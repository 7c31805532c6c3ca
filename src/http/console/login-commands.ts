/** Commands that use a token, to paste into a shell. */

interface LoginCommand {
  readonly program: string;
  /** The words as they are typed, with quotes where a shell needs them. */
  readonly words: readonly string[];
}

/** Each program asks for the password, so that the token is in no history of a shell. */
export function loginCommands(service: string, username: string): readonly LoginCommand[] {
  const rest = ['login', service, '--username', shellWord(username)];
  return [
    { program: 'docker', words: ['docker', ...rest] },
    { program: 'podman', words: ['podman', ...rest] },
    { program: 'helm', words: ['helm', 'registry', ...rest] },
  ];
}

/** One word of a POSIX shell, whatever the name is. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
