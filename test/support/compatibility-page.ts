/** The tables of the compatibility page: what the users of each client read. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Result } from './process.ts';

const PAGE = resolve(import.meta.dirname, '../../config/compatibility.md');

/**
 * What the page says that the user of a client reads.
 *
 * @param situation the head of a column, which only one table has
 * @returns the text between backticks in the cell; undefined when the cell has none
 * @throws Error when no table has the column, or that table has no row of the client
 */
export async function pageText(client: string, situation: string): Promise<string | undefined> {
  const tables = (await readFile(PAGE, 'utf8')).split(/\n(?!\|)/).map((part) => part.split('\n').map(cellsOf));
  for (const table of tables) {
    const head = table.findIndex((cells) => cells.includes(situation));
    const row = table.slice(head + 1).find(([name]) => name === client);
    if (head === -1) continue;
    if (row === undefined) break;
    return /`([^`]+)`/.exec(row[table[head]?.indexOf(situation) ?? 0] ?? '')?.[1];
  }
  throw new Error(`the page does not have ${client}, ${situation}`);
}

/** The cells of a row of a table. */
function cellsOf(line: string): readonly string[] {
  return line.replaceAll(/^\| | \|$/g, '').split(' | ');
}

/** All that a client printed. `ID` stands for the id of the request, as on the page. */
export function printed({ stdout, stderr }: Result): string {
  return `${stdout}${stderr}`.replaceAll(/\(request [0-9a-f-]{36}\)/g, '(request ID)');
}
