/** What stands in a token, for a log line or a terminal: as JSON on one line, and not long. */
const MAX_TEXT = 200;

export function printable(value: unknown): string {
  const text = (JSON.stringify(value) ?? 'nothing').replaceAll(/\p{C}+/gu, ' ');
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
