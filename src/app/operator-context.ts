/** The context of operations that the broker asks itself for, as on its control socket. */
import type { RequestContext } from '../core/events.ts';
import type { ApiContext } from '../http/api/api.ts';

/** For operations that only read: nothing is recorded of who asks. */
export const OPERATOR: ApiContext = { requestId: '', client: '', caller: { kind: 'socket', access: 'operator' } };

/** For operations that a request to a page causes. */
export function operatorContext(request: RequestContext): ApiContext {
  return { ...OPERATOR, ...request };
}
