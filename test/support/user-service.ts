/** A web service that checks passwords, as the backend `http` asks one, on a real server. */
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { readFile } from 'node:fs/promises';
import type { TLSSocket } from 'node:tls';
import { z } from 'zod';
import type { BackendDeps } from '../../src/backends/backend.ts';
import { http } from '../../src/backends/http/index.ts';
import { Secret } from '../../src/core/identity.ts';
import type { Authenticator } from '../../src/core/ports.ts';
import { realClock, recordingLog } from './fakes.ts';
import type { LoopbackCertificate } from './loopback-certificate.ts';

export interface ServiceUser {
  readonly password: string;
  readonly groups: readonly string[];
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly subject?: string;
}

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The common name of the certificate that the client presented. */
  readonly clientName?: string;
}

/** A response of the test's choice. `hang`: none at all. */
export type ScriptedResponse =
  | 'hang'
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** A text or bytes as they are, anything else as JSON. */
      readonly body?: unknown;
    };

export interface UserService extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly lookupUrl: string;
  readonly users: Map<string, ServiceUser>;
  requests(): readonly ReceivedRequest[];
  /** Gives this response to every later request; undefined: answers again. */
  script(response: ScriptedResponse | undefined): void;
}

export const USERS = {
  alice: {
    password: 'alice-knows-this-1',
    groups: ['team-web', 'Auditors'],
    attributes: { department: 'Web', Site: ['berlin', 'rome'] },
    subject: 'user-1',
  },
  bob: { password: 'bob-knows-this-22', groups: [], subject: 'user-2' },
} as const satisfies Readonly<Record<string, ServiceUser>>;

const query = z.object({ username: z.string(), password: z.string().optional() });

/** @param certificate speak https with it, and ask clients for certificates of the same authority */
export async function startUserService(certificate?: LoopbackCertificate): Promise<UserService> {
  const users = new Map<string, ServiceUser>(Object.entries(USERS));
  const received: ReceivedRequest[] = [];
  let scripted: ScriptedResponse | undefined;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = request;
    const body = await bodyOf(request);
    received.push({ method, path, headers, body, ...clientNameOf(request) });
    respond(response, scripted ?? (method === 'POST' ? answer(path, body) : { status: 405 }));
  }
  const listener: RequestListener = (request, response) => void serve(request, response);

  function answer(path: string, body: string): ScriptedResponse {
    const { username, password } = query.parse(JSON.parse(body));
    const user = users.get(username);
    if (user === undefined) return { status: 404 };
    if (path === '/login' && user.password !== password) return { status: 401 };
    const { password: _, ...known } = user;
    return { status: 200, body: { username, ...known } };
  }

  const server =
    certificate === undefined
      ? createHttpServer(listener)
      : createHttpsServer(
          {
            cert: certificate.cert,
            key: certificate.key,
            ca: await readFile(certificate.caFile, 'utf8'),
            requestCert: true,
            rejectUnauthorized: false,
          },
          listener,
        );
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const origin = `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  return {
    port,
    url: `${origin}/login`,
    lookupUrl: `${origin}/user`,
    users,
    requests: () => [...received],
    script: (response) => {
      scripted = response;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

function clientNameOf({ socket }: IncomingMessage): { readonly clientName?: string } {
  if (!('authorized' in socket)) return {};
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only a TLS socket says whether it is authorized
  const { authorized, getPeerX509Certificate } = socket as TLSSocket;
  const subject = authorized ? getPeerX509Certificate.call(socket)?.subject : undefined;
  return subject === undefined ? {} : { clientName: subject };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

function respond(response: ServerResponse, scripted: ScriptedResponse): void {
  if (scripted === 'hang') return;
  const { status, headers = { 'content-type': 'application/json' }, body = '' } = scripted;
  response.writeHead(status, headers);
  response.end(typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body));
}

export type HttpInput = Partial<z.input<typeof http.schema>>;

export function httpBackendConfig(input: HttpInput): z.output<typeof http.schema> {
  return http.schema.parse({ name: 'accounts', type: 'http', url: 'https://accounts.example.com/login', ...input });
}

/** @param given `token` is what the configured bearer secret reads as */
export async function createHttpBackend(
  input: HttpInput,
  given: Partial<Omit<BackendDeps, 'secret'>> & { readonly token?: () => string } = {},
): Promise<Authenticator> {
  const { clock = realClock, log = recordingLog(), token = () => 'token-of-the-broker' } = given;
  return http.create(httpBackendConfig(input), {
    clock,
    log,
    secret: () => ({ read: async () => new Secret(token()) }),
  });
}
