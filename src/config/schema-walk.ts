/** Finds the part of a schema for a place in a document. */
import { z } from 'zod';
import { filePath, secretRef } from '../backends/fields.ts';
import type { Path } from './problems.ts';

export type Schema = z.core.$ZodType;

/** The kind of external reference of a schema. `.meta` and `.optional` copy a schema, but keep its transform. */
export function referenceKind(schema: Schema): 'file' | 'secret' | undefined {
  if (!(schema instanceof z.ZodPipe)) return undefined;
  if (schema.def.out === filePath.def.out) return 'file';
  return schema.def.out === secretRef.def.out ? 'secret' : undefined;
}

/** The inner schema of a wrapper, which adds nothing about the form of a value. */
export function unwrapped(schema: Schema): Schema | undefined {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly
  ) {
    return schema.def.innerType;
  }
  if (!(schema instanceof z.ZodPipe)) return undefined;
  return schema.def.in instanceof z.ZodTransform ? schema.def.out : schema.def.in;
}

/**
 * The schemas that may apply to a value, without wrappers: several for a union that the value does not decide.
 *
 * @param value decides between the options of a discriminated union
 */
export function alternatives(schema: Schema, value: unknown): readonly Schema[] {
  if (referenceKind(schema) !== undefined) return [schema];
  const inner = unwrapped(schema);
  if (inner !== undefined) return alternatives(inner, value);
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const { discriminator, options } = schema.def;
    const chosen = isRecord(value) ? value[discriminator] : undefined;
    return options
      .flatMap((option) => alternatives(option, value))
      .filter((option) => takes(childSchema(option, discriminator), chosen));
  }
  if (schema instanceof z.ZodUnion) return schema.def.options.flatMap((option) => alternatives(option, value));
  return [schema];
}

function takes(schema: Schema | undefined, value: unknown): boolean {
  // To compile a schema takes longer than to parse one value.
  return schema !== undefined && z.core.safeParse(schema, value, { jitless: true }).success;
}

/** The schemas for a path, the value at the path, and whether the path leads into a secret. */
export function schemasAt(
  root: Schema,
  value: unknown,
  path: Path,
): { readonly schemas: readonly Schema[]; readonly inSecret: boolean; readonly written: unknown } {
  let schemas: readonly Schema[] = [root];
  let current = value;
  let inSecret = false;
  for (const step of path) {
    const candidates = schemas.flatMap((schema) => alternatives(schema, current));
    inSecret ||= candidates.some((schema) => referenceKind(schema) === 'secret');
    schemas = candidates.flatMap((schema) => childSchema(schema, step) ?? []);
    current = isRecord(current) ? current[step] : undefined;
  }
  const candidates = schemas.flatMap((schema) => alternatives(schema, current));
  return {
    schemas,
    written: current,
    inSecret: inSecret || candidates.some((schema) => referenceKind(schema) === 'secret'),
  };
}

/** The schema of a value inside another value. */
export function childSchema(schema: Schema, step: string | number): Schema | undefined {
  if (schema instanceof z.ZodObject) return schema.def.shape[String(step)];
  if (schema instanceof z.ZodArray) return schema.def.element;
  return schema instanceof z.ZodRecord ? schema.def.valueType : undefined;
}

export function isRecord(value: unknown): value is Readonly<Record<string | number, unknown>> {
  return typeof value === 'object' && value !== null;
}
