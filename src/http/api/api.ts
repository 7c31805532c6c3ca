/** The API for operators. `answerApi` lists the steps of a request. */
import type { Request, RequestHandler, Response } from 'express';
import type { RequestContext } from '../../core/events.ts';
import type { Audit, Log } from '../../core/ports.ts';
import type { ApiAccess } from '../../core/token-limits.ts';
import { contextOf } from '../context.ts';
import { inputOf } from './request.ts';
import { includesAccess } from './operation.ts';
import type { Operation } from './operation.ts';
import { openApiDocument } from './openapi.ts';
import { OPERATION_IDS, operations } from './operations.ts';
import type { Answer, Input, OperationId } from './operations.ts';
import { ApiProblem, causeOf, respond, respondProblem, toProblem, withCause } from './problem.ts';

/** Who uses the API. */
type ApiCaller =
  /** Whoever may open the control socket: the user that the broker runs as. */
  | { readonly kind: 'socket'; readonly access: 'operator' }
  | {
      readonly kind: 'personal-token';
      /** The least of what the token and its owner may do. */
      readonly access: ApiAccess;
      readonly username: string;
      /** The public id of the token. */
      readonly tokenId: string;
    };

export interface ApiContext extends RequestContext {
  readonly caller: ApiCaller;
}

/** What each operation does. Its answer is checked against the schema of the operation. */
export type ApiHandlers = {
  readonly [Id in OperationId]: (input: Input<Id>, context: ApiContext) => Promise<Answer<Id>>;
};

/** @throws ApiProblem `unauthenticated`, `forbidden`, `too-many-requests` or `unavailable` */
export type AuthenticateApi = (request: Request, context: RequestContext) => Promise<ApiCaller>;

interface ApiDeps {
  readonly handlers: ApiHandlers;
  readonly authenticate: AuthenticateApi;
  readonly audit: Audit;
  readonly log: Log;
}

/** Mounted at `/api/v1`. Never throws: every refusal is a problem document. */
export function answerApi(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const context = contextOf(response);
    try {
      refuseBrowsers(request);
      const caller = await deps.authenticate(request, context);
      const id = operationOf(request, response);
      if (id === 'openapi') return respond(response, 200, 'application/json', openApiDocument());
      const operation: Operation = operations[id];
      if (!includesAccess(caller.access, operation.access)) {
        deps.audit.record(eventOf(id, { ...context, caller }, 'refused'));
        throw new ApiProblem('forbidden');
      }
      const input = await inputOf(operation, request, response);
      const answer = await run(deps, id, input, { ...context, caller });
      respond(response, 200, 'application/json', answer);
    } catch (error) {
      refuse(deps.log, request, response, error);
    }
  };
}

/**
 * The API has no cookies and answers no page. A browser says where a request comes from: with Origin (the Fetch standard)
 * or with Sec-Fetch-Site (W3C Fetch Metadata), which is `none` for what the user typed.
 */
function refuseBrowsers({ headers }: Request): void {
  const site = headers['sec-fetch-site'];
  if (headers.origin !== undefined || (site !== undefined && site !== 'none')) throw new ApiProblem('browser-refused');
}

const DOCUMENT_PATH = '/openapi.json';
const BY_PATH = new Map<string, Partial<Record<string, OperationId>>>();
for (const id of OPERATION_IDS) {
  const { method, path } = operations[id];
  BY_PATH.set(path, { ...BY_PATH.get(path), [method]: id });
}

function operationOf({ method, path }: Request, response: Response): OperationId | 'openapi' {
  const found: Partial<Record<string, OperationId | 'openapi'>> | undefined =
    path === DOCUMENT_PATH ? { GET: 'openapi' } : BY_PATH.get(path);
  if (found === undefined) throw new ApiProblem('unknown-operation');
  const id = Object.hasOwn(found, method) ? found[method] : undefined;
  if (id !== undefined) return id;
  response.setHeader('Allow', Object.keys(found).join(', '));
  throw new ApiProblem('method-not-allowed');
}

/** Runs an operation and checks its answer. What changes something is in the audit trail before the answer is sent. */
async function run(
  { handlers, audit }: ApiDeps,
  id: OperationId,
  input: unknown,
  context: ApiContext,
): Promise<unknown> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema of the operation made the input
  const handler = handlers[id] as (input: unknown, context: ApiContext) => Promise<unknown>;
  const operation: Operation = operations[id];
  try {
    const answer = operation.answer.parse(await handler(input, context));
    if (operation.access !== 'read') audit.record(eventOf(id, context, 'done'));
    return answer;
  } catch (error) {
    if (operation.access !== 'read') {
      audit.record({ ...eventOf(id, context, 'failed'), cause: causeOf(toProblem(error)) });
    }
    throw context.caller.kind === 'socket' ? withCause(error) : error;
  }
}

function eventOf(
  operation: OperationId,
  { requestId, client, caller }: ApiContext,
  outcome: 'done' | 'failed' | 'refused',
) {
  const who = caller.kind === 'socket' ? {} : { username: caller.username, token: caller.tokenId };
  return { type: 'api', request: { requestId, client }, via: caller.kind, ...who, operation, outcome } as const;
}

function refuse(log: Log, request: Request, response: Response, error: unknown): void {
  const problem = toProblem(error);
  const { requestId } = contextOf(response);
  // Without the path, which a client can fill with a token.
  if (problem.code === 'internal') log.error('API request failed', { requestId, cause: causeOf(problem) });
  else log.debug('API request refused', { requestId, code: problem.code, cause: causeOf(problem) });
  // What was not read of a body would be taken for the next request.
  if (!request.complete) response.setHeader('Connection', 'close');
  respondProblem(response, problem, requestId);
}
