/**
 * Requests and responses that have the prototypes of an Express application from the start. Express sets them for each
 * request otherwise, and V8 then makes two new shapes of objects, which takes longer than a route.
 */
import { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerOptions } from 'node:http';
import type { Express, Request, Response } from 'express';

export type MessageClasses = Required<Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'>>;

/** The classes for the server of this application. They become a part of it, so that it is called once. */
export function expressMessages(app: Express): MessageClasses {
  class ExpressRequest extends IncomingMessage {}
  class ExpressResponse<T extends IncomingMessage> extends ServerResponse<T> {}
  Object.setPrototypeOf(ExpressRequest.prototype, app.request);
  Object.setPrototypeOf(ExpressResponse.prototype, app.response);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- they have the methods of Express now
  app.request = ExpressRequest.prototype as Request;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  app.response = ExpressResponse.prototype as unknown as Response;
  return { IncomingMessage: ExpressRequest, ServerResponse: ExpressResponse };
}
