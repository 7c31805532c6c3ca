/** The value that was found and the values that a schema allows, in words. */
import { z } from 'zod';
import { alternatives, referenceKind, unwrapped } from './schema-walk.ts';
import type { Schema } from './schema-walk.ts';

const LONGEST_QUOTE = 60;
const LONGEST_DESCRIPTION = 120;

/** @param hidden the value may be a secret: only its type is shown */
export function foundText(value: unknown, hidden: boolean): string {
  if (value === undefined || value === null) return 'nothing';
  if (value === '') return 'empty text';
  if (typeof value === 'string') return hidden ? 'text' : quote(value);
  if (typeof value === 'number' || typeof value === 'boolean') return hidden ? `a ${typeof value}` : String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  return 'a mapping';
}

/** A text in quotes, truncated if it is long, without the credentials of a URL in it. */
export function quote(text: string): string {
  const safe = withoutCredentials(text);
  return JSON.stringify(safe.length > LONGEST_QUOTE ? `${safe.slice(0, LONGEST_QUOTE)}…` : safe);
}

/** A text without the credentials of a URL in it. In a path that was resolved from a URL, `//` has become `/`. */
export function withoutCredentials(text: string): string {
  return text.replaceAll(/\/[^/@\s]*@/g, '/…@');
}

/** The values that are allowed: `one of allow, deny`, `text (…)`, `a list or text`; empty if nothing is known. */
export function expectedText(schemas: readonly Schema[], value: unknown): string {
  const settled = schemas.flatMap((schema) => alternatives(schema, value));
  const kinds = [...new Set(settled.map(kindText))].filter((kind) => kind !== '');
  const [schema] = schemas;
  const [kind] = kinds;
  // The entries of a list or mapping have problems of their own. A text needs its description.
  if (schema === undefined || kinds.length !== 1 || kind !== 'text') return kinds.join(' or ');
  const description = titleOf(schema) ?? descriptionOf(schema);
  return description === undefined || description.length > LONGEST_DESCRIPTION ? kind : `${kind} (${description})`;
}

/** What a text is, for kinds that many keys share: `duration from 1m to 1h, such as 300s, 5m or 12h`. */
function titleOf(schema: Schema): string | undefined {
  const title = z.globalRegistry.get(schema)?.title;
  const inner = unwrapped(schema);
  return title ?? (inner === undefined ? undefined : titleOf(inner));
}

/** The first sentence of the description of a schema, or of what it wraps; the rest is for the reference. */
function descriptionOf(schema: Schema): string | undefined {
  const [text] = z.globalRegistry.get(schema)?.description?.split(/\.(?: |$)/, 1) ?? [];
  if (text !== undefined) return /^[A-Z][A-Z]/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1);
  const inner = unwrapped(schema);
  return inner === undefined ? undefined : descriptionOf(inner);
}

function kindText(schema: Schema): string {
  const reference = referenceKind(schema);
  if (reference === 'secret') return '{ env: NAME } or { file: PATH }';
  if (reference === 'file') return 'text';
  if (schema instanceof z.ZodEnum) return oneOf(Object.values(schema.def.entries));
  if (schema instanceof z.ZodLiteral) return oneOf(schema.def.values);
  if (schema instanceof z.ZodString) return 'text';
  if (schema instanceof z.ZodNumber) return schema.format === 'safeint' ? 'a whole number' : 'a number';
  if (schema instanceof z.ZodBoolean) return 'true or false';
  if (schema instanceof z.ZodArray) return 'a list';
  return schema instanceof z.ZodObject || schema instanceof z.ZodRecord ? 'a mapping' : '';
}

export function oneOf(values: readonly unknown[]): string {
  return values.length === 1 ? String(values[0]) : `one of ${values.map(String).join(', ')}`;
}
