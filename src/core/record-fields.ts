/** The fields of stored records, which another version may have written, and the end of those that use extends. */

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

/** The times of a record that each use extends, in epoch seconds. */
export const USE_TIMES = ['createdAt', 'usedAt', 'expiresAt'] as const;

/** When a record ends that each use extends: `idle` after the last use, `absolute` after it was made. */
export function expiryOf(
  { createdAt, usedAt }: { readonly createdAt: number; readonly usedAt: number },
  { idle, absolute }: { readonly idle: number; readonly absolute: number },
): number {
  return Math.min(usedAt + idle, createdAt + absolute);
}
