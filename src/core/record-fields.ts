/** Checks the fields of stored records, which another version may have written. */

export type RecordFields = ReadonlyMap<string, unknown>;

/** The fields of a JSON value; undefined when it is no object. */
export function fieldsOf(json: unknown): RecordFields | undefined {
  return typeof json === 'object' && json !== null ? new Map<string, unknown>(Object.entries(json)) : undefined;
}

export function areTexts(fields: RecordFields, names: readonly string[]): boolean {
  return names.every((name) => typeof fields.get(name) === 'string');
}

export function areWholeNumbers(fields: RecordFields, names: readonly string[]): boolean {
  return names.every((name) => Number.isSafeInteger(fields.get(name)));
}
