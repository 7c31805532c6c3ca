/** Reads YAML and JSON of other programs as leniently as they do, with the line of each value. */
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter } from 'yaml';
import type { Document, Node } from 'yaml';
import { NestingError, parseYaml } from '../backends/bounded-yaml.ts';
import { ConfigError } from '../config/problems.ts';
import { readTextFile, shownPath } from '../config/read-text.ts';

export interface ForeignEntry {
  readonly key: string;
  /** Counted from 1. */
  readonly line: number;
  readonly value: ForeignNode;
}

export type ForeignNode = { readonly line: number } & (
  | { readonly kind: 'map'; readonly entries: readonly ForeignEntry[] }
  | { readonly kind: 'list'; readonly items: readonly ForeignNode[] }
  /** The text as written, whatever its YAML type: `yes`, `007`. */
  | { readonly kind: 'scalar'; readonly text: string }
  | { readonly kind: 'null' }
);

export interface ForeignFile {
  /** The file name for messages. */
  readonly file: string;
  readonly root: ForeignNode;
  /** Duplicate keys of a mapping. The last one counts. */
  readonly repeated: readonly ForeignEntry[];
}

const MAX_BYTES = 16 * 1024 * 1024;
/** The bound includes the expansion of aliases. */
const MAX_NODES = 1_000_000;

/** @throws ConfigError if the file cannot be read or is not YAML */
export async function readForeignYaml(path: string): Promise<ForeignFile> {
  const { text } = await readTextFile(path, MAX_BYTES);
  return parseForeignYaml(text, shownPath(path));
}

/** @throws ConfigError if the text is not YAML */
export function parseForeignYaml(text: string, file: string): ForeignFile {
  const lines = new LineCounter();
  const refuse = (line: number, message: string): never => {
    throw new ConfigError([{ file, line, column: 1, path: '', message }]);
  };
  const document = parse(text, lines);
  if (document instanceof NestingError) return refuse(lines.linePos(document.offset).line, 'is nested too deeply');
  const [fault] = document.errors;
  // The messages of the yaml package quote the text, which may be a password.
  if (fault?.code === 'MULTIPLE_DOCS')
    refuse(
      lines.linePos(fault.pos[0]).line,
      'found several YAML documents, expected one: write the one to import to a file',
    );
  if (fault !== undefined)
    refuse(lines.linePos(fault.pos[0]).line, `found text that is not valid YAML (${fault.code})`);
  const repeated: ForeignEntry[] = [];
  const reader = new Reader(document, lines, repeated);
  const root = reader.read(document.contents, 1, 0);
  return root === undefined ? refuse(1, 'has aliases that expand to too much') : { file, root, repeated };
}

function parse(text: string, lineCounter: LineCounter): Document | NestingError {
  try {
    return parseYaml(text, {
      version: '1.1',
      lineCounter,
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: 'silent',
    });
  } catch (error) {
    if (error instanceof NestingError) return error;
    throw error;
  }
}

const MAX_DEPTH = 64;

class Reader {
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #repeated: ForeignEntry[];
  #count = 0;

  constructor(document: Document, lines: LineCounter, repeated: ForeignEntry[]) {
    this.#document = document;
    this.#lines = lines;
    this.#repeated = repeated;
  }

  /** @returns undefined if it exceeds the bound */
  read(written: unknown, above: number, depth: number): ForeignNode | undefined {
    this.#count += 1;
    if (this.#count > MAX_NODES || depth > MAX_DEPTH) return undefined;
    const node = this.#resolve(written);
    const line = this.#lineOf(isNode(written) ? written : undefined) ?? above;
    if (isMap(node)) {
      const entries = new Map<string, ForeignEntry>();
      for (const { key, value } of node.items) {
        const keyLine = this.#lineOf(isNode(key) ? key : undefined) ?? line;
        const read = this.read(value, keyLine, depth + 1);
        if (read === undefined) return undefined;
        this.#add(entries, { key: textOf(this.#resolve(key)) ?? '', line: keyLine, value: read });
      }
      return { kind: 'map', line, entries: [...entries.values()] };
    }
    if (isSeq(node)) {
      const items = node.items.map((item) => this.read(item, line, depth + 1));
      return items.every((item) => item !== undefined) ? { kind: 'list', line, items } : undefined;
    }
    const text = textOf(node);
    return text === undefined ? { kind: 'null', line } : { kind: 'scalar', line, text };
  }

  #add(entries: Map<string, ForeignEntry>, added: ForeignEntry): void {
    if (added.key === '<<') {
      const merged = added.value.kind === 'list' ? added.value.items : [added.value];
      for (const source of merged) {
        for (const other of source.kind === 'map' ? source.entries : [])
          if (!entries.has(other.key)) entries.set(other.key, other);
      }
      return;
    }
    if (entries.has(added.key)) this.#repeated.push(added);
    entries.set(added.key, added);
  }

  #resolve(node: unknown): Node | undefined {
    if (isAlias(node)) return node.resolve(this.#document);
    return isNode(node) ? node : undefined;
  }

  #lineOf(node: Node | undefined): number | undefined {
    const offset = node?.range?.[0];
    return offset === undefined ? undefined : this.#lines.linePos(offset).line;
  }
}

const NULLS = new Set(['', '~', 'null', 'Null', 'NULL']);

function textOf(node: Node | undefined): string | undefined {
  if (!isScalar(node)) return undefined;
  const isPlain = node.type === 'PLAIN' || node.type === undefined;
  const text = isPlain || typeof node.value !== 'string' ? (node.source ?? '') : node.value;
  return isPlain && NULLS.has(text) ? undefined : text;
}

/** The value under a key; undefined: there is none. */
export function child(node: ForeignNode | undefined, key: string): ForeignNode | undefined {
  return entry(node, key)?.value;
}

export function entry(node: ForeignNode | undefined, key: string): ForeignEntry | undefined {
  return node?.kind === 'map' ? node.entries.find((one) => one.key === key) : undefined;
}

export function entriesOf(node: ForeignNode | undefined): readonly ForeignEntry[] {
  return node?.kind === 'map' ? node.entries : [];
}

export function itemsOf(node: ForeignNode | undefined): readonly ForeignNode[] {
  return node?.kind === 'list' ? node.items : [];
}

export function textAt(node: ForeignNode | undefined, key?: string): string | undefined {
  const found = key === undefined ? node : child(node, key);
  return found?.kind === 'scalar' ? found.text : undefined;
}

/** The texts of a list. */
export function textsOf(node: ForeignNode | undefined): readonly string[] {
  return itemsOf(node).flatMap((item) => textAt(item) ?? []);
}

/** `true` as YAML 1.1 writes it. */
export function isTrue(node: ForeignNode | undefined): boolean {
  return /^(?:true|yes|on|y)$/i.test(textAt(node) ?? '');
}
