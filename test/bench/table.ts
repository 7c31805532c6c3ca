/** Prints a row of a table: the first cell to the left, the others to the right. */
export function printRow(...cells: readonly (string | number)[]): void {
  const [first = '', ...others] = cells;
  const shown = others.map((cell) => (typeof cell === 'number' ? numberText(cell) : cell).padStart(10));
  process.stdout.write(`${String(first).padEnd(38)}${shown.join('')}\n`);
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return '-';
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 3);
}
