/** Lines of comma-separated values (RFC 4180) that spreadsheets open. */

/**
 * What a spreadsheet may take for the beginning of a formula. A user name can be one, and a formula can send the rest of
 * the sheet elsewhere (OWASP, CSV Injection). A quote before it makes it a text.
 */
const FORMULA = /^[=+\-@\t\r]/;

export function csvLine(values: readonly string[]): string {
  return `${values.map(field).join(',')}\r\n`;
}

function field(value: string): string {
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
