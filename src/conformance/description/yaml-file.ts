/** Reads a YAML file against a schema. Problems are reported with line and column. */
import { readFile, stat } from 'node:fs/promises';
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';
import type { z } from 'zod';

const MAX_BYTES = 256 * 1024;

/** A file that cannot be used. The message has one line for each problem, and no value that could be a secret. */
export class DescriptionError extends Error {
  override readonly name = 'DescriptionError';
}

/** @throws DescriptionError when it cannot be read or does not have the form of the schema */
export async function readYaml<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  const text = await readText(file);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const at = (offset: number, message: string): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}: ${message}`;
  };
  const malformed = [...document.errors, ...document.warnings];
  if (malformed.length > 0) {
    throw new DescriptionError(malformed.map(({ pos, message }) => at(pos[0], firstLine(message))).join('\n'));
  }
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 10 }));
  if (parsed.success) return parsed.data;
  throw new DescriptionError(
    parsed.error.issues
      .flatMap((issue) => problemsOf(issue))
      .map(({ path, message }) =>
        at(offsetOf(document, path), `${path.join('.')}${path.length > 0 ? ': ' : ''}${message}`),
      )
      .join('\n'),
  );
}

export async function readText(file: string): Promise<string> {
  try {
    if ((await stat(file)).size > MAX_BYTES) throw new DescriptionError(`${file}: is larger than 256 KiB`);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof DescriptionError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new DescriptionError(`${file}: cannot be read (${code})`, { cause: error });
  }
}

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A key that the schema does not have is reported at the key itself. */
function problemsOf(issue: z.core.$ZodIssue): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'is not a key of this file' }));
  }
  const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  return [{ path: issue.path, message: isMissing ? 'is missing' : firstLine(issue.message) }];
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const step of path) {
    const next = childOf(node, step);
    if (next === undefined) return offset;
    offset = next.offset;
    node = next.value;
  }
  return offset;
}

function childOf(node: unknown, step: PropertyKey): { readonly value: unknown; readonly offset: number } | undefined {
  if (isSeq(node)) {
    const item = typeof step === 'number' ? node.items[step] : undefined;
    return isNode(item) ? { value: item, offset: startOf(item) } : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  if (pair === undefined || !isNode(pair.key)) return undefined;
  return { value: pair.value, offset: startOf(pair.key) };
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
