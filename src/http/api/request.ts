/** Reads the request of an operation: a query or a JSON body, checked strictly against its schema. */
import express from 'express';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import { queryOf } from '../form.ts';
import type { Operation } from './operation.ts';
import { ApiProblem } from './problem.ts';
import type { FieldProblem } from './problem.ts';

const JSON_TYPE = 'application/json';
const DEFAULT_BYTES = 64 * 1024;
/** Problems that an answer lists, and characters of each. */
const MAX_FIELDS = 10;
const MAX_MESSAGE = 200;

/** @throws ApiProblem, or an error of body-parser */
export async function inputOf(operation: Operation, request: Request, response: Response): Promise<unknown> {
  const query = fieldsOfQuery(request);
  if (operation.method === 'GET') return checked(operation.query, query, 'query');
  if (Object.keys(query).length > 0) throw refused([{ field: 'query', message: 'expected no query' }]);
  return checked(operation.body, await jsonOf(request, response, operation.maxBytes ?? DEFAULT_BYTES), 'body');
}

function fieldsOfQuery(request: Request): Readonly<Record<string, string>> {
  const fields = new Map<string, string>();
  for (const [name, value] of queryOf(request)) {
    if (fields.has(name)) throw refused([{ field: `query.${name}`, message: 'expected one value, found several' }]);
    fields.set(name, value);
  }
  return Object.fromEntries(fields);
}

async function jsonOf(request: Request, response: Response, limit: number): Promise<unknown> {
  // A page of another site can send forms and plain text without asking, and JSON only where CORS allows it.
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== JSON_TYPE) throw new ApiProblem('json-required');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const read = express.text({ type: JSON_TYPE, limit, inflate: false, defaultCharset: 'utf-8' });
  read(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
  await promise;
  const text: unknown = request.body;
  try {
    return JSON.parse(typeof text === 'string' ? text : '');
  } catch {
    // The message of the parser quotes the text, which may have a token in it.
    throw refused([{ field: 'body', message: 'expected JSON' }]);
  }
}

function checked(schema: z.ZodType | undefined, value: unknown, where: 'query' | 'body'): unknown {
  if (schema === undefined) {
    if (typeof value === 'object' && value !== null && Object.keys(value).length === 0) return {};
    throw refused([{ field: where, message: `expected no ${where}` }]);
  }
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return data;
  throw refused(error.issues.map((issue) => ({ field: [where, ...issue.path].join('.'), message: issue.message })));
}

function refused(fields: readonly FieldProblem[]): ApiProblem {
  return new ApiProblem('invalid-request', {
    fields: fields.slice(0, MAX_FIELDS).map(({ field, message }) => ({ field: cut(field), message: cut(message) })),
  });
}

function cut(text: string): string {
  return text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE)}…`;
}
