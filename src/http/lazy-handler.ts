/** A handler whose code is loaded with its first request, so that the start of the broker does not pay for it. */
import type { RequestHandler } from 'express';

export type { RequestHandler } from 'express';

export function lazyHandler(load: () => Promise<RequestHandler>): RequestHandler {
  let loading: Promise<RequestHandler> | undefined;
  return async (request, response, next) => {
    loading ??= load();
    const handler = await loading;
    await handler(request, response, next);
  };
}
