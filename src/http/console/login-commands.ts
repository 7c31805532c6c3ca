/** Commands that use a token, to paste into a shell. */

interface LoginCommand {
  readonly program: string;
  readonly text: string;
}

/** Each program asks for the password, so that the token is in no history of a shell. */
export function loginCommands(service: string, username: string): readonly LoginCommand[] {
  const user = shellWord(username);
  return [
    { program: 'docker', text: `docker login ${service} --username ${user}` },
    { program: 'podman', text: `podman login ${service} --username ${user}` },
    { program: 'helm', text: `helm registry login ${service} --username ${user}` },
  ];
}

/** One word of a POSIX shell, whatever the name is. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
