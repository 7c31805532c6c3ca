/** The fields of a request: of a form in its body, and of its query. */
import express from 'express';
import type { Request, Response } from 'express';
import { BrokerError } from '../core/errors.ts';

const FORM = 'application/x-www-form-urlencoded';

/** @returns the text of a form; undefined when there is no body, or one of another type. Throws what body-parser throws. */
type FormReader = (request: Request, response: Response) => Promise<string | undefined>;

/** @param limit the most bytes of a form, as body-parser takes it */
export function formReader(limit: string): FormReader {
  const readBody = express.text({ type: FORM, limit, inflate: false });
  return async (request, response) => {
    // body-parser comes to the same result, in more time. Most requests are of this kind (RFC 9112, section 6.3).
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
    if (length === undefined && encoding === undefined) return undefined;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    readBody(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
    await promise;
    const body: unknown = request.body;
    return typeof body === 'string' ? body : undefined;
  };
}

/** @throws BrokerError `form_required` where there is none */
export function requireForm(text: string | undefined): string {
  if (text === undefined) throw new BrokerError('form_required', `a POST must have a body of type ${FORM}`);
  return text;
}

const readSmallForm = formReader('16kb');

/** @throws BrokerError `form_required` or `too_many_fields`; what body-parser throws for a body that is too large or cannot be read */
export async function readForm(request: Request, response: Response, read = readSmallForm): Promise<URLSearchParams> {
  return parseForm(requireForm(await read(request, response)));
}

/**
 * No form and no query has more: a request has 500 scopes at most. The time that `URLSearchParams` takes grows with the
 * square: a million fields take over a minute.
 */
export const MAX_FIELDS = 1000;

/** @throws BrokerError `too_many_fields` */
export function parseForm(text: string): URLSearchParams {
  let at = -1;
  for (let fields = 0; fields < MAX_FIELDS; fields += 1) {
    at = text.indexOf('&', at + 1);
    if (at === -1) return new URLSearchParams(text);
  }
  throw new BrokerError('too_many_fields', `the form or query has more than ${MAX_FIELDS} fields`);
}

/**
 * The query of a request, as it was sent.
 *
 * @throws BrokerError `too_many_fields`
 */
export function queryOf({ url }: Pick<Request, 'url'>): URLSearchParams {
  const start = url.indexOf('?');
  return parseForm(start < 0 ? '' : url.slice(start + 1));
}

/**
 * A parameter of a form or of a query. The same value again counts once.
 *
 * @returns undefined when it is absent
 * @throws BrokerError `invalid_request` when it has several values
 */
export function singleValue(parameters: URLSearchParams, name: string): string | undefined {
  const [first, ...others] = parameters.getAll(name);
  if (others.some((other) => other !== first))
    throw new BrokerError('invalid_request', `the parameter ${name} has several values`);
  return first;
}
