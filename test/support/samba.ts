/**
 * A real Active Directory domain controller (Debian's samba-ad-dc) that runs the LDAP service only. The ports are fixed
 * (389 and 636), so each controller has its own loopback address, and it needs root.
 */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Attribute, Change, Client } from 'ldapts';
import { createLoopbackCertificate } from './loopback-certificate.ts';
import type { LoopbackCertificate } from './loopback-certificate.ts';
import { madeOnce } from './made-once.ts';
import { findPart, hasRoot } from './parts.ts';
import type { Part } from './parts.ts';
import { runOk, start } from './process.ts';
import { portAnswers } from './wait.ts';

const SAMBA: Part = { program: 'samba', debian: 'samba-ad-dc' };
const SAMBA_TOOL: Part = { program: 'samba-tool', debian: 'samba-ad-dc' };
const PROVISION_VERSION = 'samba-domain-1';

export const DOMAIN = 'EXAMPLE';
export const REALM = 'example.test';
export const AD_BASE_DN = 'DC=example,DC=test';
export const AD_PEOPLE_DN = `OU=People,${AD_BASE_DN}`;
export const AD_GROUPS_DN = `OU=Groups,${AD_BASE_DN}`;
export const AD_ADMIN = { dn: `CN=Administrator,CN=Users,${AD_BASE_DN}`, password: 'Administers-the-domain-1' };
export const AD_SERVICE = { dn: `CN=svc-registry,OU=Services,${AD_BASE_DN}`, password: 'Reads-the-directory-4' };

/** Flags of userAccountControl ([MS-ADTS] 2.2.16). */
export const UAC = { normal: 0x200, disabled: 0x2, neverExpires: 0x1_00_00 } as const;

export type AdValue = string | Buffer | readonly string[];

export interface Samba extends AsyncDisposable {
  /** The loopback address of this controller. */
  readonly address: string;
  readonly url: string;
  readonly ldapsUrl: string;
  /** The certificate of the authority of its certificate, which is for `localhost`. */
  readonly caFile: string;
  /** @returns the DN of the new entry */
  addUser(name: string, password: string, more?: AdUser): Promise<string>;
  /** @param members DNs. @returns the DN of the new entry */
  addGroup(name: string, members: readonly string[], more?: Readonly<Record<string, AdValue>>): Promise<string>;
  /** Replaces attributes of an entry; an empty value removes one. */
  replace(dn: string, attributes: Readonly<Record<string, AdValue>>): Promise<void>;
  /** Adds any entry. */
  add(dn: string, attributes: Readonly<Record<string, AdValue>>): Promise<void>;
  rename(dn: string, to: string): Promise<void>;
  remove(dn: string): Promise<void>;
  /** Reads attributes of one entry as texts. */
  read(dn: string, ...attributes: readonly string[]): Promise<Readonly<Record<string, string>>>;
  /** Reads one binary attribute of one entry. */
  readBytes(dn: string, attribute: string): Promise<Buffer>;
  setPassword(dn: string, password: string): Promise<void>;
  /** Sets the age of a password to years. LDAP does not allow this, so it is written to the database of the server. */
  agePassword(dn: string): Promise<void>;
  /** @returns `accepted`, or the error text of the server */
  bindAs(dn: string, password: string): Promise<string>;
  log(): string;
}

export interface AdUser {
  /** The cn; default: the name. */
  readonly cn?: string;
  readonly attributes?: Readonly<Record<string, AdValue>>;
}

/** The configuration of a backend for this domain, without the service account. */
export function domainBackend({ ldapsUrl, caFile }: Samba) {
  return {
    type: 'ldap',
    name: 'corp',
    preset: 'active-directory',
    urls: [ldapsUrl],
    tls: { caFile, serverName: 'localhost' },
    users: { base: AD_PEOPLE_DN, domain: DOMAIN },
    groups: { base: AD_GROUPS_DN },
  } as const;
}

/** Whether Samba is installed and the tests run as root, which it needs. */
export function canRunSamba(): boolean {
  return findPart(SAMBA) !== undefined && findPart(SAMBA_TOOL) !== undefined && hasRoot(SAMBA);
}

/** Creating a domain takes seconds, so all tests copy one. */
function provisioned(): Promise<string> {
  return madeOnce(PROVISION_VERSION, async (draft) => {
    const domain = join(draft, 'domain');
    await runOk(
      'samba-tool',
      [
        'domain',
        'provision',
        '--use-rfc2307',
        `--realm=${REALM.toUpperCase()}`,
        `--domain=${DOMAIN}`,
        '--server-role=dc',
        '--dns-backend=NONE',
        `--adminpass=${AD_ADMIN.password}`,
        `--targetdir=${domain}`,
        '--host-name=dc1',
        '--host-ip=127.0.0.1',
        '--option=vfs objects=dfs_samba4 acl_xattr xattr_tdb',
      ],
      { timeoutMs: 120_000 },
    );
    return domain;
  });
}

export async function startSamba(): Promise<Samba> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-samba-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  await cp(await provisioned(), folder, { recursive: true, preserveTimestamps: true });
  const certificate = resources.use(await createLoopbackCertificate());
  const address = await freeAddress();
  const config = await writeConfig(folder, address, certificate);
  const server = resources.use(
    start('samba', ['--interactive', '--model=single', '--debug-stdout', `--configfile=${config}`]),
  );
  await server.waitUntil('the domain controller', () => portAnswers(636, address));
  const ldapsUrl = `ldaps://${address}`;
  const tlsOptions = { ca: await readFile(certificate.caFile, 'utf8'), servername: 'localhost' };
  const connect = (): Client => new Client({ url: ldapsUrl, tlsOptions, timeout: 10_000, connectTimeout: 10_000 });
  const admin = connect();
  resources.defer(() => admin.unbind());
  await admin.bind(AD_ADMIN.dn, AD_ADMIN.password);

  const replace = (dn: string, attributes: Readonly<Record<string, AdValue>>): Promise<void> =>
    admin.modify(
      dn,
      Object.entries(attributes).map(
        ([type, value]) => new Change({ operation: 'replace', modification: attributeOf(type, value) }),
      ),
    );
  const search = async (dn: string, attributes: readonly string[], binary: readonly string[] = []) => {
    const options = { attributes: [...attributes], explicitBufferAttributes: [...binary] };
    const [entry] = (await admin.search(dn, { scope: 'base', ...options })).searchEntries;
    if (entry === undefined) throw new Error(`there is no ${dn}`);
    return entry;
  };
  const samba: Samba = {
    address,
    url: `ldap://${address}`,
    ldapsUrl,
    caFile: certificate.caFile,
    addUser: async (name, password, { cn = name, attributes = {} } = {}) => {
      const dn = `CN=${escaped(cn)},${AD_PEOPLE_DN}`;
      await addUserAt(admin, dn, name, password, attributes);
      return dn;
    },
    addGroup: async (name, members, more = {}) => {
      const dn = `CN=${escaped(name)},${AD_GROUPS_DN}`;
      const own = { objectClass: 'group', sAMAccountName: name, ...(members.length === 0 ? {} : { member: members }) };
      await admin.add(dn, attributesOf({ ...own, ...more }));
      return dn;
    },
    replace,
    add: (dn, attributes) => admin.add(dn, attributesOf(attributes)),
    rename: (dn, to) => admin.modifyDN(dn, to),
    remove: (dn) => admin.del(dn),
    read: async (dn, ...attributes) => {
      const entry = await search(dn, attributes);
      return Object.fromEntries(attributes.map((name) => [name, String(entry[name])]));
    },
    readBytes: async (dn, attribute) => {
      const value = (await search(dn, [attribute], [attribute]))[attribute];
      const [first] = Array.isArray(value) ? value : [value];
      if (!Buffer.isBuffer(first)) throw new Error(`${dn} has no ${attribute}`);
      return first;
    },
    setPassword: (dn, password) => replace(dn, { unicodePwd: quoted(password) }),
    agePassword: async (dn) => {
      await runOk('/usr/bin/python3', ['-c', AGE_PASSWORD, join(folder, 'private/sam.ldb'), dn]);
    },
    bindAs: async (dn, password) => {
      const client = connect();
      try {
        await client.bind(dn, password);
        return 'accepted';
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      } finally {
        await client.unbind();
      }
    },
    log: server.output,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
  for (const unit of ['People', 'Groups', 'Services']) {
    await admin.add(`OU=${unit},${AD_BASE_DN}`, attributesOf({ objectClass: 'organizationalUnit' }));
  }
  await addUserAt(admin, AD_SERVICE.dn, 'svc-registry', AD_SERVICE.password, {});
  const running = resources.move();
  return samba;
}

interface LockoutPolicyEntry {
  readonly name: string;
  /** Wrong passwords that lock an account; 0: none do. */
  readonly threshold: number;
  /** Of two objects for one account, the one with the smaller number counts. */
  readonly precedence: number;
  /** DNs of accounts. */
  readonly appliesTo?: readonly string[];
}

/** Adds a password settings object (PSO) that differs from the domain in its lockout. @returns its DN */
export async function addLockoutPolicy(
  samba: Pick<Samba, 'add'>,
  { name, threshold, precedence, appliesTo = [] }: LockoutPolicyEntry,
): Promise<string> {
  const dn = `CN=${name},CN=Password Settings Container,CN=System,${AD_BASE_DN}`;
  await samba.add(dn, {
    objectClass: 'msDS-PasswordSettings',
    'msDS-PasswordSettingsPrecedence': String(precedence),
    'msDS-PasswordReversibleEncryptionEnabled': 'FALSE',
    'msDS-PasswordHistoryLength': '0',
    'msDS-PasswordComplexityEnabled': 'FALSE',
    'msDS-MinimumPasswordLength': '0',
    'msDS-MinimumPasswordAge': '0',
    'msDS-MaximumPasswordAge': '-9223372036854775808',
    'msDS-LockoutThreshold': String(threshold),
    'msDS-LockoutObservationWindow': '-18000000000',
    'msDS-LockoutDuration': '-18000000000',
    ...(appliesTo.length === 0 ? {} : { 'msDS-PSOAppliesTo': appliesTo }),
  });
  return dn;
}

async function addUserAt(
  admin: Client,
  dn: string,
  name: string,
  password: string,
  more: Readonly<Record<string, AdValue>>,
): Promise<void> {
  await admin.add(
    dn,
    attributesOf({
      objectClass: 'user',
      sAMAccountName: name,
      userPrincipalName: `${name}@${REALM}`,
      userAccountControl: String(UAC.normal | UAC.neverExpires),
      unicodePwd: quoted(password),
      ...more,
    }),
  );
}

/** With this control the server stores the given pwdLastSet instead of its own value. */
const AGE_PASSWORD = `
import sys, ldb
from samba.samdb import SamDB
from samba.auth import system_session
from samba.param import LoadParm
path, dn = sys.argv[1:3]
sam = SamDB(url=path, session_info=system_session(), lp=LoadParm())
change = ldb.Message(ldb.Dn(sam, dn))
change['pwdLastSet'] = ldb.MessageElement('126227808000000000', ldb.FLAG_MOD_REPLACE, 'pwdLastSet')
sam.modify(change, ['local_oid:1.3.6.1.4.1.7165.4.3.12:0'])
`;

/** The form of a password in unicodePwd: in quotes, in UTF-16 ([MS-ADTS] 3.1.1.3.1.5). */
function quoted(password: string): Buffer {
  return Buffer.from(`"${password}"`, 'utf16le');
}

function attributesOf(attributes: Readonly<Record<string, AdValue>>): Attribute[] {
  return Object.entries(attributes).map(([type, value]) => attributeOf(type, value));
}

function attributeOf(type: string, value: AdValue): Attribute {
  if (Buffer.isBuffer(value)) return new Attribute({ type, values: [value] });
  const values = typeof value === 'string' ? [value] : [...value];
  return new Attribute({ type, values: values.filter((text) => text !== '') });
}

/** Escapes a value of a DN (RFC 4514, section 2.4). */
export function escaped(value: string): string {
  return value
    .replaceAll(/[,+"\\<>;=]/g, (character) => `\\${character}`)
    .replace(/^[ #]/, (character) => `\\${character}`)
    .replace(/ $/, '\\ ');
}

/** An address of 127.64.0.0/10 without a listener, because test files run at the same time. */
async function freeAddress(): Promise<string> {
  for (;;) {
    const [b, c, d] = [64 + random(64), random(256), 1 + random(254)];
    const address = `127.${b}.${c}.${d}`;
    if (!(await portAnswers(389, address)) && !(await portAnswers(636, address))) return address;
  }
}

const random = (below: number): number => Math.floor(Math.random() * below);

async function writeConfig(
  folder: string,
  address: string,
  { cert, key, caFile }: LoopbackCertificate,
): Promise<string> {
  const path = (name: string): string => join(folder, name);
  for (const name of ['cache', 'lock', 'ncalrpc', 'tls']) await mkdir(path(name), { recursive: true });
  await writeFile(path('tls/cert.pem'), cert);
  await writeFile(path('tls/key.pem'), key, { mode: 0o600 });
  // Samba does not start with an unknown key.
  const lines = [
    '[global]',
    'netbios name = DC1',
    `realm = ${REALM.toUpperCase()}`,
    `workgroup = ${DOMAIN}`,
    'server role = active directory domain controller',
    'server services = ldap',
    `interfaces = ${address}/8`,
    'bind interfaces only = yes',
    `private dir = ${path('private')}`,
    `state directory = ${path('state')}`,
    `cache directory = ${path('cache')}`,
    `lock directory = ${path('lock')}`,
    `pid directory = ${path('lock')}`,
    `ncalrpc dir = ${path('ncalrpc')}`,
    `log file = ${path('log')}`,
    `tls certfile = ${path('tls/cert.pem')}`,
    `tls keyfile = ${path('tls/key.pem')}`,
    `tls cafile = ${caFile}`,
    'idmap_ldb:use rfc2307 = yes',
  ];
  await writeFile(path('smb.conf'), `${lines.join('\n')}\n`);
  return path('smb.conf');
}
