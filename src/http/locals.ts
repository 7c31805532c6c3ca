/** What middleware leaves for the middleware after it, each with its type. */
import type { Request } from 'express';
import type { RequestContext } from '../core/events.ts';
import type { Caller } from '../core/identity.ts';
import type { Service } from '../flows/grant-token.ts';
import type { TokenRequest } from './request.ts';

interface Locals {
  context?: RequestContext;
  tokenRequest?: TokenRequest;
  service?: Service;
  caller?: Caller;
}

const byRequest = new WeakMap<Request, Locals>();

export function setLocals(request: Request, locals: Locals): void {
  const known = byRequest.get(request);
  if (known === undefined) byRequest.set(request, locals);
  else Object.assign(known, locals);
}

export function contextOf(request: Request): RequestContext {
  return given(byRequest.get(request)?.context, 'context');
}

export function tokenRequestOf(request: Request): TokenRequest {
  return given(byRequest.get(request)?.tokenRequest, 'token request');
}

/** The token request as far as it has been read, for the log line of a failure. */
export function tokenRequestIfRead(request: Request): TokenRequest | undefined {
  return byRequest.get(request)?.tokenRequest;
}

export function serviceOf(request: Request): Service {
  return given(byRequest.get(request)?.service, 'service');
}

export function callerOf(request: Request): Caller {
  return given(byRequest.get(request)?.caller, 'caller');
}

function given<T>(value: T | undefined, what: string): T {
  // INVARIANT: the order of middleware in token.ts sets each before it is read.
  if (value === undefined) throw new Error(`the ${what} is read before it is set`);
  return value;
}
