/** The applications of the broker on a local port, over flows with given answers. */
import { createServer, request as sendRequest } from 'node:http';
import type { RequestHandler } from 'express';
import type { IncomingHttpHeaders, OutgoingHttpHeaders, RequestListener } from 'node:http';
import { ANONYMOUS } from '../../src/core/identity.ts';
import type { Caller, Credential } from '../../src/core/identity.ts';
import type { AccessRequest, Service } from '../../src/flows/grant-token.ts';
import type { OfflineLogin } from '../../src/flows/refresh-token/issue.ts';
import { createAdminApp, createApp } from '../../src/http/app.ts';
import type { AppDeps } from '../../src/http/app.ts';
import { authenticated } from './fake-backend.ts';
import { countingIds, fixedClock, recordingAudit, recordingLog } from './fakes.ts';

export const SERVICE: Service = {
  name: 'registry.example.com',
  anonymous: 'allow',
  lifetimes: { pull: 300, push: 900 },
  refreshTokens: { idle: 1000, absolute: 2000, maxPerUser: 3 },
};

export const ALICE: Caller = callerOf('alice');

function callerOf(name: string): Caller {
  const outcome = authenticated(name);
  return outcome.kind === 'authenticated' ? { kind: 'user', identity: outcome.identity } : ANONYMOUS;
}

export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON; undefined when it is not. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

export interface SentRequest {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

export interface HttpApp extends AsyncDisposable {
  readonly port: number;
  send(path: string, request?: SentRequest): Promise<Answer>;
  readonly audit: ReturnType<typeof recordingAudit>;
  readonly log: ReturnType<typeof recordingLog>;
  /** What reached the flows. */
  readonly credentials: (readonly [username: string, password: string] | undefined)[];
  readonly grants: AccessRequest[];
  readonly offlineLogins: OfflineLogin[];
}

/** What the application is given, with flows that accept everything. */
export function appDeps({ audit, log }: Pick<AppDeps, 'audit' | 'log'>): AppDeps {
  return {
    realm: 'fairlead',
    services: new Map([[SERVICE.name, SERVICE]]),
    identify: async (credential) => (credential === undefined ? ANONYMOUS : callerOf(credential.username)),
    exchangeRefreshToken: async () => ALICE,
    draftRefreshToken: () => undefined,
    grantToken: async () => ({ token: 'signed', expiresIn: 300, grants: [] }),
    audit,
    recordsState: async () => undefined,
    auditState: () => 'ok',
    log,
    ids: countingIds(),
    publicPath: '',
    corsOrigins: [],
    addressSource: { header: 'x-forwarded-for', isTrustedProxy: () => false },
    clock: fixedClock(),
    jwks: () => '{"keys":[]}',
    metrics: async () => ({ contentType: 'text/plain', text: 'none 1\n' }),
    operatorPages: 'loopback',
    isDraining: () => false,
    backendStates: async () => new Map(),
    policyState: () => ({ revision: 'r1', stale: false }),
    keysState: () => ({ stale: false }),
    isConfigChanged: () => false,
  };
}

/** @param more what differs from flows that accept everything */
export async function openHttpApp(
  { api, ...more }: Partial<AppDeps> & { readonly api?: RequestHandler } = {},
  kind: 'main' | 'admin' = 'main',
): Promise<HttpApp> {
  const audit = recordingAudit();
  const log = recordingLog();
  const credentials: HttpApp['credentials'] = [];
  const grants: AccessRequest[] = [];
  const offlineLogins: OfflineLogin[] = [];
  const deps: AppDeps = {
    ...appDeps({ audit, log }),
    identify: async (credential) => {
      credentials.push(textOf(credential));
      return credential === undefined ? ANONYMOUS : callerOf(credential.username);
    },
    draftRefreshToken: (login) => {
      offlineLogins.push(login);
      return undefined;
    },
    grantToken: async (request) => {
      grants.push(request);
      return { token: 'signed', expiresIn: 300, grants: [] };
    },
    ...more,
  };
  const app = kind === 'main' ? createApp(deps) : createAdminApp({ ...deps, api });
  const server = await serve(app);
  return { ...server, audit, log, credentials, grants, offlineLogins };
}

function textOf(credential: Credential | undefined): readonly [string, string] | undefined {
  return credential === undefined ? undefined : [credential.username, credential.password.reveal()];
}

async function serve(handler: RequestListener): Promise<Pick<HttpApp, 'port' | 'send'> & AsyncDisposable> {
  // As `listen` does.
  const server = createServer({ requireHostHeader: false }, handler);
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const { port } = address;
  return {
    port,
    send: (path, { method = 'GET', headers = {}, body } = {}) => {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      sendRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode, headers: response.headers, text, json: parse(text) }),
        );
      })
        .on('error', reject)
        .end(body);
      return promise;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

function parse(text: string): Answer['json'] {
  try {
    return JSON.parse(text) as Answer['json'];
  } catch {
    return undefined;
  }
}

/** A form with the encoding of a POST to the token endpoint. */
export function form(fields: Readonly<Record<string, string>>): SentRequest {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  };
}
