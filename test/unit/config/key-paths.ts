/** The keys that a JSON Schema allows, as the reference writes them: `services.*.anonymous`, `keys[].name`. */

export interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
}

/** Each once. Options of a list that differ by `type` have pages of their own; only their common keys are among these. */
export function keyPaths(schema: JsonSchema, base = ''): ReadonlySet<string> {
  return new Set(walk(schema, base));
}

function* walk(schema: JsonSchema, base: string): Generator<string> {
  for (const [key, value] of Object.entries(schema.properties ?? {})) {
    const path = base === '' ? key : `${base}.${key}`;
    yield path;
    yield* walk(value, path);
  }
  const { additionalProperties: others, items, oneOf, anyOf } = schema;
  if (typeof others === 'object') {
    const isLeaf = others.properties === undefined;
    if (isLeaf) yield `${base}.*`;
    yield* walk(others, `${base}.*`);
  }
  if (items !== undefined) yield* walk(items, `${base}[]`);
  if (oneOf !== undefined) yield* commonKeys(oneOf, base);
  for (const option of anyOf ?? []) yield* walk(option, base);
}

function* commonKeys(options: readonly JsonSchema[], base: string): Generator<string> {
  const keys = options.map(({ properties = {} }) => new Set(Object.keys(properties)));
  for (const key of keys[0] ?? []) {
    if (keys.every((set) => set.has(key))) yield `${base}.${key}`;
  }
}
