/**
 * The key tables of the reference pages, written from the JSON Schemas.
 *
 * A page holds `<!-- keys: broker shield -->` and `<!-- end of keys -->`; the table between them is generated. The
 * first word says which schema (`broker`, `policy`, or `backend TYPE`); the paths after it choose keys, and those after
 * `without` are left out. Between `<!-- from backend TYPE: NAME -->` and `<!-- end of backend -->`, a backend writes from
 * its data. Everything outside the marks is written by hand.
 */
import { backendModules } from '../backends/index.ts';
import type { BackendModule } from '../backends/backend.ts';

/** What this module reads of a JSON Schema (draft 7). */
interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

interface Row {
  readonly path: string;
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
}

export interface SchemaTexts {
  readonly broker: string;
  readonly policy: string;
}

const BLOCK = /(<!-- keys: (.+?) -->\n).*?(<!-- end of keys -->)/gs;
const BACKEND_BLOCK = /(<!-- from backend ([\w-]+): ([\w-]+) -->\n).*?(<!-- end of backend -->)/gs;
const HEAD = '| key | type | default | meaning |\n|---|---|---|---|\n';

/**
 * @returns the page with every table up to date
 * @throws Error that names the selection when a mark chooses no key
 */
export function fillTables(page: string, texts: SchemaTexts): string {
  return page
    .replaceAll(BLOCK, (_block, start: string, selection: string, end: string) => {
      const rows = selected(selection, texts);
      if (rows.length === 0) throw new Error(`the mark "keys: ${selection}" chooses no key`);
      return `${start}${HEAD}${rows.map(line).join('')}${end}`;
    })
    .replaceAll(BACKEND_BLOCK, (_block, start: string, type: string, name: string, end: string) => {
      return `${start}\n${backendPage(type, name)}\n${end}`;
    });
}

function backendPage(type: string, name: string): string {
  const modules: readonly Pick<BackendModule<string, never>, 'type' | 'pages'>[] = backendModules;
  const page = modules.find((module) => module.type === type)?.pages?.[name];
  if (page === undefined) throw new Error(`the mark "from backend ${type}: ${name}" names nothing`);
  return page();
}

function selected(selection: string, texts: SchemaTexts): readonly Row[] {
  const [chosen = '', excluded = ''] = selection.split(' without ');
  const [source, ...paths] = chosen.split(' ');
  const without = excluded.split(' ');
  const rows = source === 'backend' ? backendRows(paths[0] ?? '', texts) : rowsIn(parse(texts, source));
  return rows.filter(
    ({ path }) =>
      (source === 'backend' || paths.some((prefix) => isWithin(path, prefix))) &&
      !without.some((prefix) => isWithin(path, prefix)),
  );
}

function isWithin(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[]`);
}

function parse(texts: SchemaTexts, source: string | undefined): JsonSchema {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the text is a JSON Schema that this program wrote
  return JSON.parse(source === 'policy' ? texts.policy : texts.broker) as JsonSchema;
}

/** The keys of one type of backend, without those that all types have. */
function backendRows(type: string, texts: SchemaTexts): readonly Row[] {
  const options = optionsOf(parse(texts, 'broker').properties?.['backends']);
  const shared = commonKeys(options);
  const schema = options.find(({ properties }) => properties?.['type']?.const === type);
  return rowsIn(schema ?? {}).filter(({ path }) => !shared.includes(path));
}

function optionsOf(backends: JsonSchema | undefined): readonly JsonSchema[] {
  return backends?.items?.oneOf ?? [];
}

function commonKeys(options: readonly JsonSchema[]): readonly string[] {
  const [first, ...rest] = options.map(({ properties = {} }) => Object.keys(properties));
  return (first ?? []).filter((key) => rest.every((keys) => keys.includes(key)));
}

function rowsIn(schema: JsonSchema, base = ''): readonly Row[] {
  const rows: Row[] = [];
  for (const [key, value] of Object.entries(schema.properties ?? {})) {
    const path = base === '' ? key : `${base}.${key}`;
    rows.push({ path, schema: value, isRequired: schema.required?.includes(key) ?? false }, ...rowsIn(value, path));
  }
  const { additionalProperties: others, items, oneOf, anyOf = [] } = schema;
  if (typeof others === 'object') {
    if (others.properties === undefined) rows.push({ path: `${base}.*`, schema: others, isRequired: false });
    rows.push(...rowsIn(others, `${base}.*`));
  }
  if (items !== undefined) rows.push(...rowsIn(items, `${base}[]`));
  if (oneOf !== undefined) rows.push(...commonRows(oneOf, base));
  // A key that one of several forms needs is not required as such.
  const inForms = anyOf.flatMap((option) => rowsIn(option, base)).map((row) => ({ ...row, isRequired: false }));
  return [...rows, ...inForms];
}

/** The keys that all types of backend have; the others are on the page of each. */
function commonRows(options: readonly JsonSchema[], base: string): readonly Row[] {
  const [first = {}] = options;
  return commonKeys(options).map((key) => {
    const schema = first.properties?.[key] ?? {};
    const types = options.map(({ properties }) => properties?.[key]?.const);
    return {
      path: `${base}.${key}`,
      schema: key === 'type' ? { description: 'The kind of backend', enum: types } : schema,
      isRequired: first.required?.includes(key) ?? false,
    };
  });
}

function line({ path, schema, isRequired }: Row): string {
  const [, meaning = '', given] = /^(.*?)(?: ?Default: (.+?))?\.?$/s.exec(schema.description ?? '') ?? [];
  const isSentence = meaning === '' || meaning.endsWith('.') || meaning.endsWith('*');
  const cells = [
    `\`${path}\``,
    typeText(schema),
    given ?? (isRequired ? 'required' : defaultText(schema)),
    isSentence ? meaning : `${meaning}.`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |\n`;
}

function defaultText({ default: value, properties }: JsonSchema): string {
  if (value === undefined || properties !== undefined) return '';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function typeText(schema: JsonSchema): string {
  const { title, type, anyOf, items, properties, additionalProperties } = schema;
  if (title !== undefined) return title.replace(/, such as.*/, '');
  if (schema.enum !== undefined) return schema.enum.map(code).join(', ');
  if (schema.const !== undefined) return code(schema.const);
  if (anyOf !== undefined) return anyOfText(anyOf);
  if (type === 'array') return `list of ${typeText(items ?? {})}${countText(schema)}`;
  if (properties !== undefined || schema.oneOf !== undefined) return 'section';
  if (typeof additionalProperties === 'object') return 'mapping';
  if (type === 'integer') return `number${rangeText(schema)}`;
  if (type === 'boolean') return '`true`, `false`';
  return `text${schema.maxLength === undefined ? '' : `, at most ${schema.maxLength}`}`;
}

function rangeText({ minimum = Number.MIN_SAFE_INTEGER, maximum }: JsonSchema): string {
  return minimum === Number.MIN_SAFE_INTEGER ? '' : ` from ${minimum} to ${maximum ?? 'any'}`;
}

function anyOfText(options: readonly JsonSchema[]): string {
  const keys = options.flatMap(({ properties = {} }) => Object.keys(properties));
  if (keys.length === 2 && keys.includes('env')) return 'secret';
  const texts = [...new Set(options.map((option) => typeText(option).replaceAll(/, at most \d+/g, '')))];
  const single = texts.filter((text) => !text.startsWith('list of ')).join(' or ');
  const isOneOrList = texts.some((text) => text.startsWith(`list of ${single}`));
  return isOneOrList ? `${single}, or a list` : texts.join(' or ');
}

function countText({ minItems = 0, maxItems }: JsonSchema): string {
  return maxItems === undefined ? '' : `, ${minItems} to ${maxItems}`;
}

function code(value: unknown): string {
  return `\`${String(value)}\``;
}
