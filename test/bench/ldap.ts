/**
 * Logins per second with a real OpenLDAP server on this machine, compared with
 *
 * - (a) one connection on which ldapts binds, searches and binds in a loop: the maximum of the library;
 * - (b) a new connection for each login, with three binds and a search: a broker without pools;
 * - (c) the tools of the C library, `ldapsearch` and `ldapwhoami`, started for each login: a script;
 * - the static-file backend with the same shield: a warm login without a directory.
 *
 * Client and server share the machine, so compare the ratios. Run it with `npm run bench:ldap`.
 */
import { deadlineIn } from '../../src/core/deadline.ts';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'ldapts';
import { staticFile } from '../../src/backends/static-file/index.ts';
import { hashPassword } from '../../src/backends/password-hash.ts';
import { Secret } from '../../src/core/identity.ts';
import type { Authenticator } from '../../src/core/ports.ts';
import { createShield } from '../../src/flows/shield/shield.ts';
import { createFingerprint } from '../../src/platform/fingerprint.ts';
import { randomIds } from '../../src/platform/ids.ts';
import { memoryLedger } from '../../src/platform/ledger/memory.ts';
import { systemTimer } from '../../src/platform/timer.ts';
import { realClock as clock, recordingLog } from '../support/fakes.ts';
import { createLdap } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { runOk } from '../support/process.ts';
import { GROUPS_DN, PEOPLE_DN, SERVICE } from '../support/slapd-entries.ts';
import { startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';

type Mode = 'plain' | 'StartTLS' | 'LDAPS';
type LogIn = (n: number) => Promise<void>;

const MODES: readonly Mode[] = ['plain', 'StartTLS', 'LDAPS'];
const CALLERS = [1, 4, 16] as const;
const WARM_UP_MS = 300;
const MEASURE_MS = 1200;
const BUDGET_MS = 8000;
const USERS = [...Array(200).keys()].map((n) => ({
  username: `user-${n}`,
  password: `binds-with-this-${n}`,
  dn: `uid=user-${n},${PEOPLE_DN}`,
}));

const user = (n: number) => USERS[n % USERS.length] as (typeof USERS)[number];

const LDIF = [
  ...USERS.map(
    ({ username, password, dn }) =>
      `dn: ${dn}\nobjectClass: inetOrgPerson\nuid: ${username}\ncn: ${username}\nsn: x\nuserPassword: ${password}\n`,
  ),
  // Each user is in one of ten groups.
  ...[...Array(10).keys()].map((group) => {
    const members = USERS.filter((_user, n) => n % 10 === group).map(({ dn }) => `member: ${dn}`);
    return `dn: cn=team-${group},${GROUPS_DN}\nobjectClass: groupOfNames\n${members.join('\n')}\n`;
  }),
].join('\n');

/** Logins per second by a number of callers; each waits for its login before the next one. */
async function rate(callers: number, logIn: LogIn): Promise<number> {
  let [next, done] = [0, 0];
  const until = async (end: number): Promise<void> => {
    while (performance.now() < end) {
      next += 1;
      await logIn(next);
      done += 1;
    }
  };
  const all = (ms: number): Promise<unknown> => {
    const end = performance.now() + ms;
    return Promise.all([...Array(callers).keys()].map(() => until(end)));
  };
  await all(WARM_UP_MS);
  done = 0;
  const started = performance.now();
  await all(MEASURE_MS);
  return (done * 1000) / (performance.now() - started);
}

function inputOf(slapd: Slapd, mode: Mode): LdapInput {
  const caFile = slapd.caFile ?? '';
  if (mode === 'plain') return { urls: [slapd.url] };
  return mode === 'LDAPS'
    ? { urls: [slapd.ldapsUrl ?? ''], tls: { caFile } }
    : { urls: [slapd.url], tls: { mode: 'starttls', caFile } };
}

/** Every login is verified by the directory, over reused connections. */
function cold(backend: Authenticator): LogIn {
  return async (n) => {
    const { username, password } = user(n);
    const credential = { username, password: new Secret(password) };
    const { kind } = await backend.authenticate(credential, deadlineIn(clock, BUDGET_MS));
    if (kind !== 'authenticated') throw new Error(`${username} is ${kind}`);
  };
}

/** As at the token endpoint: successful logins are cached. */
function warm(backend: Authenticator): LogIn {
  const shield = createShield({
    settings: {
      remember: 60,
      staleIfError: 0,
      rememberWrong: 300,
      rememberRefused: 30,
      maxWrongPerAccount: 4,
      window: 300,
      maxWrongPerAddress: 0,
    },
    fingerprint: createFingerprint(),
    ledger: memoryLedger({ clock, maxEntries: 10_000 }),
    ids: randomIds,
    timer: systemTimer,
  });
  return async (n) => {
    const { username, password } = user(n);
    const login = shield.begin({ username, password: new Secret(password) }, '192.0.2.1');
    const { outcome } = await login.ask(backend, deadlineIn(clock, BUDGET_MS));
    await login.end(outcome);
    if (outcome.kind !== 'authenticated') throw new Error(`${username} is ${outcome.kind}`);
  };
}

async function connected(slapd: Slapd, mode: Mode, ca: string): Promise<Client> {
  const tlsOptions = { ca, minVersion: 'TLSv1.2' } as const;
  const client =
    mode === 'LDAPS' ? new Client({ url: slapd.ldapsUrl ?? '', tlsOptions }) : new Client({ url: slapd.url });
  // ldapts changes the options object.
  if (mode === 'StartTLS') await client.startTLS({ ...tlsOptions });
  return client;
}

const searchFor = (client: Client, username: string) =>
  client.search(PEOPLE_DN, {
    filter: `(&(objectClass=person)(uid=${username}))`,
    attributes: ['uid', 'cn'],
    sizeLimit: 2,
  });

function onOneConnection(client: Client): LogIn {
  return async (n) => {
    const { username, password, dn } = user(n);
    await client.bind(SERVICE.dn, SERVICE.password);
    await searchFor(client, username);
    await client.bind(dn, password);
  };
}

function onNewConnections(slapd: Slapd, mode: Mode, ca: string): LogIn {
  return async (n) => {
    const { username, password, dn } = user(n);
    const client = await connected(slapd, mode, ca);
    try {
      await client.bind(SERVICE.dn, SERVICE.password);
      await searchFor(client, username);
      await client.bind(dn, password);
      await client.bind(SERVICE.dn, SERVICE.password);
    } finally {
      await client.unbind();
    }
  };
}

/** Like a script: a search as the service account, and a bind as the user. */
function withTools(slapd: Slapd, mode: Mode): LogIn {
  const tls = mode === 'StartTLS' ? ['-ZZ'] : [];
  const to = ['-x', '-H', (mode === 'LDAPS' ? slapd.ldapsUrl : slapd.url) ?? '', ...tls];
  const env = { ...process.env, LDAPTLS_CACERT: slapd.caFile };
  return async (n) => {
    const { username, password, dn } = user(n);
    const filter = `(&(objectClass=person)(uid=${username}))`;
    const asService = [...to, '-D', SERVICE.dn, '-w', SERVICE.password];
    await runOk('ldapsearch', [...asService, '-LLL', '-b', PEOPLE_DN, filter, 'uid', 'cn'], { env });
    await runOk('ldapwhoami', [...to, '-D', dn, '-w', password], { env });
  };
}

/** The same users in a file. All have one hash: with the cache of the shield only the first verification is slow. */
async function staticUsers(folder: string): Promise<Authenticator> {
  const file = join(folder, 'users.yaml');
  const entries = USERS.slice(0, 20).map(async ({ username, password }) => [
    username,
    { password: await hashPassword(password), groups: ['team-web'] },
  ]);
  await writeFile(file, JSON.stringify({ users: Object.fromEntries(await Promise.all(entries)) }));
  const config = staticFile.schema.parse({ type: 'static-file', name: 'local', file });
  return staticFile.create(config, {
    clock,
    log: recordingLog(),
    secret: () => ({ read: async () => new Secret('') }),
  });
}

const show = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(2)).padStart(9);

function print(...cells: readonly (string | number)[]): void {
  const [first = '', ...others] = cells;
  console.log(
    String(first).padEnd(26),
    ...others.map((cell) => (typeof cell === 'number' ? show(cell) : cell.padStart(9))),
  );
}

/** The best of three alternating rounds: one garbage collection is a tenth of a round. */
async function warmRates(
  callers: number,
  directory: Authenticator,
  file: Authenticator,
): Promise<Readonly<Record<'directory' | 'file', number>>> {
  const logIns = { directory: ofFew(warm(directory)), file: ofFew(warm(file)) };
  const best = { directory: 0, file: 0 };
  for (let round = 1; round <= 3; round += 1) {
    best.directory = Math.max(best.directory, await rate(callers, logIns.directory));
    best.file = Math.max(best.file, await rate(callers, logIns.file));
  }
  return best;
}

/** All warm logins use the same twenty users. */
const ofFew =
  (logIn: LogIn): LogIn =>
  (n) =>
    logIn(n % 20);

async function measure(slapd: Slapd, mode: Mode, fromFile: Authenticator): Promise<void> {
  const ca = await readFile(slapd.caFile ?? '', 'utf8');
  const single = await connected(slapd, mode, ca);
  const a = await rate(1, onOneConnection(single));
  await single.unbind();
  print(`\n${mode}`, 'callers', 'logins/s', '÷ (a)', '÷ (b)');
  print('(a) one connection', '1', a, 1);
  const c = await rate(1, withTools(slapd, mode));
  print('(c) C tools, a process each', '1', c, c / a);
  for (const callers of CALLERS) {
    await using backend = await createLdap({ ...inputOf(slapd, mode), groups: undefined });
    await using withGroups = await createLdap(inputOf(slapd, mode));
    const b = await rate(callers, onNewConnections(slapd, mode, ca));
    const remembered = await warmRates(callers, withGroups, fromFile);
    const rows = [
      ['(b) new connections', b],
      ['cold, groups too', await rate(callers, cold(withGroups))],
      ['cold', await rate(callers, cold(backend))],
      ['warm', remembered.directory],
      ['warm, static file', remembered.file],
    ] as const;
    for (const [name, logins] of rows) print(name, String(callers), logins, logins / a, logins / b);
  }
}

const folder = await mkdtemp(join(tmpdir(), 'fairlead-bench-'));
try {
  await using fromFile = await staticUsers(folder);
  await using slapd = await startSlapd({ tls: true, ldif: LDIF });
  for (const mode of MODES) await measure(slapd, mode, fromFile);
} finally {
  await rm(folder, { recursive: true });
}
