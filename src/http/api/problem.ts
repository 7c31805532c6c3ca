/** The error answers of the API: problem details (RFC 9457), each with a fixed sentence and the id of the request. */
import type { Response } from 'express';
import { BrokerError, describeError } from '../../core/errors.ts';
import type { ErrorCode } from '../../core/errors.ts';

interface Answer {
  readonly status: number;
  /** The phrase of the status (RFC 9110), because the type of each problem is `about:blank`. */
  readonly title: string;
  readonly detail: string;
}

/** What a client can rely on: a code never changes its meaning within a version of the API. */
export const PROBLEMS = {
  'invalid-request': {
    status: 400,
    title: 'Bad Request',
    detail: 'the request does not have the form that the description of the API gives',
  },
  unauthenticated: {
    status: 401,
    title: 'Unauthorized',
    detail: 'the API needs a personal token with an api limit: Authorization: Bearer flp_…',
  },
  forbidden: {
    status: 403,
    title: 'Forbidden',
    detail: 'the token or its owner may not use this operation',
  },
  'browser-refused': {
    status: 403,
    title: 'Forbidden',
    detail: 'the API does not answer web pages',
  },
  'unknown-operation': {
    status: 404,
    title: 'Not Found',
    detail: 'there is no such operation; /api/v1/openapi.json describes those that there are',
  },
  'not-found': { status: 404, title: 'Not Found', detail: 'what the request names does not exist' },
  'method-not-allowed': { status: 405, title: 'Method Not Allowed', detail: 'the operation has another method' },
  conflict: { status: 409, title: 'Conflict', detail: 'the broker is not in a state that allows this' },
  'not-configured': { status: 409, title: 'Conflict', detail: 'the configuration of the broker does not offer this' },
  'too-large': { status: 413, title: 'Content Too Large', detail: 'the request is larger than this operation accepts' },
  'json-required': {
    status: 415,
    title: 'Unsupported Media Type',
    detail: 'a POST must be JSON, uncompressed, with Content-Type: application/json',
  },
  'too-many-requests': {
    status: 429,
    title: 'Too Many Requests',
    detail: 'too many refused tokens from this address; wait before trying again',
  },
  internal: {
    status: 500,
    title: 'Internal Server Error',
    detail: 'an internal error occurred; the log of the broker says more',
  },
  unavailable: {
    status: 503,
    title: 'Service Unavailable',
    detail: 'something that the operation needs does not answer; try again soon',
  },
  'too-much-work': {
    status: 503,
    title: 'Service Unavailable',
    detail: 'the operation takes too long, or another one of its kind is running',
  },
} as const satisfies Readonly<Record<string, Answer>>;

export type ProblemCode = keyof typeof PROBLEMS;

/** What is wrong with one field of a request. */
export interface FieldProblem {
  /** Such as `body.ids.3` or `query.limit`. */
  readonly field: string;
  readonly message: string;
}

interface ProblemOptions {
  /** In place of the sentence of the code: for operators, never with a secret. */
  readonly detail?: string;
  readonly fields?: readonly FieldProblem[];
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

/** A refusal of the API. Its message is for the log. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly code: ProblemCode;
  readonly detail: string | undefined;
  readonly fields: readonly FieldProblem[];
  /** Seconds. */
  readonly retryAfter: number | undefined;

  constructor(code: ProblemCode, { detail, fields = [], retryAfter, cause }: ProblemOptions = {}) {
    super(detail ?? PROBLEMS[code].detail, cause === undefined ? undefined : { cause });
    this.code = code;
    this.detail = detail;
    this.fields = fields;
    this.retryAfter = retryAfter;
  }
}

/** What flows refuse, as the API answers it; every other code is a defect of ours. */
const OF_FLOWS: Readonly<Partial<Record<ErrorCode, ProblemCode>>> = {
  invalid_request: 'invalid-request',
  too_many_fields: 'invalid-request',
  backend_unavailable: 'unavailable',
  records_unavailable: 'unavailable',
  audit_unavailable: 'unavailable',
  too_much_work: 'too-much-work',
  request_too_large: 'too-large',
};

/** Converts what a handler threw. The errors of body-parser have a `type`; any other error is a defect of ours. */
export function toProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (error instanceof BrokerError) {
    const code = OF_FLOWS[error.code] ?? 'internal';
    return new ApiProblem(code, { cause: error, ...(code === 'unavailable' ? { retryAfter: 5 } : {}) });
  }
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  if (type === 'entity.too.large') return new ApiProblem('too-large', { cause: error });
  if (type === 'encoding.unsupported' || type === 'charset.unsupported') {
    return new ApiProblem('json-required', { cause: error });
  }
  if (typeof type === 'string') return new ApiProblem('invalid-request', { cause: error });
  return new ApiProblem('internal', { cause: error });
}

/**
 * The same error, with what does not answer in place of the fixed sentence. For the operator at the control socket, who may
 * read the log and the configuration.
 */
export function withCause(error: unknown): unknown {
  const problem = toProblem(error);
  if (problem.code !== 'unavailable' || problem.detail !== undefined) return error;
  const { retryAfter } = problem;
  return new ApiProblem('unavailable', {
    detail: causeOf(problem),
    cause: error,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

/** Writes a problem. The cause stays in the log. */
export function respondProblem(response: Response, problem: ApiProblem, requestId: string): void {
  const { code, detail, fields, retryAfter } = problem;
  const answer = PROBLEMS[code];
  if (retryAfter !== undefined) response.setHeader('Retry-After', Math.ceil(retryAfter));
  if (answer.status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="fairlead-api"');
  respond(response, answer.status, 'application/problem+json', {
    type: 'about:blank',
    title: answer.title,
    status: answer.status,
    code,
    detail: detail ?? answer.detail,
    requestId,
    ...(fields.length === 0 ? {} : { fields }),
  });
}

/** The cause of a problem in one line, for the log. */
export function causeOf(problem: ApiProblem): string {
  return describeError(problem.cause ?? problem);
}

/** Sends JSON that no cache stores and no browser takes for a page. */
export function respond(response: Response, status: number, type: string, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  response.statusCode = status;
  response.setHeader('Content-Type', type);
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Length', body.length);
  response.end(body);
}
