/** A real OpenLDAP server (Debian's slapd) with users and groups. */
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { createLoopbackCertificate } from './loopback-certificate.ts';
import type { KeyType, LoopbackCertificate } from './loopback-certificate.ts';
import { findPart } from './parts.ts';
import type { Part } from './parts.ts';
import { run, runOk, start } from './process.ts';
import type { RunningProcess } from './process.ts';
import { directoryLdif, BASE_DN, PEOPLE, SERVICE } from './slapd-entries.ts';
import type { DirectoryPerson } from './slapd-entries.ts';
import { portAnswers, waitFor } from './wait.ts';

export const SLAPD: Part = { program: 'slapd', debian: 'slapd' };
export const LDAPADD: Part = { program: 'ldapadd', debian: 'ldap-utils' };
const LDAPSEARCH: Part = { program: 'ldapsearch', debian: 'ldap-utils' };

export interface SlapdOptions {
  /**
   * `true`: StartTLS on `url` and a second listener `ldapsUrl`, with a certificate of a new authority;
   * `expired`: the same with an expired certificate.
   */
  readonly tls?: boolean | 'expired';
  /** Of the certificates. Default: P-256. */
  readonly keyType?: KeyType;
  /** Lines of slapd.conf before the database, such as `require authc`. */
  readonly globalConfig?: string;
  /** Further modules, such as `dynlist`. */
  readonly modules?: readonly string[];
  /** Further schemas of /etc/ldap/schema, such as `dyngroup`. */
  readonly schemas?: readonly string[];
  /** Lines of slapd.conf at the end of the database, such as overlays. */
  readonly databaseConfig?: string;
  /** Entries (LDIF) in addition to `directoryLdif`. */
  readonly ldif?: string;
}

/** The requests in the log of the server. */
export interface SlapdOperations {
  /** The DNs of all simple binds, accepted or refused, but not of anonymous ones. */
  readonly binds: readonly string[];
  /** The filters of all searches. */
  readonly searches: readonly string[];
  readonly connections: number;
}

export interface Slapd extends AsyncDisposable {
  /** `ldap://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  /** `ldaps://127.0.0.1:PORT`, with `tls` only. */
  readonly ldapsUrl?: string;
  /** The certificate of the authority, with `tls` only. */
  readonly caFile?: string;
  /** The certificate `CN=fairlead` of a client and its key, with `tls` only. */
  readonly clientCertFile?: string;
  readonly clientKeyFile?: string;
  /** `ldapi://…`: a socket in the file system. */
  readonly socketUrl: string;
  readonly baseDn: string;
  /** The service account, which reads everything except passwords. */
  readonly bindDn: string;
  readonly bindPassword: string;
  /** alice in team-web, bob in team-api, carol in no group. */
  readonly people: Readonly<Record<'alice' | 'bob' | 'carol', DirectoryPerson>>;
  /** The process id, while it runs. */
  pid(): number;
  /** The server's log (loglevel stats) since the entries were loaded, across restarts. */
  log(): string;
  /** The requests in the log so far; the last ones may not be logged yet. */
  operations(): SlapdOperations;
  /** The same, after everything that was answered before is logged. */
  settled(): Promise<SlapdOperations>;
  /** Applies LDIF (adds, or `changetype:` changes) as the administrator. */
  change(ldif: string): Promise<void>;
  /** Stops the server and closes its connections. */
  stop(): Promise<void>;
  /** Starts the server again with the same ports and entries. */
  start(): Promise<void>;
}

const ADMIN_DN = `cn=admin,${BASE_DN}`;

/** Whether slapd and ldap-utils are installed. */
export function canRunSlapd(): boolean {
  return findPart(SLAPD) !== undefined && findPart(LDAPADD) !== undefined;
}

/** @throws when slapd or ldap-utils is missing; see `canRunSlapd` */
export async function startSlapd(options: SlapdOptions = {}): Promise<Slapd> {
  const program = required(SLAPD);
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-slapd-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const { tls = false, keyType } = options;
  const certificate =
    tls === false
      ? undefined
      : cleanup.use(await createLoopbackCertificate(tls === 'expired' ? 'expired' : 'valid', keyType));
  const adminPassword = randomBytes(12).toString('hex');
  const config = await writeConfig(folder, adminPassword, certificate, options);
  const binary = await runnable(program, folder);
  const port = await freePort();
  const tlsPort = certificate === undefined ? undefined : await freePort();
  const url = `ldap://127.0.0.1:${port}`;
  const ldapsUrl = tlsPort === undefined ? undefined : `ldaps://127.0.0.1:${tlsPort}`;

  let server: RunningProcess | undefined;
  let earlier = '';
  let loaded = 0;
  let marks = 0;
  const log = (): string => `${earlier}${server?.stderr() ?? ''}`.slice(loaded);

  async function launch(): Promise<void> {
    // -d keeps it in the foreground and logs to standard error.
    const addresses = [url, ldapsUrl].filter((address) => address !== undefined).map((address) => `${address}/`);
    const listeners = [...addresses, `ldapi://${encodeURIComponent(join(folder, 'socket'))}`].join(' ');
    const launched = start(binary, ['-d', 'stats', '-f', config, '-h', listeners]);
    server = launched;
    await launched.waitUntil('slapd to listen', () => portAnswers(port));
  }

  async function stop(): Promise<void> {
    if (server === undefined) return;
    await server.stop();
    earlier += server.stderr();
    server = undefined;
  }

  async function change(ldif: string): Promise<void> {
    const secure = certificate === undefined ? [] : ['-ZZ'];
    await runOk(required(LDAPADD), ['-x', ...secure, '-H', url, '-D', ADMIN_DN, '-w', adminPassword], {
      stdin: ldif,
      env: {
        ...process.env,
        // Some tests use invalid certificates.
        LDAPTLS_REQCERT: 'never',
        LDAPTLS_CERT: certificate?.clientCertFile,
        LDAPTLS_KEY: certificate?.clientKeyFile,
      },
    });
  }

  async function settled(): Promise<SlapdOperations> {
    marks += 1;
    const mark = `(cn=mark-${marks})`;
    await run(required(LDAPSEARCH), ['-x', '-H', url, '-b', '', '-s', 'base', mark]);
    return waitFor('the mark in the log', () => (isMarked(log(), mark) ? operationsOf(log(), marks) : undefined));
  }

  cleanup.defer(stop);
  await launch();
  await change(`${directoryLdif()}\n${options.ldif ?? ''}`);
  // Excludes the requests that load the entries from the log. The end of the connection is logged with a delay.
  await waitFor('slapd to have loaded its entries', () => / UNBIND[^]*closed/.test(log()));
  loaded = log().length;
  const resources = cleanup.move();

  return {
    url,
    port,
    ...(ldapsUrl === undefined ? {} : { ldapsUrl }),
    ...(certificate === undefined
      ? {}
      : {
          caFile: certificate.caFile,
          clientCertFile: certificate.clientCertFile,
          clientKeyFile: certificate.clientKeyFile,
        }),
    socketUrl: `ldapi://${join(folder, 'socket')}`,
    baseDn: BASE_DN,
    bindDn: SERVICE.dn,
    bindPassword: SERVICE.password,
    people: PEOPLE,
    pid: () => server?.pid ?? -1,
    log,
    operations: () => operationsOf(log(), marks),
    settled,
    change,
    stop,
    start: async () => {
      if (server === undefined) await launch();
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The requests that the server received during some work. */
export async function seenBy(slapd: Slapd, work: () => Promise<unknown>): Promise<SlapdOperations> {
  const before = await slapd.settled();
  await work();
  const after = await slapd.settled();
  return {
    binds: after.binds.slice(before.binds.length),
    searches: after.searches.slice(before.searches.length),
    connections: after.connections - before.connections,
  };
}

function required(part: Part): string {
  const program = findPart(part);
  if (program === undefined) throw new Error(`${part.program} is missing`);
  return program;
}

/** On Ubuntu AppArmor restricts /usr/sbin/slapd to folders that a test cannot use. A copy is not restricted. */
async function runnable(program: string, folder: string): Promise<string> {
  if (!existsSync('/etc/apparmor.d/usr.sbin.slapd')) return program;
  const copy = join(folder, 'slapd');
  await copyFile(program, copy);
  return copy;
}

async function writeConfig(
  folder: string,
  adminPassword: string,
  certificate: LoopbackCertificate | undefined,
  { globalConfig = '', databaseConfig = '', modules = [], schemas: more = [] }: SlapdOptions,
): Promise<string> {
  const path = (name: string): string => join(folder, name);
  await mkdir(path('data'));
  let tls = '';
  if (certificate !== undefined) {
    await writeFile(path('cert.pem'), certificate.cert);
    await writeFile(path('key.pem'), certificate.key, { mode: 0o600 });
    tls = `TLSCACertificateFile ${certificate.caFile}
TLSCertificateFile ${path('cert.pem')}
TLSCertificateKeyFile ${path('key.pem')}`;
  }
  const schemas = ['core', 'cosine', 'inetorgperson', 'nis', ...more].map(
    (name) => `include /etc/ldap/schema/${name}.schema`,
  );
  await writeFile(
    path('slapd.conf'),
    `${schemas.join('\n')}
pidfile ${path('pid')}
argsfile ${path('args')}
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload ppolicy
${modules.map((name) => `moduleload ${name}\n`).join('')}loglevel stats
${tls}
${globalConfig}
database mdb
suffix "${BASE_DN}"
rootdn "${ADMIN_DN}"
rootpw ${adminPassword}
directory ${path('data')}
maxsize 67108864
dbnosync
index objectClass,uid,cn,mail,member,uniqueMember,memberUid eq
access to attrs=userPassword by anonymous auth by * none
access to * by users read by anonymous auth
overlay memberof
memberof-group-oc groupOfNames
${databaseConfig}
`,
    { mode: 0o600 },
  );
  return path('slapd.conf');
}

/** Another thread logs the connection, so that line may follow the line of its search. */
function isMarked(log: string, mark: string): boolean {
  const line = log.split('\n').find((text) => text.includes(mark));
  const id = line === undefined ? undefined : /conn=\d+ /.exec(line)?.[0];
  return id !== undefined && new RegExp(`${id}fd=\\d+ ACCEPT`).test(log);
}

/** @param marks the number of searches by `settled` in the log; each has its own connection with an anonymous bind */
function operationsOf(log: string, marks: number): SlapdOperations {
  const all = (pattern: RegExp): string[] => [...log.matchAll(pattern)].map(([, text]) => text ?? '');
  return {
    binds: all(/ BIND dn="([^\n]+)" method=128/g),
    searches: all(/ SRCH base="[^\n]*" scope=\d deref=\d filter="([^\n]*)"/g).filter(
      (filter) => !filter.startsWith('(cn=mark-'),
    ),
    connections: all(/ (ACCEPT) from /g).length - marks,
  };
}
