/** A word of bash, zsh or a shell like them, whatever characters it has. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
