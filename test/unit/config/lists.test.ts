/** Each list of the sample files, written as a single text. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isScalar, isSeq, parseDocument, visit } from 'yaml';
import type { Document } from 'yaml';
import { loadBroker, loadPolicy } from '../../../src/config/load.ts';
import { problemsOf, writtenFiles } from './written-files.ts';

const CONFIG = resolve(import.meta.dirname, '../../../config');
/** Keys whose value may be a text or a list. */
const ACCEPT_A_TEXT = new Set(['allow', 'deny']);

/** The document with one of its lists of texts replaced by the first entry; undefined: it has no more of them. */
function withoutBrackets(text: string, index: number): { readonly text: string; readonly entry: string } | undefined {
  const document: Document = parseDocument(text);
  let seen = 0;
  let entry: string | undefined;
  visit(document, {
    Pair: (_key, pair) => {
      if (!isSeq(pair.value) || (isScalar(pair.key) && ACCEPT_A_TEXT.has(String(pair.key.value)))) return undefined;
      const [first] = pair.value.items;
      if (!isScalar(first) || typeof first.value !== 'string' || seen++ !== index) return undefined;
      entry = first.value;
      pair.value = first;
      return visit.BREAK;
    },
  });
  return entry === undefined ? undefined : { text: document.toString(), entry };
}

describe('a list that is written without brackets', () => {
  it.each([
    ['examples/full.yaml', (path: string) => loadBroker(path, { secrets: 'unused' }), 5],
    ['examples/active-directory.yaml', (path: string) => loadBroker(path, { secrets: 'unused' }), 1],
    ['policy.yaml', (path: string) => loadPolicy(path), 8],
  ])('is one problem in %s, with the list to write', async (sample, load, least) => {
    await using files = await writtenFiles();
    const content = await readFile(join(CONFIG, sample), 'utf8');
    let lists = 0;

    for (let change = withoutBrackets(content, lists); change !== undefined; change = withoutBrackets(content, lists)) {
      const path = await files.write('a.yaml', change.text);
      const found = await problemsOf(files, async () => {
        await load(path);
        throw new Error(`a text is accepted in the place of the list with ${change?.entry}`);
      });

      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(/found ".*", expected a list: write \[.*\]$/);
      expect(found[0]).toContain(change.entry);
      lists += 1;
    }

    expect(lists).toBeGreaterThanOrEqual(least);
  });
});
