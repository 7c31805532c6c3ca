/**
 * `fairlead init` as a new user runs it: at a terminal, from an empty folder to a push. The README shows the session
 * with OpenLDAP, letter by letter.
 */
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MAIN } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';
import { writeImage } from '../support/image.ts';
import { shellBlocks } from '../support/markdown.ts';
import { findPart } from '../support/parts.ts';
import { run, start } from '../support/process.ts';
import { DOCKER_REGISTRY, startRegistry } from '../support/registry.ts';
import { AD_BASE_DN, AD_GROUPS_DN, AD_SERVICE, canRunSamba, REALM, startSamba } from '../support/samba.ts';
import type { Samba } from '../support/samba.ts';
import { noteSecret, secretsIn } from '../support/secrets.ts';
import { SKOPEO, skopeoPush } from '../support/skopeo.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import { canRunTerminal, openTerminal } from '../support/terminal.ts';
import type { TerminalSession } from '../support/terminal.ts';

const README = resolve(import.meta.dirname, '../../README.md');
/** How fast a person types, and how long one reads a question. */
const CHARACTERS_PER_MINUTE = 200;
const SECONDS_PER_QUESTION = 3;
/** The block in the configuration of the registry. */
const SECONDS_TO_PASTE = 10;
/** What the commands, the broker and the registry take: a constant, so that no test fails on a loaded machine. */
const SECONDS_OF_THE_MACHINE = 20;
const MOST_SECONDS = 180;

type Exchange = readonly [prompt: string, answer: string];

interface Ports {
  readonly broker: number;
  readonly registry: number;
}

let folder: string;
let ports: Ports;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-setup-'));
  ports = { broker: await freePort(), registry: await freePort() };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function openInit(...flags: readonly string[]): TerminalSession {
  return openTerminal([process.execPath, MAIN, 'init', ...flags].join(' '), { cwd: folder });
}

/** The answers about the registry and the broker. */
function registryAnswers(): readonly Exchange[] {
  return [
    ['Folder [mine]: ', ''],
    ['Registry [localhost:5000]: ', `localhost:${ports.registry}`],
    ['Program of the registry [distribution-2]: ', ''],
    ['Public address of the broker [http://localhost:5001]: ', `http://localhost:${ports.broker}`],
  ];
}

async function answerAll(session: TerminalSession, exchanges: readonly Exchange[]): Promise<void> {
  for (const [prompt, answer] of exchanges) await session.answer(prompt, answer);
}

async function sessionInReadme(): Promise<string> {
  const text = await readFile(README, 'utf8');
  return /^\$ fairlead init\n([^]*?)^```$/m.exec(text)?.[1] ?? '';
}

/** A port that accepts connections and never answers. */
async function startSilentServer(): Promise<AsyncDisposable & { readonly url: string }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on('error', () => undefined)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await promisify(server.close.bind(server))();
    },
  };
}

/** What is typed in a shell: the command itself, those that it prints at the end, and the password of the login. */
function shellLines(screen: string, password: string): readonly string[] {
  const printed = screen.split('\n').filter((line) => /^ {3}(?:fairlead|docker) /.test(line));
  expect(printed).toHaveLength(2);
  return ['fairlead init', ...printed.map((line) => line.trim()), password];
}

/** The seconds from an empty folder to a login, as a person takes them. */
function humanSeconds(session: TerminalSession, questions: number, password: string): number {
  const typed = session.typed() + `${shellLines(session.screen(), password).join('\n')}\n`.length;
  const typing = (typed * 60) / CHARACTERS_PER_MINUTE;
  return typing + questions * SECONDS_PER_QUESTION + SECONDS_TO_PASTE + SECONDS_OF_THE_MACHINE;
}

/** Does what the command printed as the next steps: the broker, the block of the registry, a login with a push. */
async function pushAsPrinted(
  screen: string,
  { user, password, repository }: { readonly user: string; readonly password: string; readonly repository: string },
): Promise<void> {
  const [, config = ''] = /fairlead serve --config (\S+)/.exec(screen) ?? [];
  const block = /^auth:\n(?: .*\n)+/m.exec(screen)?.[0] ?? '';
  expect(screen).toContain(`docker login localhost:${ports.registry} --username ${user}\n`);
  await using broker = start(process.execPath, [MAIN, 'serve', '--config', config], { cwd: folder });
  await broker.waitForOutput(/"listening"/);
  await using registry = await startRegistry({
    trust: block.replaceAll('"mine/', `"${folder}/mine/`),
    port: ports.registry,
  });
  const image = await writeImage(join(folder, 'image'));

  const pushed = await skopeoPush(image, `${registry.host}/${repository}:1`, { user, password });
  const refused = await skopeoPush(image, `${registry.host}/other/app:1`, { user, password });

  expect(pushed, pushed.stderr).toMatchObject({ code: 0 });
  expect(refused.code).not.toBe(0);
  expect(secretsIn(broker.output())).toEqual([]);
}

const canPush = [DOCKER_REGISTRY, SKOPEO].every((part) => findPart(part) !== undefined) && canRunTerminal();

describe.skipIf(!canPush || !canRunSlapd())('fairlead init with OpenLDAP', () => {
  it('leads from an empty folder to a push within three minutes, as the README shows', async () => {
    await using slapd = await startSlapd();
    const { username, password } = slapd.people.alice;
    for (const secret of [password, slapd.bindPassword]) noteSecret(secret);
    const exchanges: readonly Exchange[] = [
      ...registryAnswers(),
      ['Source of accounts: ', 'ldap'],
      ['Directory: ', slapd.url],
      ['Kind of directory [openldap]: ', ''],
      ['Service account: ', slapd.bindDn],
      ['Password of the service account (not shown): ', slapd.bindPassword],
      [`Users are under [ou=people,${slapd.baseDn}]: `, ''],
      [`Groups are under [ou=groups,${slapd.baseDn}]: `, ''],
      ['User for a trial login (empty: none): ', username],
      ['Password of that user (not shown): ', password],
      ['Group [team-{team}]: ', ''],
      ['Namespace [{team}]: ', ''],
      ['Public images [no]: ', ''],
    ];
    await using session = openInit();

    await answerAll(session, exchanges);

    expect(await session.exited, session.screen()).toBe(0);
    await pushAsPrinted(session.screen(), { user: username, password, repository: 'web/app' });
    expect(humanSeconds(session, exchanges.length, password)).toBeLessThan(MOST_SECONDS);
    expect(secretsIn(session.screen())).toEqual([]);
    const shown = session
      .screen()
      .replaceAll(`:${ports.registry}`, ':5000')
      .replaceAll(`:${ports.broker}`, ':5001')
      .replaceAll(`:${slapd.port}`, ':3890')
      .replaceAll(folder, '/home/you')
      .replaceAll(/revision [0-9a-f]+/g, 'revision 0123456789ab')
      .replaceAll(/ +$/gm, '');
    expect(shown).toBe(await sessionInReadme());
  });
});

describe.skipIf(!canRunSlapd())('fairlead init with the flags of the README', () => {
  it('needs no terminal, and prints the files', async () => {
    await using slapd = await startSlapd();
    noteSecret(slapd.bindPassword);
    await writeFile(join(folder, 'ldap.password'), slapd.bindPassword, { mode: 0o600 });
    const command = shellBlocks(README).find(({ text }) => text.includes('--dry-run'))?.text ?? '';
    const script = command
      .replace('fairlead ', `${process.execPath} ${MAIN} `)
      .replace('127.0.0.1:3890', `127.0.0.1:${slapd.port}`)
      .replace('cn=registry,dc=example,dc=org', slapd.bindDn);

    const { code, stdout, stderr } = await run('bash', ['-c', script], { cwd: folder });

    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^# mine\/broker\.yaml\n[^]* preset: openldap\n[^]* base: ou=groups,dc=example,dc=org\n/);
    expect(stdout).toContain('groups: ["team-{team}"]');
    expect(secretsIn(stdout + stderr)).toEqual([]);
    expect(await readdir(folder)).toEqual(['ldap.password']);
  });
});

describe.skipIf(!canPush || !canRunSamba())('fairlead init with Active Directory', () => {
  const password = 'Binds-with-this-1';
  let samba: Samba;
  beforeAll(async () => {
    samba = await startSamba();
    const alice = await samba.addUser('alice', password);
    await samba.addGroup('registry-web', [alice]);
    for (const secret of [password, AD_SERVICE.password]) noteSecret(secret);
  });
  afterAll(() => samba[Symbol.asyncDispose]());

  const account = (secret: string): readonly Exchange[] => [
    ['Service account: ', `svc-registry@${REALM}`],
    ['Password of the service account (not shown): ', secret],
  ];
  const trust = (): readonly Exchange[] => [
    ['Directory: ', samba.address],
    ['File with certificates (empty: another directory): ', samba.caFile],
    ['Name in the certificate (empty: another directory): ', 'localhost'],
    ['Kind of directory [samba]: ', ''],
  ];
  const rest = (): readonly Exchange[] => [
    [`Users are under [${AD_BASE_DN}]: `, ''],
    [`Groups are under [${AD_GROUPS_DN}]: `, ''],
    ['User for a trial login (empty: none): ', 'alice'],
    ['Password of that user (not shown): ', password],
    ['Group [registry-web]: ', ''],
    ['Namespace [web]: ', ''],
    ['Public images [no]: ', ''],
  ];

  it('asks for the authority and the name of the certificate, and leads to a push within three minutes', async () => {
    const exchanges: readonly Exchange[] = [
      ...registryAnswers(),
      ['Source of accounts: ', 'ldap'],
      ...trust(),
      ...account(AD_SERVICE.password),
      ...rest(),
    ];
    await using session = openInit();

    await answerAll(session, exchanges);

    expect(await session.exited, session.screen()).toBe(0);
    await pushAsPrinted(session.screen(), { user: 'alice', password, repository: 'web/app' });
    expect(humanSeconds(session, exchanges.length, password)).toBeLessThan(MOST_SECONDS);
    expect(secretsIn(session.screen())).toEqual([]);
  });

  it('asks again for an address with encryption, and for a service account that is accepted', async () => {
    await using session = openInit('--source', 'ldap', '--dry-run');

    await answerAll(session, [
      ...registryAnswers(),
      ['Directory: ', samba.url],
      ['Kind of directory [samba]: ', ''],
      ...account(AD_SERVICE.password),
      ...trust(),
      ...account('a-typing-error'),
      ...account(AD_SERVICE.password),
      ...rest(),
    ]);

    expect(await session.exited, session.screen()).toBe(0);
    expect(session.screen()).toMatch(/FAILED: .*it requires an encrypted connection/);
    expect(session.screen()).toMatch(/FAILED: .*there is no such account, or the password is wrong/);
    expect(session.screen()).toContain('preset: samba\n');
    expect(secretsIn(session.screen())).toEqual([]);
  });
});

describe.skipIf(!canPush)('fairlead init with a file of users', () => {
  it('leads from an empty folder to a push', async () => {
    const password = 'a-password-of-carol-7';
    noteSecret(password);
    await using session = openInit('--source', 'file', '--user', 'carol');

    await answerAll(session, [
      ...registryAnswers(),
      ['Password of that user (not shown): ', password],
      ['Password of that user, again: ', password],
      ['Groups of that user (empty: none): ', ''],
      ['Group [*]: ', ''],
      ['Namespace [users/{user}]: ', ''],
      ['Public images [no]: ', 'yes'],
    ]);

    expect(await session.exited, session.screen()).toBe(0);
    await pushAsPrinted(session.screen(), { user: 'carol', password, repository: 'users/carol/app' });
    expect(secretsIn(session.screen())).toEqual([]);
  });
});

describe.skipIf(!canRunTerminal())('fairlead init at a terminal', () => {
  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('writes nothing when %s is pressed at any question', async (_key, keys) => {
    await using session = openInit('--source', 'file', '--user', 'carol', '--registry', 'localhost:5000');

    await session.answer('Folder [mine]: ', '');
    await session.answer('Program of the registry [distribution-2]: ', '');
    await session.answer('Public address of the broker [http://localhost:5001]: ', '');
    await session.press('Password of that user (not shown): ', keys);

    expect(await session.exited).toBe(2);
    expect(session.screen()).toMatch(/fairlead: nothing was written: interrupted\n$/);
    expect(await readdir(folder)).toEqual([]);
  });

  it('ends at once by Ctrl-C while it waits for a directory, and writes nothing', async () => {
    await using silent = await startSilentServer();
    await using session = openInit('--registry localhost:5000 --for zot --public-url http://localhost:5001');

    await session.answer('Folder [mine]: ', '');
    await session.answer('Source of accounts: ', 'ldap');
    await session.answer('Directory: ', silent.url);
    await session.press(`${silent.url}\n`, '\u0003');

    const interrupted = 128 + constants.signals.SIGINT;
    expect(await session.exited).toBe(interrupted);
    expect(session.screen()).not.toContain('FAILED');
    expect(await readdir(folder)).toEqual([]);
  });

  it('works at a terminal without control sequences', async () => {
    await using session = openTerminal(`${process.execPath} ${MAIN} init --source file --user carol --dry-run`, {
      cwd: folder,
      env: { TERM: 'dumb', NO_COLOR: '1' },
    });

    await answerAll(session, [
      ...registryAnswers(),
      ['Password of that user (not shown): ', 'a-password-of-carol-7'],
      ['Password of that user, again: ', 'a-password-of-carol-7'],
      ['Groups of that user (empty: none): ', 'team-web'],
      ['Group [team-{team}]: ', '?'],
      ['Group [team-{team}]: ', ''],
      ['Namespace [{team}]: ', ''],
      ['Public images [no]: ', ''],
    ]);

    expect(await session.exited, session.screen()).toBe(0);
    expect(session.screen()).toContain('# mine/users.yaml\n(not shown)\n');
    expect(session.screen()).not.toContain('a-password-of-carol-7');
    expect(await readdir(folder)).toEqual([]);
  });
});
