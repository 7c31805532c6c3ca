/**
 * Finds what breaks clients between two OpenAPI documents of the API. Requests may only accept more, and answers may only
 * say more. It knows the parts of JSON Schema that the documents use, and takes any other difference for a break.
 */

type Json = Readonly<Record<string, unknown>>;

/** Whether clients send or read what a schema describes. */
type Direction = 'request' | 'answer';

interface Comparison {
  readonly before: Json;
  readonly after: Json;
  readonly direction: Direction;
  /** Places that are being compared, for schemas that contain themselves. */
  readonly seen: ReadonlySet<string>;
}

/** @returns a sentence for each break, with its place */
export function breakingChanges(before: Json, after: Json): readonly string[] {
  return Object.entries(fieldOf(before, 'paths')).flatMap(([path, methods]) =>
    Object.entries(objectOf(methods)).flatMap(([method, operation]) => {
      const where = `${method.toUpperCase()} ${path}`;
      const found = fieldOf(fieldOf(after, 'paths'), path)[method];
      if (found === undefined) return [`${where} is removed`];
      return operationChanges(where, objectOf(operation), objectOf(found), { before, after });
    }),
  );
}

type Documents = Pick<Comparison, 'before' | 'after'>;

function operationChanges(where: string, old: Json, now: Json, documents: Documents): readonly string[] {
  const levels = ['read', 'admin', 'operator'];
  const [oldLevel, level] = [old, now].map((one) => levels.indexOf(String(one['x-fairlead-access'])));
  return [
    ...((level ?? 0) > (oldLevel ?? 0) ? [`${where} needs more access`] : []),
    ...parameterChanges(where, old, now, documents),
    ...schemaChanges(`${where} body`, bodyOf(old), bodyOf(now), start(documents, 'request')),
    ...Object.entries(fieldOf(old, 'responses')).flatMap(([status, response]) => {
      const found = fieldOf(now, 'responses')[status];
      if (found === undefined) return [`${where} answer ${status} is removed`];
      const [was, is] = [contentOf(objectOf(response)), contentOf(objectOf(found))];
      return schemaChanges(`${where} answer ${status}`, was, is, start(documents, 'answer'));
    }),
  ];
}

function start(documents: Documents, direction: Direction): Comparison {
  return { ...documents, direction, seen: new Set() };
}

function parameterChanges(where: string, old: Json, now: Json, documents: Documents): readonly string[] {
  const [was, is] = [parametersOf(old), parametersOf(now)];
  const added = [...is].filter(([name, parameter]) => !was.has(name) && parameter['required'] === true);
  return [
    ...added.map(([name]) => `${where} query.${name} is required now`),
    ...[...was].flatMap(([name, parameter]) => {
      const found = is.get(name);
      if (found === undefined) return [`${where} query.${name} is removed`];
      const isRequired = found['required'] === true && parameter['required'] !== true;
      const schemas = [parameter, found].map((one) => fieldOf(one, 'schema'));
      return [
        ...(isRequired ? [`${where} query.${name} is required now`] : []),
        ...schemaChanges(`${where} query.${name}`, schemas[0], schemas[1], start(documents, 'request')),
      ];
    }),
  ];
}

function parametersOf(operation: Json): ReadonlyMap<string, Json> {
  const list = Array.isArray(operation['parameters']) ? (operation['parameters'] as readonly Json[]) : [];
  return new Map(list.map((parameter) => [String(parameter['name']), parameter]));
}

function bodyOf(operation: Json): Json | undefined {
  return operation['requestBody'] === undefined ? undefined : contentOf(fieldOf(operation, 'requestBody'));
}

function contentOf(part: Json): Json | undefined {
  const [media] = Object.values(fieldOf(part, 'content'));
  return media === undefined ? undefined : fieldOf(objectOf(media), 'schema');
}

function schemaChanges(
  where: string,
  oldSchema: Json | undefined,
  newSchema: Json | undefined,
  comparison: Comparison,
): readonly string[] {
  if (oldSchema === undefined && newSchema === undefined) return [];
  if (oldSchema === undefined || newSchema === undefined) return [`${where} has come or gone`];
  const place = `${String(oldSchema['$ref'])} ${String(newSchema['$ref'])}`;
  if (oldSchema['$ref'] !== undefined && comparison.seen.has(place)) return [];
  const inside = { ...comparison, seen: new Set([...comparison.seen, place]) };
  const [old, now] = [resolved(oldSchema, comparison.before), resolved(newSchema, comparison.after)];
  return [
    ...typeChanges(where, old, now),
    ...enumChanges(where, old, now),
    ...limitChanges(where, old, now, comparison.direction),
    ...propertyChanges(where, old, now, inside),
    ...itemChanges(where, old, now, inside),
    ...choiceChanges(where, old, now, inside),
  ];
}

function resolved(schema: Json, document: Json): Json {
  const reference = schema['$ref'];
  if (typeof reference !== 'string') return schema;
  const name = reference.replace('#/components/schemas/', '');
  return fieldOf(fieldOf(fieldOf(document, 'components'), 'schemas'), name);
}

function typeChanges(where: string, old: Json, now: Json): readonly string[] {
  return ['type', 'const', 'format', 'pattern'].flatMap((key) =>
    same(old[key], now[key]) ? [] : [`${where} has another ${key}`],
  );
}

/** A value that a client sends must stay; one that it reads must stay what it was. */
function enumChanges(where: string, old: Json, now: Json): readonly string[] {
  const [was, is] = [listOf(old['enum']), listOf(now['enum'])];
  if (was.length === 0 && is.length > 0) return [`${where} is limited to some values now`];
  return was.filter((value) => !is.includes(value)).map((value) => `${where} has no value ${String(value)} any more`);
}

const UPPER = ['maximum', 'maxLength', 'maxItems'];
const LOWER = ['minimum', 'minLength', 'minItems'];

function limitChanges(where: string, old: Json, now: Json, direction: Direction): readonly string[] {
  if (direction === 'answer') return [];
  const tighter = [
    ...UPPER.filter((key) => Number(now[key] ?? Infinity) < Number(old[key] ?? Infinity)),
    ...LOWER.filter((key) => Number(now[key] ?? -Infinity) > Number(old[key] ?? -Infinity)),
  ];
  return tighter.map((key) => `${where} has a tighter ${key}`);
}

function propertyChanges(where: string, old: Json, now: Json, comparison: Comparison): readonly string[] {
  const [was, is] = [fieldOf(old, 'properties'), fieldOf(now, 'properties')];
  const [wasRequired, isRequired] = [listOf(old['required']), listOf(now['required'])];
  const { direction } = comparison;
  const demanded = direction === 'request' ? isRequired.filter((name) => !wasRequired.includes(name)) : [];
  const given = direction === 'answer' ? wasRequired.filter((name) => !isRequired.includes(name)) : [];
  return [
    ...demanded.map((name) => `${where}.${String(name)} is required now`),
    ...given
      .filter((name) => is[String(name)] !== undefined)
      .map((name) => `${where}.${String(name)} may be absent now`),
    ...Object.entries(was).flatMap(([name, schema]) => {
      const found = is[name];
      if (found === undefined) return [`${where}.${name} is removed`];
      return schemaChanges(`${where}.${name}`, objectOf(schema), objectOf(found), comparison);
    }),
  ];
}

function itemChanges(where: string, old: Json, now: Json, comparison: Comparison): readonly string[] {
  return ['items', 'additionalProperties'].flatMap((key) => {
    const [was, is] = [old[key], now[key]];
    if (typeof was === 'object' && typeof is === 'object') {
      return schemaChanges(`${where}[]`, objectOf(was), objectOf(is), comparison);
    }
    return same(was, is) ? [] : [`${where} has other ${key}`];
  });
}

/** The forms of a union, in their order. */
function choiceChanges(where: string, old: Json, now: Json, comparison: Comparison): readonly string[] {
  return ['anyOf', 'oneOf', 'allOf'].flatMap((key) => {
    const [was, is] = [listOf(old[key]), listOf(now[key])];
    const mayGrow = comparison.direction === 'request' && is.length > was.length;
    if (was.length !== is.length && !mayGrow) return [`${where} has other forms`];
    return was.flatMap((schema, index) =>
      schemaChanges(`${where} (form ${index + 1})`, objectOf(schema), objectOf(is[index]), comparison),
    );
  });
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function fieldOf(value: Json, name: string): Json {
  return objectOf(value[name]);
}
