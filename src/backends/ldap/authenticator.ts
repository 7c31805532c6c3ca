import { BrokerError } from '../../core/errors.ts';
import type { Secret } from '../../core/identity.ts';
import type { Account, Authenticator, AuthnOutcome } from '../../core/ports.ts';
import type { BackendDeps } from '../backend.ts';
import type { LdapConfig } from './config/config.ts';
import { tlsMode } from './config/config-check.ts';
import type { TlsMode } from './config/config-check.ts';
import { deadlineIn } from '../../core/deadline.ts';
import type { Deadline } from '../../core/deadline.ts';
import { diagnoseServers } from './diagnosis/diagnose.ts';
import { createDirectory } from './servers/directory.ts';
import type { ConnectionOptions } from './wire/connection.ts';
import { createUserSearch } from './find-user.ts';
import { createWitness } from './diagnosis/trace.ts';
import { isLoopback } from './wire/endpoint.ts';
import type { Endpoint } from './wire/endpoint.ts';
import { faultText } from './wire/fault-text.ts';
import { DirectoryFault } from './wire/fault.ts';
import { createLogin } from './login.ts';
import type { Aside } from './login.ts';
import { loginName } from './config/login-name.ts';
import { createServiceAccount } from './servers/service-account.ts';
import { createServiceRecords } from './servers/service-records.ts';
import type { ResolveSrv } from './servers/service-records.ts';
import { loadTrust } from './wire/trust.ts';

/**
 * Opens a directory as a source of identities. No connection is made before it is needed.
 *
 * @param resolve how DNS is asked; absent: as the machine does
 * @throws Error that names the file of certificates or the key when that is bad
 */
export async function openLdap(config: LdapConfig, deps: BackendDeps, resolve?: ResolveSrv): Promise<Authenticator> {
  const { name, type, bind, pool, tls, timeouts, urls } = config;
  const { clock, log } = deps;
  const mode = tlsMode(config);
  const files = { caFile: tls.caFile?.path, certFile: tls.certFile?.path, keyFile: tls.keyFile?.path };
  const watches = Object.values(files).filter((path) => path !== undefined);
  let trust = await loadTrust(files);
  if (mode === 'none' && urls?.every(isLoopback) !== true) {
    log.warn('passwords go to the directory in clear: set tls.mode to starttls or ldaps', { backend: name });
  }
  const account =
    bind && createServiceAccount({ backend: name, dn: bind.dn, password: deps.secret(bind.password), clock, log });
  const options = (): ConnectionOptions => ({
    mode,
    trust,
    serverName: tls.serverName,
    timeout: timeouts.connect * 1000,
    operationTimeout: timeouts.operation * 1000,
  });
  const endpoints = endpointsOf(config, mode, deps, resolve);
  const directory = createDirectory({
    backend: name,
    endpoints,
    options,
    limits: { search: pool.search, bind: pool.bind, idle: pool.idle * 1000, age: pool.age * 1000 },
    account,
    clock,
    log,
    soon: () => deadlineIn(clock, timeouts.connect * 1000),
  });
  const search = createUserSearch(config);
  const login = createLogin({ config, directory, search, clock, log });

  async function authenticate(
    typed: string,
    password: Secret,
    deadline: Deadline,
    aside: Aside,
  ): Promise<AuthnOutcome> {
    // An empty password would be an anonymous bind, which succeeds (RFC 4513, section 5.1.2); NULs may read as empty.
    if (/^\0*$/.test(password.reveal())) return { kind: 'rejected', reason: 'empty-password' };
    const wanted = loginName(typed, config.users.domain);
    // No entry has such a name, so it is not this backend's user; the next backend may well hold it.
    if (wanted === undefined) return { kind: 'unknown-user' };
    return login.authenticate(wanted, password, deadline, aside);
  }

  return {
    name,
    type,
    ...(watches.length === 0 ? {} : { watches }),

    asksGuard: true,
    authenticate: ({ username, password }, deadline, guard) =>
      orOutage(name, () => authenticate(username, password, deadline, { guard })),

    // Without a service account only the user's own password opens the user's entry.
    ...(config.users.template !== undefined && bind === undefined
      ? {}
      : {
          lookup: (username: string, deadline: Deadline) =>
            orOutage(name, async () => {
              const wanted = loginName(username, config.users.domain);
              return wanted === undefined ? undefined : login.lookup(wanted, deadline);
            }),
          revalidate: ({ login: typed, subject }: Account, deadline: Deadline) =>
            orOutage(name, async (): Promise<AuthnOutcome> => {
              const wanted = loginName(typed, config.users.domain);
              if (wanted === undefined) return { kind: 'unknown-user' };
              return login.revalidate(wanted, subject, deadline);
            }),
        }),

    diagnose: (credential, deadline, tell) =>
      orOutage(name, async () => {
        if (credential === undefined) {
          await diagnoseServers({ config, options, endpoints, account, search }, tell, deadline);
          return undefined;
        }
        const witness = createWitness(config, search, tell);
        return authenticate(credential.username, credential.password, deadline, { witness });
      }),

    probe: async (deadline) => {
      try {
        await login.probe(deadline);
        return { state: 'up' };
      } catch (error) {
        return { state: 'down', detail: faultText(error) };
      }
    },

    reload: async () => {
      trust = await loadTrust(files);
      directory.retire();
    },

    forget: login.forget,

    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

function endpointsOf(
  { name: backend, urls, srv, tls }: LdapConfig,
  mode: TlsMode,
  { clock, log }: BackendDeps,
  resolve: ResolveSrv | undefined,
): (deadline: Deadline) => Promise<readonly Endpoint[]> {
  if (urls !== undefined) return async () => urls;
  return createServiceRecords({
    backend,
    // INVARIANT: the schema asks for either.
    domain: srv ?? '',
    mode,
    isNamed: tls.serverName !== undefined,
    clock,
    log,
    ...(resolve === undefined ? {} : { resolve }),
  });
}

async function orOutage<T>(backend: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DirectoryFault)) throw error;
    throw new BrokerError('backend_unavailable', `the directory ${backend} cannot tell`, {
      cause: error,
      ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
    });
  }
}
