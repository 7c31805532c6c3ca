/**
 * Sign-in by the browser on this machine (RFC 8252): the server sends the browser back to a port that only this process
 * listens on. PKCE (RFC 7636) makes the code useless to everybody else on the machine, and codes that other users send are
 * ignored.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { HelperError, remark } from '../host.ts';
import type { Host } from '../host.ts';
import type { StoredLogin } from '../logins/login.ts';
import { openBrowser } from './browser.ts';
import { CLIENT_ID } from './client-id.ts';
import type { SignInServer } from './discover.ts';
import { isFromOwnUser } from './peer.ts';
import { askForToken } from './token-answer.ts';

/** Somebody may have to find a second factor. */
const WAIT_MS = 10 * 60_000;
const PATH = '/callback';
const FOREIGN = 'another user of this machine';

/** @throws HelperError when the user refuses, or does not answer */
export async function loginByBrowser(host: Host, server: SignInServer, authorizationUrl: string): Promise<StoredLogin> {
  const state = randomBytes(32).toString('base64url');
  const verifier = randomBytes(32).toString('base64url');
  const callback = await listenForCallback(host, state, server.issuer);
  try {
    const url = new URL(authorizationUrl);
    const parameters = {
      response_type: 'code',
      client_id: CLIENT_ID,
      redirect_uri: callback.url,
      resource: server.service,
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    await announce(host, url.href);
    const code = await callback.code;
    const answer = await askForToken(
      server,
      {
        grant_type: 'authorization_code',
        code,
        redirect_uri: callback.url,
        client_id: CLIENT_ID,
        code_verifier: verifier,
        service: server.service,
      },
      host.now(),
    );
    if (answer.kind === 'login') return answer.login;
    throw new HelperError(`the sign-in was refused: ${answer.description}`);
  } finally {
    callback.close();
  }
}

async function announce(host: Host, url: string): Promise<void> {
  const isOpened = await openBrowser(url, host);
  remark(host, isOpened ? 'Your browser opens this page:' : 'Open this page in your browser:');
  remark(host, `  ${url}`);
  remark(host, 'No browser on this machine? Run the command again with --device.');
}

interface Callback {
  readonly url: string;
  readonly code: Promise<string>;
  close(): void;
}

/** @param issuer of whom the code must be (RFC 9207) */
export async function listenForCallback(
  host: Pick<Host, 'env' | 'stderr'>,
  state: string,
  issuer: string,
): Promise<Callback> {
  const { promise: code, resolve, reject } = Promise.withResolvers<string>();
  // It may be rejected before somebody waits.
  code.catch(() => undefined);
  let isReported = false;

  /** Anybody on this machine, and any web page, can send requests here. What is not the answer is no reason to stop. */
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.parse(request.url ?? '/', 'http://127.0.0.1');
    const answer = url?.pathname === PATH ? readCallback(url.searchParams, state, issuer) : undefined;
    if (answer === undefined) return respond(response, 404, 'There is nothing here.');
    // INVARIANT: where the system can show it, the answer is from a process of the user who has begun the sign-in.
    if (!(await isFromOwnUser(request.socket, host))) {
      if (!isReported) remark(host, `An answer of ${FOREIGN} is ignored. If it is yours, start again with --device.`);
      isReported = true;
      return respond(response, 403, `This browser belongs to ${FOREIGN}. Run the command again with --device.`);
    }
    if (answer.code === undefined) {
      respond(response, 200, 'The sign-in was refused. You can close this page.');
      return reject(new HelperError(`the sign-in was refused: ${answer.error}`));
    }
    respond(response, 200, 'You are signed in. You can close this page.');
    return resolve(answer.code);
  }
  const server = createServer({ requestTimeout: 5_000 }, (request, response) => void handle(request, response));
  const port = await listen(server);
  const late = new AbortController();
  void sleep(WAIT_MS, undefined, { signal: late.signal, ref: false }).then(
    () => reject(new HelperError('nobody has signed in within 10 minutes; run the command again')),
    () => undefined,
  );
  return {
    url: `http://127.0.0.1:${port}${PATH}`,
    code,
    close: () => {
      late.abort();
      server.close();
      server.closeAllConnections();
    },
  };
}

async function listen(server: Server): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host: '127.0.0.1', port: 0, exclusive: true }, resolve);
  await promise;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has such an address
  return (server.address() as AddressInfo).port;
}

type CallbackAnswer =
  | { readonly code: string; readonly error?: undefined }
  | { readonly code?: undefined; readonly error: string };

/** @returns undefined when it is not the answer to this sign-in */
export function readCallback(parameters: URLSearchParams, state: string, issuer: string): CallbackAnswer | undefined {
  if (parameters.get('state') !== state || parameters.get('iss') !== issuer) return undefined;
  const code = parameters.get('code');
  if (code !== null && code !== '') return { code };
  return { error: parameters.get('error_description') ?? parameters.get('error') ?? 'without a reason' };
}

function respond(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
  });
  response.end(`${sentence}\n`);
}
