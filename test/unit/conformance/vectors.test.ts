/** The data and the list of checks: readable by other languages, complete, and without dangling references. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LEVELS } from '../../../src/conformance/check.ts';
import { CHECKS } from '../../../src/conformance/checks/index.ts';
import { descriptionSchema } from '../../../src/conformance/description/schema.ts';
import { PLACEHOLDERS } from '../../../src/conformance/placeholders.ts';
import { hostileVectors, requestVectors, scopeVectors, VECTOR_SCHEMAS } from '../../../src/conformance/vectors.ts';
import { tokenVectors } from '../../support/vectors.ts';

const FOLDER = resolve(import.meta.dirname, '../../../src/conformance/vectors');
const IDS = CHECKS.map(({ id }) => id);

const schemaText = (schema: z.ZodType): string =>
  `${JSON.stringify(z.toJSONSchema(schema, { io: 'input' }), undefined, 2)}\n`;

describe('the vectors', () => {
  it.each(Object.entries(VECTOR_SCHEMAS))(
    'of %s have a JSON Schema that is current (vitest -u writes it)',
    async (name, schema) => {
      await expect(schemaText(schema)).toMatchFileSnapshot(join(FOLDER, `${name}.schema.json`));
    },
  );

  it.each(Object.entries(VECTOR_SCHEMAS))('of %s satisfy their schema', async (name, schema) => {
    const { default: file } = (await import(join(FOLDER, `${name}.json`), { with: { type: 'json' } })) as {
      readonly default: unknown;
    };

    expect(schema.safeParse(file).error?.message).toBeUndefined();
  });

  it('are all read: each file of the folder is one of them', () => {
    const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json') && !name.endsWith('.schema.json'));

    expect(names.toSorted()).toEqual(
      Object.keys(VECTOR_SCHEMAS)
        .map((name) => `${name}.json`)
        .toSorted(),
    );
  });

  it('have ids that occur once, in the order of a person who looks for one', () => {
    for (const vectors of [requestVectors, scopeVectors, hostileVectors, tokenVectors]) {
      const ids = vectors.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });

  it('name placeholders that exist', () => {
    const text = JSON.stringify([requestVectors, scopeVectors, hostileVectors]);
    const names = [...text.matchAll(/\{([a-z_]+)\}/g)].map(([, name]) => name);

    expect(names.length).toBeGreaterThan(100);
    expect([...new Set(names)].filter((name) => !PLACEHOLDERS.includes(name ?? ''))).toEqual([]);
  });

  it('have the clients that the documentation promises', () => {
    const clients = requestVectors.map(({ client }) => client).join('\n');

    for (const name of [
      'docker',
      'containerd',
      'buildkit',
      'podman',
      'skopeo',
      'crane',
      'oras',
      'helm',
      'regctl',
      'jib',
      'kaniko',
      'kubelet',
    ])
      expect(clients).toContain(name);
  });
});

describe('the checks', () => {
  it('have ids of group and name that occur once', () => {
    expect(IDS.filter((id) => !/^[a-z]+\.[a-z0-9.-]+$/.test(id))).toEqual([]);
    expect(new Set(IDS).size).toBe(IDS.length);
    expect(IDS.length).toBeGreaterThan(150);
  });

  it('depend on checks that exist, and never on themselves through others', () => {
    const after = new Map(CHECKS.map((check) => [check.id, check.after ?? ['answer.token']]));
    const visit = (id: string, path: readonly string[]): void => {
      expect(IDS, path.join(' → ')).toContain(id);
      expect(path.indexOf(id), [...path, id].join(' → ')).toBe(-1);
      for (const needed of after.get(id) ?? []) if (needed !== id) visit(needed, [...path, id]);
    };

    for (const id of IDS) visit(id, []);
  });

  it.each(CHECKS)('say what they state, where it comes from and what breaks: $id', (check) => {
    expect(LEVELS).toContain(check.level);
    expect(check.title).toMatch(/^\S.*\S$/);
    expect(check.source).toMatch(/\d|RFC|CWE|measured|operation|Fetch Standard|OWASP|[a-z]\//i);
    expect(check.breaks).toMatch(/\.$/);
  });
});

describe('the documents', () => {
  it.each(['config/conformance.md', 'src/conformance/README.md', 'src/conformance/vectors/README.md'])(
    'name checks and groups that exist: %s',
    (name) => {
      const text = readFileSync(join(FOLDER, '../../..', name), 'utf8');
      const groups = new Set(IDS.map((id) => id.split('.')[0]));

      const named = [...text.matchAll(/`([a-z]+\.[a-z0-9.-]+)`/g)].map(([, id]) => id ?? '');
      const ofGroups = named.filter((id) => groups.has(id.split('.')[0]) && !id.endsWith('.json'));
      expect(ofGroups.filter((id) => !IDS.includes(id))).toEqual([]);
      const listed = [...text.matchAll(/^\| `([a-z]+)`(?:, `([a-z]+)`)? \|/gm)].flatMap(([, ...names]) => names);
      if (name === 'src/conformance/README.md')
        expect([...groups].filter((group) => !listed.includes(group ?? ''))).toEqual([]);
    },
  );
});

describe('the schema of the server file', () => {
  it('is current (vitest -u writes it)', async () => {
    await expect(schemaText(descriptionSchema)).toMatchFileSnapshot(join(FOLDER, '../server.schema.json'));
  });
});
