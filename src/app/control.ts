/** The client of the API on the control sockets of running brokers, for commands. */
import type { z } from 'zod';
import { operations } from '../http/api/operations.ts';
import type { Answer, ApiRequest, OperationId } from '../http/api/operations.ts';
import { API_ROOT } from '../http/paths.ts';
import { ControlUnavailable } from '../platform/control-socket.ts';
import type { ControlAnswer, ControlRequest } from '../platform/control-socket.ts';
import { askRunningBrokers, hasRunningBroker } from '../platform/control-sockets.ts';

/** What one broker has answered. */
type BrokerAnswer<Id extends OperationId> =
  | { readonly ok: true; readonly answer: Answer<Id> }
  | { readonly ok: false; readonly code: string; readonly detail: string };

export interface BrokerAnswers<Id extends OperationId> {
  readonly answers: readonly BrokerAnswer<Id>[];
  /** The sockets of brokers that run and do not answer. */
  readonly silent: readonly string[];
}

/**
 * Asks the brokers that run with this state folder.
 *
 * @param most how many answers are needed; absent: of all
 * @throws ControlUnavailable when no broker answers, or one is older than this command; Error when an answer is none of
 *   the API
 */
export async function askBrokers<Id extends OperationId>(
  stateDir: string,
  id: Id,
  request: ApiRequest<Id>,
  most = Infinity,
): Promise<BrokerAnswers<Id>> {
  const { answers, silent } = await askRunningBrokers(stateDir, requestOf(id, request), most);
  return { answers: answers.map((answer) => parse(id, answer, stateDir)), silent };
}

function requestOf(id: OperationId, request: Readonly<Record<string, unknown>>): ControlRequest {
  const { method, path } = operations[id];
  if (method === 'POST') return { method, path: API_ROOT + path, body: request };
  const given = Object.entries(request).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return { method, path: `${API_ROOT}${path}${query === '' ? '' : `?${query}`}` };
}

function parse<Id extends OperationId>(id: Id, { status, json }: ControlAnswer, stateDir: string): BrokerAnswer<Id> {
  if (status === 200) {
    const schema: z.ZodType = operations[id].answer;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema of the operation has just checked it
    return { ok: true, answer: schema.parse(json) as Answer<Id> };
  }
  const { code, detail }: { readonly code?: unknown; readonly detail?: unknown } = { ...Object(json) };
  if (typeof code !== 'string' || typeof detail !== 'string') throw new Error(`the broker answered with ${status}`);
  // A broker of an older version, which does not have the operation yet.
  if (code === 'unknown-operation') throw new ControlUnavailable('older', stateDir, undefined);
  return { ok: false, code, detail };
}

/**
 * Whether a broker runs with this state folder.
 *
 * @throws ControlUnavailable when that cannot be found out
 */
export function isBrokerRunning(stateDir: string): Promise<boolean> {
  return hasRunningBroker(stateDir);
}
