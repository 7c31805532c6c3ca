/** Lines of comma-separated values (RFC 4180) that spreadsheets open. */

/**
 * What a spreadsheet may take for the beginning of a formula. A user name can be one, and a formula can send the rest of
 * the sheet elsewhere (OWASP, CSV Injection). A quote before it makes it a text. Where a comma is the decimal point,
 * spreadsheets split lines at semicolons, wherever the quotes are, so a formula can also begin within a value.
 */
const FORMULA = /(^|[;\t\r\n])(?="*[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20])/g;

export function csvLine(values: readonly string[]): string {
  return `${values.map(field).join(',')}\r\n`;
}

function field(value: string): string {
  const text = value.replaceAll(FORMULA, "$1'");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
