/** What must hold between the parts of a broker configuration, and what deserves a warning. */
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { traitsOf, warningsOf } from '../backends/index.ts';
import { parseNamePattern } from '../core/policy/name-pattern.ts';
import { ROBOTS_BACKEND } from '../core/robot.ts';
import { DEFAULT_STATE_DIR } from './broker-schema.ts';
import type { BrokerFile } from './broker-schema.ts';
import { checkAccounts, checkConsole, warnAccounts, warnSessions, warnWithoutConsole } from './console-checks.ts';
import { quote } from './expectation.ts';
import { checkHelper } from './helper-checks.ts';
import { checkForwardAuth, warnForwardAuth } from './forward-auth-checks.ts';
import { DEFAULT_KEY } from './keys-schema.ts';
import { isLocal, isLocalName } from './listen-address.ts';
import type { Path } from './problems.ts';
import { suggest } from './suggest.ts';
import { SOCKET_PEER } from './trusted-proxies.ts';

export type Report = (path: Path, message: string, at?: 'key' | 'value') => void;

/** What is compared, taken from a document before it is known to be well-formed, so that all problems are reported at once. */
const word = z.string().optional().catch(undefined);
const any = z.unknown().optional();
const outline = z.object({
  listen: word,
  tls: any,
  publicUrl: word,
  console: any,
  helper: any,
  clientAddress: word,
  stateDir: z.string().min(1).catch(DEFAULT_STATE_DIR),
  trustDir: word,
  // What is no list is a problem of its own, and not the same as no proxies.
  trustedProxies: z.array(word).default([]).catch([undefined]),
  keys: z
    .array(
      z
        .object({ name: z.string().catch(''), keyFile: word, certFile: word, caFile: word, authority: any })
        .catch({ name: '' }),
    )
    .catch([{ name: DEFAULT_KEY }]),
  services: z
    .record(
      z.string(),
      z
        .object({ signingKey: word, key: z.object({ header: word }).catch({}), refreshTokens: any, forwardAuth: any })
        .catch({ key: {} }),
    )
    .catch({}),
  backends: z
    .array(
      z
        .object({
          name: z.string().catch(''),
          usernames: z.array(z.string()).catch([]),
          accounts: z.object({ backend: word }).optional().catch(undefined),
        })
        .catch({ name: '', usernames: [] }),
    )
    .catch([]),
  robots: any,
});
type Outline = z.output<typeof outline>;

export function checkBroker(value: unknown, report: Report): void {
  const { data } = outline.safeParse(value, { jitless: true });
  if (data === undefined) return;
  checkNames('keys', data.keys, report);
  checkNames('backends', data.backends, report);
  checkSigningKeys(data, report);
  checkAccounts(data, report);
  checkSocketPeer(data, report);
  checkProxyProtocol(data, report);
  checkTrustDir(data, report);
  checkConsole(data, report);
  checkHelper(data, report);
  checkRobotsBackend(data, report);
  checkForwardAuth(data, report);
  for (const [index, { usernames }] of data.backends.entries()) {
    for (const [at, text] of usernames.entries()) {
      const pattern = parseNamePattern(text);
      if (typeof pattern === 'string') {
        report(['backends', index, 'usernames', at], `the pattern ${quote(text)} ${pattern}`);
      }
    }
  }
}

function checkSocketPeer({ listen, trustedProxies }: Outline, report: Report): void {
  const at = trustedProxies.indexOf(SOCKET_PEER);
  if (at < 0 || listen === undefined || listen.startsWith('unix:')) return;
  report(['trustedProxies', at], 'found "unix", expected it only where listen is unix:/path');
}

/** Only its TCP ports connect a TLS session with the header that came before it. Without, every client would have no address. */
function checkProxyProtocol({ listen, tls, clientAddress }: Outline, report: Report): void {
  if (clientAddress !== 'proxy-protocol' || tls === undefined || listen?.startsWith('unix:') !== true) return;
  report(['clientAddress'], 'found proxy-protocol, expected it with tls only where listen is HOST:PORT');
}

/** The audit log names the backend of each caller. */
function checkRobotsBackend({ robots, backends }: Outline, report: Report): void {
  const at = robots === undefined ? -1 : backends.findIndex(({ name }) => name === ROBOTS_BACKEND);
  if (at < 0) return;
  report(['backends', at, 'name'], `found ${ROBOTS_BACKEND}, expected another name: the audit log names robots so`);
}

/** Whoever mounts the one for a registry must not mount the private keys in the other. */
function checkTrustDir({ stateDir, trustDir }: Outline, report: Report): void {
  if (trustDir === undefined || (!contains(stateDir, trustDir) && !contains(trustDir, stateDir))) return;
  report(['trustDir'], 'found the same folder as stateDir, or one inside the other, expected separate folders');
}

/** Both start from the folder of the configuration file; which one that is makes no difference. */
function contains(outer: string, inner: string): boolean {
  const path = relative(resolve(outer), resolve(inner));
  return !isAbsolute(path) && path.split(sep)[0] !== '..';
}

function checkNames(section: 'keys' | 'backends', entries: readonly { readonly name: string }[], report: Report): void {
  const seen = new Set<string>();
  for (const [index, { name }] of entries.entries()) {
    if (name !== '' && seen.has(name)) {
      report([section, index, 'name'], `found ${quote(name)} a second time, expected each name once`);
    }
    seen.add(name);
  }
}

function checkSigningKeys({ keys, services }: Outline, report: Report): void {
  for (const [
    service,
    {
      signingKey,
      key: { header },
    },
  ] of Object.entries(services)) {
    const key = signingKey === undefined ? keys[0] : keys.find(({ name }) => name === signingKey);
    if (key === undefined && signingKey !== undefined && signingKey !== '') {
      report(['services', service, 'signingKey'], unknownKey(signingKey, keys));
    }
    const isCertified = key !== undefined && (key.authority !== undefined || key.caFile !== undefined);
    if (isCertified && (header ?? 'x5c') !== 'x5c') {
      const why = `the key ${key.name} has an authority, and registries know its keys by their certificate alone`;
      report(['services', service, 'key', 'header'], `found ${quote(header ?? '')}, expected x5c: ${why}`);
    }
    const isBare = key?.keyFile !== undefined && key.certFile === undefined;
    if (!isBare || (header !== undefined && header !== 'x5c')) continue;
    const cure = 'give it one, or choose key: { header: kid }';
    report(['services', service], `tokens carry a certificate (x5c), but the key ${key.name} has no certFile; ${cure}`);
  }
}

function unknownKey(found: string, keys: Outline['keys']): string {
  const names = [...new Set(keys.map(({ name }) => name))].filter((name) => name !== '');
  const meant = suggest(found, names);
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
  return `found ${quote(found)}, expected the name of one of the keys (${names.join(', ')})${hint}`;
}

/** Names that registries have and that no client is known to mangle. */
const PLAIN_SERVICE = /^[A-Za-z0-9][A-Za-z0-9.:_/-]*$/;

export function warnBroker(broker: BrokerFile, warn: Report): void {
  warnTransport(broker, warn);
  for (const name of Object.keys(broker.services)) {
    if (!PLAIN_SERVICE.test(name)) {
      warn(
        ['services', name],
        'the name has a space or another unusual character, which works; a host name is better',
        'key',
      );
    }
  }
  if (broker.backends.length === 0) warn([], 'there are no backends, so nobody can log in: everybody is anonymous');
  for (const [index, backend] of broker.backends.entries()) {
    for (const { path, message } of warningsOf(backend)) warn(['backends', index, ...path], message);
  }
  warnUnreachable(broker.backends, warn);
  warnWithoutRevalidation(broker, warn);
  warnUnusedRecords(broker, warn);
  warnWithoutConsole(broker, warn);
  warnSessions(broker, warn);
  warnAccounts(broker, warn);
  if (broker.robots !== undefined && broker.personalTokens === undefined) {
    warn(['robots'], 'has no effect without personalTokens: a robot logs in by a personal token', 'key');
  }
  warnShield(broker.shield, warn);
  warnApi(broker, warn);
  if (broker.shared !== undefined) warnShared(broker.shared, warn);
  warnForwardAuth(broker, warn);
}

function warnApi({ api, admin, personalTokens }: BrokerFile, warn: Report): void {
  if (api === undefined) return;
  if (admin === undefined)
    warn(['api'], 'has no effect: it is served on the listener of admin, which is missing', 'key');
  else if (!isLocal(admin.listen)) {
    warn(
      ['admin', 'listen'],
      'the API gets personal tokens without TLS on a listener that other machines reach: whoever reads them on the ' +
        'network can use them; listen on this machine, and let a proxy with TLS pass requests on',
    );
  }
  if (personalTokens === undefined) {
    warn(['api'], 'nobody can use it: there are no personal tokens; add personalTokens, or remove api', 'key');
  }
}

function warnShared({ valkey: { urls, sentinel, tls } }: NonNullable<BrokerFile['shared']>, warn: Report): void {
  const [section, addresses] = urls === undefined ? ['sentinel', sentinel?.urls ?? []] : ['urls', urls];
  const isPlain = addresses.some(({ isTls, host }) => !isTls && !isLocalName(host));
  if (isPlain) {
    warn(
      ['shared', 'valkey', section],
      'begins with redis: others on the network read the password of the store, and can delete counts; use rediss',
    );
  }
  if (tls !== undefined && !addresses.some(({ isTls }) => isTls)) {
    warn(['shared', 'valkey', 'tls'], 'has no effect without addresses that begin with rediss');
  }
}

function warnTransport({ listen, tls, publicUrl, trustedProxies, clientAddress }: BrokerFile, warn: Report): void {
  if (tls === undefined && !isLocal(listen)) {
    warn(
      ['listen'],
      'passwords arrive without TLS on a listener that other machines reach; add tls, or let a proxy end TLS',
    );
  }
  const { protocol, hostname, pathname } = new URL(publicUrl);
  if (protocol === 'http:' && tls !== undefined) warn(['publicUrl'], 'begins with http, but tls is configured');
  else if (protocol === 'http:' && !isLocalName(hostname)) {
    warn(['publicUrl'], 'begins with http: clients send passwords unencrypted; use https');
  }
  if (pathname.endsWith('/token')) {
    warn(['publicUrl'], 'ends with /token, which the realm gets in addition: clients ask at …/token/token; remove it');
  }
  for (const [index, { text }] of trustedProxies.entries()) {
    if (text.endsWith('/0')) warn(['trustedProxies', index], 'believes the reported client address of everybody');
  }
  if (clientAddress !== 'x-forwarded-for' && trustedProxies.length === 0) {
    warn(['clientAddress'], 'has no effect without trustedProxies: every client has the address of its connection');
  }
}

function warnUnusedRecords({ records, services, console, personalTokens }: BrokerFile, warn: Report): void {
  if (records === undefined || console !== undefined || personalTokens !== undefined) return;
  if (Object.values(services).some(({ refreshTokens }) => refreshTokens !== undefined)) return;
  warn(['records'], 'has no effect: no service offers refreshTokens, and there are no personalTokens', 'key');
}

function warnShield({ rememberWrong, wrongPasswords }: BrokerFile['shield'], warn: Report): void {
  if (wrongPasswords.max === 0 || rememberWrong >= wrongPasswords.window) return;
  warn(
    ['shield'],
    'rememberWrong is shorter than wrongPasswords.window, so one wrong password that a client keeps sending counts ' +
      'again and again, until its owner is held up too; make it as long',
  );
}

/** Whether every password login ends at this backend, so that no backend behind it is asked. */
function claimsEveryLogin(backend: BrokerFile['backends'][number]): boolean {
  const { accepts, detectsUnknownUsers } = traitsOf(backend);
  return accepts === 'passwords' && !detectsUnknownUsers && backend.usernames === undefined;
}

function warnUnreachable(backends: BrokerFile['backends'], warn: Report): void {
  const at = backends.findIndex(claimsEveryLogin);
  if (at < 0) return;
  // The order of backends for passwords does not matter to those for tokens.
  const unreachable = backends.slice(at + 1).filter((backend) => traitsOf(backend).accepts === 'passwords');
  if (unreachable.length === 0) return;
  const names = unreachable.map(({ name }) => name).join(', ');
  warn(
    ['backends', at],
    `cannot distinguish an unknown user from a wrong password, so ${names} after it is never asked; ` +
      'give it usernames, or put it last',
  );
}

/** Tokens of Fairlead need a backend that looks up their owner at each use. */
function warnWithoutRevalidation({ services, backends, personalTokens }: BrokerFile, warn: Report): void {
  if (backends.some((backend) => traitsOf(backend).canRevalidate)) return;
  const names = backends.length === 0 ? 'there is no backend' : backends.map(({ name }) => name).join(', ');
  const cannot = `no backend can check an account again without its password (${names})`;
  if (personalTokens !== undefined) {
    const message = `nobody gets a personal token: ${cannot}; add one that can, or remove personalTokens`;
    warn(['personalTokens'], message, 'key');
  }
  for (const [name, { refreshTokens }] of Object.entries(services)) {
    if (refreshTokens === undefined) continue;
    const message = `nobody gets a refresh token: ${cannot}; add one that can, or remove refreshTokens`;
    warn(['services', name, 'refreshTokens'], message, 'key');
  }
}
