/** What an operation of the API is: data, from which routes, checks and the OpenAPI document follow. */
import type { z } from 'zod';
import type { ApiAccess } from '../../core/token-limits.ts';
import type { ProblemCode } from './problem.ts';

/** How much of the API a caller may use. Each includes those before it. `operator`: whoever may open the control socket. */
type CallerAccess = ApiAccess | 'operator';

const LEVELS: readonly CallerAccess[] = ['read', 'admin', 'operator'];

/** Whether a caller with this access may use an operation that needs the other. */
export function includesAccess(access: CallerAccess, needed: CallerAccess): boolean {
  return LEVELS.indexOf(access) >= LEVELS.indexOf(needed);
}

/** An object, so that unknown fields are refused. */
type RequestSchema = z.ZodObject<z.core.$ZodLooseShape, z.core.$strict>;

export interface Operation {
  readonly method: 'GET' | 'POST';
  /** Below `/api/v1`. It has no parameters: those are in the query or in the body. */
  readonly path: `/${string}`;
  /** `read`: it changes nothing. */
  readonly access: CallerAccess;
  readonly summary: string;
  /** Of a GET. */
  readonly query?: RequestSchema;
  /** Of a POST. */
  readonly body?: RequestSchema;
  /** The most bytes of a body; default: 64 KiB. */
  readonly maxBytes?: number;
  /** Fields that it does not have are left out of an answer. */
  readonly answer: z.ZodObject;
  /** In addition to those of each operation. */
  readonly problems?: readonly ProblemCode[];
}

/** What a handler gets: the checked query of a GET, or the checked body of a POST. */
export type InputOf<One extends Operation> = One extends { readonly body: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : One extends { readonly query: infer Schema extends z.ZodType }
    ? z.output<Schema>
    : Readonly<Record<string, never>>;

/** What a client sends: defaults may be left out. */
export type RequestOf<One extends Operation> = One extends { readonly body: infer Schema extends z.ZodType }
  ? z.input<Schema>
  : One extends { readonly query: infer Schema extends z.ZodType }
    ? z.input<Schema>
    : Readonly<Record<string, never>>;

export type AnswerOf<One extends Operation> = DeepReadonly<z.output<One['answer']>>;

type DeepReadonly<Value> = Value extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> }
    : Value;
