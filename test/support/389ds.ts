/** A real 389 Directory Server (Debian's 389-ds-base) with the same users and groups as slapd, in a temporary folder. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { findPart } from './parts.ts';
import type { Part } from './parts.ts';
import { runOk, start } from './process.ts';
import { BASE_DN, directoryLdif } from './slapd-entries.ts';
import { LDAPADD } from './slapd.ts';
import { portAnswers } from './wait.ts';

export const NS_SLAPD: Part = { program: 'ns-slapd', debian: '389-ds-base' };

export interface Directory389 extends AsyncDisposable {
  /** `ldap://127.0.0.1:PORT` */
  readonly url: string;
  /** Applies LDIF (adds, or `changetype:` changes) as the directory manager, also to settings in `cn=config`. */
  change(ldif: string): Promise<void>;
  /** The access log so far: each operation and its result code (`err=`). */
  log(): Promise<string>;
}

const MANAGER = 'cn=Directory Manager';
const BACKEND = `
dn: cn=userroot,cn=ldbm database,cn=plugins,cn=config
objectClass: extensibleObject
objectClass: nsBackendInstance
cn: userroot
nsslapd-suffix: ${BASE_DN}

dn: cn="${BASE_DN}",cn=mapping tree,cn=config
objectClass: extensibleObject
objectClass: nsMappingTree
cn: ${BASE_DN}
nsslapd-state: backend
nsslapd-backend: userroot
`;
/** Without these rights only the directory manager may read. */
const RIGHTS = `
dn: ${BASE_DN}
changetype: modify
add: aci
aci: (targetattr != "userPassword")(version 3.0; acl "read"; allow (read, search, compare) userdn = "ldap:///all";)
`;

/** Whether 389-ds-base and ldap-utils are installed. */
export function canRun389ds(): boolean {
  return findPart(NS_SLAPD) !== undefined && findPart(LDAPADD) !== undefined;
}

/** @throws when 389-ds-base or ldap-utils is missing; see `canRun389ds` */
export async function start389ds(): Promise<Directory389> {
  const [program, ldapadd] = [findPart(NS_SLAPD), findPart(LDAPADD)];
  if (program === undefined || ldapadd === undefined) throw new Error('389-ds-base or ldap-utils is missing');
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-389ds-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const url = `ldap://127.0.0.1:${port}`;
  const password = randomBytes(12).toString('hex');
  const config = await writeConfig(folder, port, password);

  // -d 0 keeps it in the foreground.
  const server = resources.use(start(program, ['-D', config, '-i', join(folder, 'pid'), '-d', '0']));
  await server.waitUntil('389 Directory Server to listen', () => portAnswers(port));
  const change = async (ldif: string): Promise<void> => {
    await runOk(ldapadd, ['-x', '-H', url, '-D', MANAGER, '-w', password], { stdin: ldif });
  };
  await change(`${BACKEND}\n${directoryLdif()}\n${RIGHTS}`);
  const running = resources.move();
  return {
    url,
    change,
    log: () => readFile(join(folder, 'access'), 'utf8'),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/**
 * Fills in the template of the configuration, as Debian's `dscreate` does, which needs systemd and writes to /etc.
 *
 * @returns the folder of the configuration
 */
async function writeConfig(folder: string, port: number, password: string): Promise<string> {
  const config = join(folder, 'config');
  await mkdir(join(config, 'schema'), { recursive: true });
  await mkdir(join(folder, 'db'));
  // No collations.
  await writeFile(join(config, 'slapd-collations.conf'), '');
  await writeFile(join(config, 'schema/99user.ldif'), 'dn: cn=schema\nobjectClass: top\nobjectClass: subschema\n');
  const values: Readonly<Record<string, string>> = {
    schema_dir: join(config, 'schema'),
    config_dir: config,
    inst_dir: config,
    cert_dir: config,
    db_dir: join(folder, 'db'),
    db_home_dir: join(folder, 'db'),
    db_lib: 'mdb',
    ds_port: String(port),
    ds_user: userInfo().username,
    // The server accepts its own hash formats only.
    ds_passwd: hashOf(password),
    ds_suffix: BASE_DN,
    rootdn: MANAGER,
    fqdn: 'localhost',
    ldapi: join(folder, 'socket'),
    ldapi_enabled: 'off',
    ldapi_autobind: 'off',
  };
  const template = await readFile('/usr/share/dirsrv/data/template-dse.ldif', 'utf8');
  const filled = template
    .replaceAll(/%([a-z_]+)%/g, (_whole, name: string) => values[name] ?? folder)
    .replace('\nnsslapd-port:', '\nnsslapd-listenhost: 127.0.0.1\nnsslapd-accesslog-logbuffering: off\nnsslapd-port:')
    // The memberOf plug-in is off by default, and needs an object class that allows memberOf.
    .replace(
      /(\ncn: MemberOf Plugin\n[^]*?\nnsslapd-pluginenabled: )off/,
      '$1on\nmemberOfAutoAddOC: nsMemberOf\nmemberOfSkipNested: off',
    );
  await writeFile(join(config, 'dse.ldif'), filled, { mode: 0o600 });
  return config;
}

function hashOf(password: string): string {
  const salt = randomBytes(8);
  const digest = createHash('sha512').update(password).update(salt).digest();
  return `{SSHA512}${Buffer.concat([digest, salt]).toString('base64')}`;
}
