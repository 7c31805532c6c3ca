/** Reads one YAML 1.2 document strictly, with the line and column of everything in it. */
import { dirname, resolve } from 'node:path';
import { LineCounter } from 'yaml';
import type { Document } from 'yaml';
import { NestingError, parseYaml } from '../backends/bounded-yaml.ts';
import { ConfigError, formatPath } from './problems.ts';
import type { ConfigProblem, Path } from './problems.ts';
import { readTextFile, shownPath } from './read-text.ts';
import { checkForm } from './yaml-form.ts';
import type { FormProblem, FormProblems } from './yaml-form.ts';
import { lastExisting } from './yaml-places.ts';

export interface YamlFile {
  /** The file for messages, see `shownPath`. */
  readonly file: string;
  /** Absolute path of the folder to which paths in the file are relative. */
  readonly folder: string;
  /** The first 12 hexadecimal digits of the SHA-256 of the file's bytes. */
  readonly revision: string;
  /** The content of the document as plain data, not yet checked. */
  readonly value: unknown;
  /** Problems with its form that do not keep it from being read, such as duplicate keys and tags. */
  readonly problems: readonly ConfigProblem[];
  /**
   * A problem at a value, or at its nearest ancestor if the path does not exist.
   *
   * @param at `key`: at the last key of the path instead of its value
   */
  problem(path: Path, message: string, at?: 'key' | 'value'): ConfigProblem;
  /** The part of a path that exists. */
  existing(path: Path): Path;
  /** The line, counted from 1, of the value at a path. */
  line(path: Path): number;
}

/** @throws ConfigError when the file cannot be read or is not one well-formed YAML document. */
export async function loadYaml(path: string, options: { readonly maxBytes: number }): Promise<YamlFile> {
  const absolute = resolve(path);
  const { text, revision } = await readTextFile(absolute, options.maxBytes);
  return yamlOf(text, { file: shownPath(absolute), folder: dirname(absolute), revision });
}

/**
 * The same of a text that is already there.
 *
 * @param source what messages call it, and to which folder its paths are relative
 * @throws ConfigError when it is not one well-formed YAML document
 */
export function yamlOf(text: string, source: Pick<YamlFile, 'file' | 'folder' | 'revision'>): YamlFile {
  const { file } = source;
  const lines = new LineCounter();
  const at = (offset: number, path_: string, message: string): ConfigProblem => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), path: path_, message };
  };

  const read = readDocument(text, lines);
  if ('tooDeepAt' in read) throw new ConfigError([at(read.tooDeepAt, '', 'is nested too deeply')]);
  const { document, malformed, improper } = read;
  const placed = (faults: readonly FormProblem[]) => faults.map(({ offset, message }) => at(offset, '', message));
  if (malformed.length > 0) throw new ConfigError(placed([...malformed, ...improper]));

  return {
    ...source,
    value: read.value,
    problems: placed(improper),
    problem: (path_, message, part = 'value') =>
      at(lastExisting(document, path_, part).offset, formatPath(path_), message),
    existing: (path_) => path_.slice(0, lastExisting(document, path_, 'value').depth),
    line: (path_) => lines.linePos(lastExisting(document, path_, 'value').offset).line,
  };
}

interface ReadDocument extends FormProblems {
  readonly document: Document;
  readonly value: unknown;
}

function readDocument(text: string, lineCounter: LineCounter): ReadDocument | { readonly tooDeepAt: number } {
  try {
    const document = parseYaml(text, {
      version: '1.2',
      lineCounter,
      prettyErrors: false,
      stringKeys: true,
      // The package compares all pairs of keys, which takes seconds for a long list: `checkForm` is faster.
      uniqueKeys: false,
    });
    const form = checkForm(document, text, lineCounter);
    if (form.malformed.length > 0) return { document, value: undefined, ...form };
    return { document, ...form, ...plainValue(document, form) };
  } catch (error) {
    if (error instanceof NestingError) return { tooDeepAt: error.offset };
    throw error;
  }
}

function plainValue(document: Document, { malformed }: FormProblems): Pick<ReadDocument, 'value' | 'malformed'> {
  try {
    // The limit is on the expanded document: a few aliases can expand to millions of values.
    return { value: document.toJS({ maxAliasCount: 100 }), malformed };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const message = 'found aliases that expand to too much, expected the values written out';
    return { value: undefined, malformed: [...malformed, { offset: 0, message }] };
  }
}
