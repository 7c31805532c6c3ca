/** The open backend. */
import type { Deadline } from '../../core/deadline.ts';
import { BrokerError } from '../../core/errors.ts';
import type { Account, Authenticator, AuthnOutcome, BackendState } from '../../core/ports.ts';
import { accountName } from '../../core/spelling.ts';
import type { BackendDeps } from '../backend.ts';
import { readAuthorities, readOwnCertificate } from '../certificates.ts';
import { openConnection } from '../http-client/connection.ts';
import { openProxy, proxyFiles } from '../http-client/proxy.ts';
import { openRenewable } from '../http-client/renewable.ts';
import { timeLimit } from '../http-client/time-limit.ts';
import { isName, unsendable } from '../names.ts';
import type { HttpConfig } from './config.ts';
import { createUserService, PEER } from './user-service.ts';
import type { UserService } from './user-service.ts';

const TYPE = 'http';

export async function openHttp(config: HttpConfig, { log, secret }: BackendDeps): Promise<Authenticator> {
  const { name, url, lookupUrl, timeout } = config;
  const transport = await openRenewable(async () => ({ connection: await connect(config, secret) }));
  const service = createUserService({
    rules: { backend: name, lowercase: config.lowercase },
    bearer: config.bearer === undefined ? undefined : secret(config.bearer),
    isNotFoundTrusted: config.notFound === 'unknown-user',
    connection: () => transport.current().connection,
    log,
  });
  const limit = (deadline: Deadline): AbortSignal => timeLimit(deadline, timeout, PEER);
  const keyFiles = [config.caFile, config.certFile, config.keyFile].flatMap((file) => file?.path ?? []);
  const files = [...keyFiles, ...proxyFiles(config.proxy)];

  return {
    name,
    type: TYPE,
    asksGuard: true,
    authenticate: async (credential, deadline, guard) => {
      const { username, password } = credential;
      // Only the service knows which names are one account.
      const refused = await guard?.beforeAttempt(username, accountName(username));
      if (refused !== undefined) return refused;
      const reason = unsendable(credential);
      if (reason !== undefined) return { kind: 'rejected', reason };
      const answer = await service.post(url, { username, password: password.reveal() }, limit(deadline));
      if (answer.kind === 'user') return { kind: 'authenticated', identity: answer.identity };
      return answer.kind === 'rejected' ? { kind: 'rejected', reason: 'wrong-password' } : answer;
    },
    ...(lookupUrl === undefined
      ? {}
      : {
          lookup: async (username: string, deadline: Deadline) => {
            if (!isName(username)) return undefined;
            const answer = await service.post(lookupUrl, { username }, limit(deadline));
            return answer.kind === 'user' ? answer.identity : undefined;
          },
          revalidate: async ({ login, subject }: Account, deadline: Deadline): Promise<AuthnOutcome> => {
            const answer = await service.post(lookupUrl, { username: login }, limit(deadline));
            if (answer.kind === 'rejected') return { kind: 'rejected', reason: 'disabled' };
            const isSame = answer.kind === 'user' && answer.identity.subject === subject;
            return isSame ? { kind: 'authenticated', identity: answer.identity } : { kind: 'unknown-user' };
          },
        }),
    probe: (deadline) => probe(service, url, deadline),
    ...(files.length === 0 ? {} : { watches: files, reload: () => transport.renew() }),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

async function connect(config: HttpConfig, secret: BackendDeps['secret']) {
  const { url, lookupUrl, caFile, certFile, keyFile } = config;
  const proxy = await openProxy(config.proxy, secret);
  const ca = caFile === undefined ? undefined : await readAuthorities(caFile.path);
  const certificate =
    certFile === undefined || keyFile === undefined ? undefined : await readOwnCertificate(certFile.path, keyFile.path);
  const configured = [url, ...(lookupUrl === undefined ? [] : [lookupUrl])];
  return openConnection({ peer: PEER, configured, ca, certificate, proxy });
}

/** A GET without credentials: whatever the service answers to it, below 500 it is up. */
async function probe(service: UserService, url: string, deadline: Deadline): Promise<BackendState> {
  try {
    const status = await service.status(url, timeLimit(deadline, deadline.left() / 1000, PEER));
    return status < 500 ? { state: 'up' } : { state: 'down', detail: `${PEER} answered ${status}` };
  } catch (error) {
    return { state: 'down', detail: error instanceof BrokerError ? error.message : `${PEER} cannot be asked` };
  }
}
