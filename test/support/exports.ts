/** Finds what sources export although no other file imports it. */
import { dirname, resolve } from 'node:path';

/** The text of each file by its absolute path. */
export type SourceTexts = ReadonlyMap<string, string>;

export interface UnusedExport {
  readonly file: string;
  readonly name: string;
}

const DECLARED = /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|class|interface|type) (\w+)/gm;
const REEXPORTED = /^export (?:type )?\{([^}]*)\} from '([^']+)'/gm;
const IMPORTED = /^(?:import|export) (?:type )?\{([^}]*)\} from '([^']+)'/gm;
const IMPORTED_LATER = /const \{([^}]*)\} = await import\('([^']+)'\)/g;
const MEMBER_OF_IMPORT = /\(await import\('([^']+)'\)\)\.(\w+)/g;

/**
 * @param sources the files whose exports are looked for
 * @param importers all files that may import them, the sources included
 */
export function unusedExports(sources: SourceTexts, importers: SourceTexts): readonly UnusedExport[] {
  const imported = new Set([...importers].flatMap(([file, text]) => importsOf(file, text)));
  return [...sources].flatMap(([file, text]) =>
    exportsOf(text).flatMap((name) => (imported.has(`${file} ${name}`) ? [] : [{ file, name }])),
  );
}

function exportsOf(text: string): readonly string[] {
  const declared = [...text.matchAll(DECLARED)].map(([, name = '']) => name);
  const reexported = [...text.matchAll(REEXPORTED)].flatMap(([, list = '']) => names(list, 'there'));
  return [...declared, ...reexported];
}

function importsOf(file: string, text: string): readonly string[] {
  const lists = [...text.matchAll(IMPORTED), ...text.matchAll(IMPORTED_LATER)].map(([, list, specifier]) => [
    list,
    specifier,
  ]);
  const members = [...text.matchAll(MEMBER_OF_IMPORT)].map(([, specifier, member]) => [member, specifier]);
  return [...lists, ...members].flatMap(([list = '', specifier = '']) =>
    specifier.startsWith('.') ? names(list, 'here').map((name) => `${resolve(dirname(file), specifier)} ${name}`) : [],
  );
}

/** The names in `a, type b, c as d`: `c` is its name where it comes from (`here`), `d` where it goes (`there`). */
function names(list: string, side: 'here' | 'there'): readonly string[] {
  return list.split(',').flatMap((item) => {
    const [own = '', other = own] = item
      .trim()
      .replace(/^type /, '')
      .split(/ as |: /);
    const name = side === 'here' ? own : other;
    return name === '' ? [] : [name];
  });
}
