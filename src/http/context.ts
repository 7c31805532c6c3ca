/** The context of a request, from the first middleware to the last. */
import type { Response } from 'express';
import type { RequestContext } from '../core/events.ts';

/** The shape of `response.locals` in both applications. */
interface Locals {
  readonly context: RequestContext;
}

export function setContext(response: Response, context: RequestContext): void {
  Object.assign(response.locals, { context } satisfies Locals);
}

/** INVARIANT: the first middleware of each application sets it. */
export function contextOf(response: Response): RequestContext {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Express types `locals` as any
  return (response.locals as Locals).context;
}
