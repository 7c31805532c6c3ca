const MAX_TEXT = 200;

/** A value from a token for a log line or a terminal: JSON without control characters, cut to 200 characters. */
export function forLog(value: unknown): string {
  const text = (JSON.stringify(value) ?? 'nothing').replaceAll(/\p{C}+/gu, ' ');
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
