/** Shell commands that a document tells its reader to type. */
import { readFileSync } from 'node:fs';

export interface ShellBlock {
  /** The nearest heading above. */
  readonly heading: string;
  readonly line: number;
  readonly text: string;
}

export function shellBlocks(path: string): readonly ShellBlock[] {
  const blocks: ShellBlock[] = [];
  let heading = '';
  let open: { readonly line: number; readonly lines: string[] } | undefined;
  for (const [index, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    if (open !== undefined) {
      if (line.trim() === '```') {
        blocks.push({ heading, line: open.line, text: open.lines.join('\n') });
        open = undefined;
      } else open.lines.push(line);
    } else if (line.trim() === '```sh') open = { line: index + 2, lines: [] };
    else if (line.startsWith('#')) heading = line.replace(/^#+ /, '');
  }
  return blocks;
}
