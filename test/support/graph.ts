/**
 * A stand-in for Microsoft Graph, which cannot run here: users, and `getMemberObjects` in pages, asked with a token of the
 * application. Its answers are as the documentation of Graph shows them.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface GraphStandIn extends AsyncDisposable {
  readonly url: string;
  /** Method and path of each request so far. */
  calls(): readonly string[];
  /** What it answers to everything from now on. */
  answer(status: number, body: unknown, headers?: Readonly<Record<string, string>>): void;
  /** Disables an account, or enables it again. */
  disable(user: string, isDisabled: boolean): void;
  /** Changes the name of a user (user principal name). */
  rename(user: string, name: string): void;
  /** The address of the page after the first, from now on. */
  pointTo(nextLink: string): void;
}

export interface GraphOptions {
  /** The groups of each user, by object id. */
  readonly members: Readonly<Record<string, readonly string[]>>;
  readonly pageSize: number;
  readonly isToken: (token: string) => boolean;
}

const USER = /^\/v1\.0\/users\/([^/]+)$/;
const MEMBER_OBJECTS = /^\/v1\.0\/users\/([^/]+)\/getMemberObjects$/;

export async function startGraph({ members, pageSize, isToken }: GraphOptions): Promise<GraphStandIn> {
  const calls: string[] = [];
  let fixed: ((response: ServerResponse) => void) | undefined;
  const disabled = new Set<string>();
  const names = new Map<string, string>();
  let link: string | undefined;
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    void bodyOf(request).then((body) => (fixed ?? ((to) => reply(request, body, to)))(response));
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;

  function reply(request: IncomingMessage, body: string, response: ServerResponse): void {
    const url = new URL(request.url ?? '', origin);
    const start = Number(url.searchParams.get('$skiptoken') ?? 0);
    const [, asked] = USER.exec(url.pathname) ?? [];
    const [, user = asked ?? ''] = MEMBER_OBJECTS.exec(url.pathname) ?? [];
    const groups = members[user];
    const isAsked = start > 0 ? request.method === 'GET' : JSON.parse(body || '{}').securityEnabledOnly === true;
    const [, token = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (!isToken(token)) return send(response, 401, { error: { code: 'InvalidAuthenticationToken' } });
    const isFound = groups !== undefined && (isAsked || asked !== undefined);
    if (!isFound) return send(response, 404, { error: { code: 'Request_ResourceNotFound' } });
    if (asked !== undefined) {
      // Graph leaves accountEnabled out unless it is asked for.
      const isSelected = url.searchParams.get('$select')?.split(',').includes('accountEnabled') === true;
      return send(response, 200, {
        id: user,
        userPrincipalName: names.get(user) ?? `${user}@example.com`,
        ...(isSelected ? { accountEnabled: !disabled.has(user) } : {}),
      });
    }
    const end = start + pageSize;
    const next = link ?? `${origin}${url.pathname}?$skiptoken=${end}`;
    send(response, 200, {
      value: groups.slice(start, end),
      ...(end < groups.length || link !== undefined ? { '@odata.nextLink': next } : {}),
    });
  }

  return {
    url: `${origin}/v1.0`,
    calls: () => [...calls],
    answer: (status, body, headers = {}) => {
      fixed = (response) => send(response, status, body, headers);
    },
    disable: (user, isDisabled) => void (isDisabled ? disabled.add(user) : disabled.delete(user)),
    rename: (user, name) => void names.set(user, name),
    pointTo: (nextLink) => {
      link = nextLink;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}

function send(response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
