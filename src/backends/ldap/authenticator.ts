/** The ldap backend as an `Authenticator`: connects its parts. */
import type { SecureContext } from 'node:tls';
import { isLoopbackHost } from '../../core/address.ts';
import { BrokerError } from '../../core/errors.ts';
import type { Account, Authenticator, AuthnOutcome } from '../../core/ports.ts';
import type { BackendDeps } from '../backend.ts';
import type { LdapConfig } from './config/config.ts';
import { loginName } from './config/login-name.ts';
import { LDAP_PRESETS } from './config/presets.ts';
import { tlsMode } from './config/resolve.ts';
import type { TlsMode } from './config/resolve.ts';
import { deadlineIn } from '../../core/deadline.ts';
import type { Deadline } from '../../core/deadline.ts';
import { diagnoseServers } from './diagnosis/diagnose.ts';
import { createLoginTrace } from './diagnosis/trace.ts';
import { createDirectory } from './servers/directory.ts';
import type { DirectoryDeps } from './servers/directory.ts';
import { createServiceAccount } from './servers/service-account.ts';
import type { ServiceAccount } from './servers/service-account.ts';
import { createServiceRecords } from './servers/service-records.ts';
import type { ResolveSrv } from './servers/service-records.ts';
import { createUserSearch } from './users/user-search.ts';
import type { ConnectionOptions } from './wire/connection.ts';
import type { Endpoint } from './wire/endpoint.ts';
import { faultText } from './wire/fault-text.ts';
import { DirectoryFault } from './wire/fault.ts';
import { loadTlsContext } from './wire/tls-context.ts';
import { createLogin } from './login/login.ts';
import type { Login } from './login/login.ts';
import type { LoginAttempt } from './login/password-login.ts';

/**
 * Opens a directory as a source of identities. Connections are made on demand.
 *
 * @param resolve looks up DNS records; default: the resolver of Node
 * @throws Error with the name of a file of certificates or of a key that is not valid
 */
export async function openLdap(config: LdapConfig, deps: BackendDeps, resolve?: ResolveSrv): Promise<Authenticator> {
  const { name, type, tls } = config;
  const mode = tlsMode(config);
  const files = { caFile: tls.caFile?.path, certFile: tls.certFile?.path, keyFile: tls.keyFile?.path };
  const watches = Object.values(files).filter((path) => path !== undefined);
  let tlsContext = await loadTlsContext(files);
  if (mode === 'none' && config.urls?.every(({ host }) => isLoopbackHost(host)) !== true) {
    deps.log.warn('unencrypted directory connection: passwords can be read; set tls.mode to starttls or ldaps', {
      backend: name,
    });
  }
  const options = (): ConnectionOptions => connectionOptions(config, tlsContext);
  const serviceAccount = openServiceAccount(config, deps);
  const endpoints = endpointsOf(config, mode, deps, resolve);
  const directory = createDirectory(directoryDeps(config, deps, { options, endpoints, serviceAccount }));
  const search = createUserSearch(config);
  const login = createLogin({ config, directory, search, clock: deps.clock, log: deps.log });
  return {
    name,
    type,
    ...(watches.length === 0 ? {} : { watches }),

    asksGuard: true,
    authenticate: ({ username, password }, deadline, guard) =>
      orOutage(name, () => authenticate(config, login, { login: username, password, deadline, guard })),

    // Without a service account only the user's own password gives access to the entry.
    ...(config.users.template !== undefined && config.bind === undefined ? {} : checksWithoutPassword(config, login)),

    diagnose: (credential, deadline, report, guard) =>
      orOutage(name, async () => {
        if (credential === undefined) {
          await diagnoseServers({ config, options, endpoints, serviceAccount, search }, report, deadline);
          return undefined;
        }
        const { username, password } = credential;
        const trace = createLoginTrace(config, search, report);
        return authenticate(config, login, { login: username, password, deadline, guard, trace });
      }),

    lockoutPolicy: (deadline) => orOutage(name, () => login.lockoutPolicy(deadline)),

    probe: async (deadline) => {
      try {
        await login.probe(deadline);
        return { state: 'up' };
      } catch (error) {
        return { state: 'down', detail: faultText(error) };
      }
    },

    reload: async () => {
      tlsContext = await loadTlsContext(files);
      directory.retire();
    },

    servers: directory.states,

    clearCaches: login.flush,

    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/** @param attempt has the login as the user typed it */
async function authenticate({ users }: LdapConfig, login: Login, attempt: LoginAttempt): Promise<AuthnOutcome> {
  // An empty password is an anonymous bind, which succeeds (RFC 4513, section 5.1.2). Some servers end a password at a NUL.
  if (attempt.password.matches((text) => /^\0*$/.test(text))) return { kind: 'rejected', reason: 'empty-password' };
  const name = loginName(attempt.login, users.domain);
  // No entry of this directory can have such a name, but a user of the next backend can.
  if (name === undefined) return { kind: 'unknown-user' };
  return login.authenticate({ ...attempt, login: name });
}

function checksWithoutPassword(
  { name: backend, users }: LdapConfig,
  login: Login,
): Required<Pick<Authenticator, 'lookup' | 'revalidate'>> {
  return {
    lookup: (username, deadline) =>
      orOutage(backend, async () => {
        const name = loginName(username, users.domain);
        return name === undefined ? undefined : login.lookup(name, deadline);
      }),
    revalidate: ({ login: typed, subject }: Account, deadline) =>
      orOutage(backend, async (): Promise<AuthnOutcome> => {
        const name = loginName(typed, users.domain);
        return name === undefined ? { kind: 'unknown-user' } : login.revalidate(name, subject, deadline);
      }),
  };
}

function connectionOptions(config: LdapConfig, tlsContext: SecureContext): ConnectionOptions {
  const { tls, timeouts } = config;
  return {
    mode: tlsMode(config),
    tlsContext,
    serverName: tls.serverName,
    timeout: timeouts.connect * 1000,
    operationTimeout: timeouts.operation * 1000,
    hasOwnAuthorities: tls.caFile !== undefined,
    assumesPasswordPolicy: LDAP_PRESETS[config.preset].passwordPolicy,
  };
}

function openServiceAccount(
  { name: backend, bind, preset }: LdapConfig,
  { clock, log, secret }: BackendDeps,
): ServiceAccount | undefined {
  return bind && createServiceAccount({ backend, dn: bind.dn, preset, password: secret(bind.password), clock, log });
}

function directoryDeps(
  { name: backend, pool, timeouts }: LdapConfig,
  { clock, log }: BackendDeps,
  parts: Pick<DirectoryDeps, 'options' | 'endpoints' | 'serviceAccount'>,
): DirectoryDeps {
  return {
    ...parts,
    backend,
    limits: { search: pool.search, bind: pool.bind, idle: pool.idle * 1000, age: pool.age * 1000 },
    clock,
    log,
    backgroundDeadline: () => deadlineIn(clock, timeouts.connect * 1000),
  };
}

function endpointsOf(
  { name: backend, urls, srv, site, tls }: LdapConfig,
  mode: TlsMode,
  { clock, log }: BackendDeps,
  resolve: ResolveSrv | undefined,
): (deadline: Deadline) => Promise<readonly Endpoint[]> {
  if (urls !== undefined) return async () => urls;
  return createServiceRecords({
    backend,
    // INVARIANT: the schema requires urls or srv.
    domain: srv ?? '',
    site,
    mode,
    hasServerName: tls.serverName !== undefined,
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
    throw new BrokerError('backend_unavailable', `directory ${backend} gives no usable answer: ${faultText(error)}`, {
      cause: error,
      ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
    });
  }
}
