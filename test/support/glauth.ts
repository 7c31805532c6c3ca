/** glauth, a small LDAP server with a file of users, built from its Go module. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { madeOnce } from './made-once.ts';
import { findPart } from './parts.ts';
import { runOk, start } from './process.ts';
import { portAnswers } from './wait.ts';

/** Milliseconds: a cold build on two busy cores. */
export const GLAUTH_BUILD_TIMEOUT = 600_000;

const RELEASE = 'v2.3.2';
const MODULE = 'github.com/glauth/glauth/v2';

export const GLAUTH_BASE_DN = 'dc=glauth,dc=com';
export const GLAUTH_SERVICE = { dn: `cn=svc,ou=services,${GLAUTH_BASE_DN}`, password: 'reads-glauth-4' } as const;
/** alice in team-web and vpn, and in everyone through vpn; dan is disabled. */
export const GLAUTH_PASSWORD = 'binds-to-glauth-1';

export interface Glauth extends AsyncDisposable {
  /** `ldap://127.0.0.1:PORT` */
  readonly url: string;
  /** Whether its process still runs. */
  isRunning(): Promise<boolean>;
}

/** Its database drivers are written in C. */
export function canBuildGlauth(): boolean {
  return [{ program: 'go' }, { program: 'gcc' }].every((part) => findPart(part) !== undefined);
}

function buildGlauth(): Promise<string> {
  return madeOnce(`glauth-${RELEASE}`, async (draft) => {
    // A module of its own, because `go install` takes none that replaces another.
    await writeFile(join(draft, 'go.mod'), `module glauth.test\n\ngo 1.21\n\nrequire ${MODULE} ${RELEASE}\n`);
    await runOk('nice', ['go', 'build', '-o', join(draft, 'glauth'), MODULE], {
      cwd: draft,
      env: { ...process.env, GOFLAGS: '-mod=mod', GOWORK: 'off' },
      timeoutMs: GLAUTH_BUILD_TIMEOUT,
    });
    return join(draft, 'glauth');
  });
}

export async function startGlauth(): Promise<Glauth> {
  const program = await buildGlauth();
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-glauth-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  await writeFile(join(folder, 'glauth.cfg'), configOf(port));
  const server = resources.use(start(program, ['-c', join(folder, 'glauth.cfg')]));
  await server.waitUntil('glauth to listen', () => portAnswers(port));
  const running = resources.move();
  return {
    url: `ldap://127.0.0.1:${port}`,
    isRunning: () => portAnswers(port),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function configOf(port: number): string {
  return `
[ldap]
enabled = true
listen = "127.0.0.1:${port}"
[ldaps]
enabled = false
[backend]
datastore = "config"
baseDN = "${GLAUTH_BASE_DN}"
[behaviors]
LimitFailedBinds = false
${user('svc', 5000, 5500, GLAUTH_SERVICE.password, '[[users.capabilities]]\naction = "search"\nobject = "*"')}
${user('alice', 5001, 5501, GLAUTH_PASSWORD, 'othergroups = [5502]')}
${user('dan', 5002, 5501, GLAUTH_PASSWORD, 'disabled = true')}
${group('services', 5500)}
${group('team-web', 5501)}
${group('vpn', 5502)}
${group('everyone', 5503, 'includegroups = [5502]')}
`;
}

function user(name: string, uid: number, gid: number, password: string, lines: string): string {
  const hash = createHash('sha256').update(password).digest('hex');
  return `[[users]]\nname = "${name}"\nuidnumber = ${uid}\nprimarygroup = ${gid}\npasssha256 = "${hash}"\n${lines}`;
}

function group(name: string, gid: number, lines = ''): string {
  return `[[groups]]\nname = "${name}"\ngidnumber = ${gid}\n${lines}`;
}
