/** Markdown documents: their shell commands, links and headings. */
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

export interface Link {
  /** As written, without the anchor; empty: the document itself. */
  readonly file: string;
  readonly anchor: string | undefined;
}

/** The links of a document to files, without those to other sites. */
export function linksIn(text: string): readonly Link[] {
  const prose = text.replaceAll(/^ *```.*?^ *```$/gms, '');
  return [...prose.matchAll(/\]\(([^)#:\s]*)(?:#([^)\s]+))?\)/g)].map(([, file = '', anchor]) => ({ file, anchor }));
}

/** The anchors of the headings of a document, as GitHub makes them. */
export function anchorsIn(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}
