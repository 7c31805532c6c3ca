/**
 * The API keeps its promise: within a version, only additions. `openapi-v1.json` is the description of the last release;
 * CONTRIBUTING.md says when it is replaced.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openApiDocument } from '../../src/http/api/openapi.ts';
import type { Operation } from '../../src/http/api/operation.ts';
import { OPERATION_IDS, operations } from '../../src/http/api/operations.ts';
import { breakingChanges } from '../support/openapi-changes.ts';

type Json = Record<string, unknown>;

const RELEASED = JSON.parse(readFileSync(join(import.meta.dirname, 'openapi-v1.json'), 'utf8')) as Json;

/** A copy of the released document, for a test to change. */
const copy = (): Json => structuredClone(RELEASED);

/** The value at a path of names. */
function at(document: Json, ...names: readonly string[]): Json {
  let value: unknown = document;
  for (const name of names) value = (value as Json)[name];
  return value as Json;
}

/** The schemas of all bodies and queries. */
function requestSchemas(): readonly (readonly [string, Json])[] {
  return OPERATION_IDS.flatMap((id) => {
    const operation: Operation = operations[id];
    const schema = operation.body ?? operation.query;
    return schema === undefined ? [] : [[id, z.toJSONSchema(schema, { io: 'input' }) as Json] as const];
  });
}

/** The places in a schema where a request can be of any size. */
function unlimitedIn(schema: Json, place: string): readonly string[] {
  const forms = [schema['anyOf'], schema['oneOf']].flatMap((list) => (Array.isArray(list) ? (list as Json[]) : []));
  const found = forms.flatMap((form) => unlimitedIn(form, place));
  const isShort = ['maxLength', 'enum', 'const', 'format'].some((key) => key in schema);
  switch (schema['type']) {
    case 'string':
      return isShort ? found : [...found, `${place} has no maxLength`];
    case 'integer':
    case 'number':
      return 'maximum' in schema ? found : [...found, `${place} has no maximum`];
    case 'array':
      return [
        ...('maxItems' in schema ? found : [...found, `${place} has no maxItems`]),
        ...unlimitedIn(at(schema, 'items'), `${place}[]`),
      ];
    case 'object':
      return [
        ...(schema['additionalProperties'] === false ? found : [...found, `${place} accepts any field`]),
        ...Object.entries(schema['properties'] as Record<string, Json>).flatMap(([name, inner]) =>
          unlimitedIn(inner, `${place}.${name}`),
        ),
      ];
    default:
      return found;
  }
}

describe('the description of the API', () => {
  it('is a valid OpenAPI 3.1 document', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(openApiDocument()) as Json);

    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  });

  it('is refused by the validator when it is none: the test can fail', async () => {
    const { valid } = await new Validator().validate({ ...structuredClone(openApiDocument()), paths: { status: 7 } });

    expect(valid).toBe(false);
  });

  it('has every operation', () => {
    const ids = Object.values(openApiDocument()['paths'] as Record<string, Record<string, Json>>).flatMap((methods) =>
      Object.values(methods).map((operation) => operation['operationId']),
    );

    expect(new Set(ids)).toEqual(new Set(OPERATION_IDS));
    expect(ids).toHaveLength(OPERATION_IDS.length);
  });

  it('gives every text, list and number of a request a limit, and refuses fields that it does not have', () => {
    const unlimited = requestSchemas().flatMap(([id, schema]) => unlimitedIn(schema, id));

    expect(requestSchemas().length).toBeGreaterThan(10);
    expect(unlimited).toEqual([]);
    expect(
      unlimitedIn({ type: 'object', properties: { a: { type: 'array', items: { type: 'string' } } } }, 'x'),
    ).toEqual(['x accepts any field', 'x.a has no maxItems', 'x.a[] has no maxLength']);
  });

  it('breaks nothing that the last release described', () => {
    expect(breakingChanges(RELEASED, openApiDocument() as Json)).toEqual([]);
  });
});

describe('the comparison of two descriptions', () => {
  it('finds no break between equal ones', () => {
    expect(breakingChanges(RELEASED, copy())).toEqual([]);
  });

  it.each(Object.keys(at(RELEASED, 'paths')))('finds that %s is removed', (path) => {
    const changed = copy();
    delete at(changed, 'paths')[path];

    expect(breakingChanges(RELEASED, changed).join('\n')).toContain(`${path} is removed`);
  });

  it.each(Object.keys(at(RELEASED, 'components', 'schemas')))('finds each field that %s loses', (schema) => {
    const fields = Object.keys(at(RELEASED, 'components', 'schemas', schema)['properties'] ?? {});
    for (const field of fields) {
      const changed = copy();
      delete at(changed, 'components', 'schemas', schema, 'properties')[field];

      expect(breakingChanges(RELEASED, changed).join('\n')).toContain(`.${field} is removed`);
    }
  });

  it('finds each value that an enumeration loses', () => {
    let count = 0;
    const visit = (value: unknown, path: readonly string[]): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [name, inner] of Object.entries(value)) visit(inner, [...path, name]);
      const values: unknown = (value as Json)['enum'];
      if (!Array.isArray(values)) return;
      count += 1;
      const changed = copy();
      at(changed, ...path)['enum'] = values.slice(1);
      expect(breakingChanges(RELEASED, changed).join('\n')).toContain(`has no value ${String(values[0])} any more`);
    };
    visit(RELEASED['components'], ['components']);

    expect(count).toBeGreaterThan(8);
  });

  it.each([
    [
      'a request field that is required now',
      (document: Json) => {
        const request = at(document, 'components', 'schemas', 'FlushRequest');
        request['required'] = ['backend'];
      },
      'POST /flush body.backend is required now',
    ],
    [
      'a new request field that is required',
      (document: Json) => {
        const request = at(document, 'components', 'schemas', 'ProbeRequest');
        at(request, 'properties')['reason'] = { type: 'string' };
        request['required'] = ['backend', 'reason'];
      },
      'POST /backends/probe body.reason is required now',
    ],
    [
      'a query parameter that is required now',
      (document: Json) => {
        const parameters = at(document, 'paths', '/refresh-tokens', 'get')['parameters'] as Json[];
        Object.assign(parameters[0] ?? {}, { required: true });
      },
      'GET /refresh-tokens query.user is required now',
    ],
    [
      'a field of an answer that may be absent now',
      (document: Json) => {
        at(document, 'components', 'schemas', 'Backend')['required'] = ['name', 'type', 'problem'];
      },
      'GET /backends answer 200.backends[].state may be absent now',
    ],
    [
      'another type',
      (document: Json) => {
        at(document, 'components', 'schemas', 'Backend', 'properties', 'name')['type'] = 'integer';
      },
      'GET /backends answer 200.backends[].name has another type',
    ],
    [
      'a tighter limit of a request',
      (document: Json) => {
        at(document, 'components', 'schemas', 'CheckLeakRequest', 'properties', 'text')['maxLength'] = 10;
      },
      'POST /tokens/check-leak body.text has a tighter maxLength',
    ],
    [
      'a response that is removed',
      (document: Json) => void delete at(document, 'paths', '/brokers', 'get', 'responses')['409'],
      'GET /brokers answer 409 is removed',
    ],
    [
      'more access that is needed',
      (document: Json) => {
        at(document, 'paths', '/status', 'get')['x-fairlead-access'] = 'admin';
      },
      'GET /status needs more access',
    ],
  ])('finds %s', (_what, change, found) => {
    const changed = copy();
    change(changed);

    expect(breakingChanges(RELEASED, changed)).toContain(found);
  });

  it.each([
    ['a new operation', (document: Json) => void (at(document, 'paths')['/new'] = { get: {} })],
    [
      'a new field of an answer',
      (document: Json) =>
        void (at(document, 'components', 'schemas', 'Status', 'properties')['new'] = { type: 'string' }),
    ],
    [
      'a new field of a request that may be absent',
      (document: Json) =>
        void (at(document, 'components', 'schemas', 'FlushRequest', 'properties')['new'] = { type: 'string' }),
    ],
  ])('allows %s', (_what, change) => {
    const changed = copy();
    change(changed);

    expect(breakingChanges(RELEASED, changed)).toEqual([]);
  });
});
