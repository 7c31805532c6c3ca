/**
 * The API of a real broker: each operation through its control socket and its admin listener, with curl as
 * config/api.md shows it.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATION_IDS, operations } from '../../src/http/api/operations.ts';
import type { OperationId } from '../../src/http/api/operations.ts';
import { askRunningBroker } from '../../src/platform/control-socket.ts';
import { personalTokenSecrets } from '../../src/platform/personal-token-secrets.ts';
import { requestOf, strictAnswer } from '../support/api.ts';
import { MAIN } from '../support/broker.ts';
import type { Broker } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';
import { findPart } from '../support/parts.ts';
import { run } from '../support/process.ts';
import { noteSecret } from '../support/secrets.ts';
import { waitFor } from '../support/wait.ts';
import { ALICE, SERVICE, startStaticBroker, STATIC_CONFIG, usersYaml } from '../support/static-broker.ts';

const CURL = { program: 'curl', debian: 'curl' } as const;

/** A request of each operation that a broker alone can answer with 200. */
const REQUESTS: Readonly<Partial<Record<OperationId, Readonly<Record<string, unknown>>>>> = {
  getStatus: {},
  listBackends: {},
  probeBackend: { backend: 'local' },
  flush: {},
  listKeys: {},
  getPolicy: {},
  checkPolicy: { text: 'rules: []\n' },
  explain: { user: 'alice', scopes: ['repository:web/a:pull'] },
  whoCan: { action: 'pull', repository: 'web/a' },
  listRefreshTokens: { user: 'alice', limit: 10 },
  listPersonalTokens: {},
  listSessions: {},
  revokeTokens: { ids: ['no-such-id'] },
  endAccount: { user: 'nobody' },
  checkLeak: { text: 'no token' },
};

let broker: Broker;
let adminUrl: string;
let socket: string;

beforeAll(async () => {
  const port = await freePort();
  adminUrl = `http://127.0.0.1:${port}`;
  broker = await startStaticBroker({
    config: {
      ...STATIC_CONFIG,
      services: { [SERVICE]: { anonymous: 'allow', refreshTokens: {} } },
      admin: { listen: `127.0.0.1:${port}` },
      personalTokens: {},
      api: { admins: { users: ['alice'] }, readers: { groups: ['team-web'] } },
    },
  });
  const folder = join(broker.folder, 'state/control');
  await broker.waitForLine(({ message }) => message === 'listening');
  const [name = ''] = await readdir(folder);
  socket = join(folder, name);
});
afterAll(() => broker[Symbol.asyncDispose]());

const orderToken = (api?: 'read' | 'admin') =>
  askRunningBroker(
    socket,
    requestOf('createPersonalToken', { user: 'alice', name: 'test', ...(api === undefined ? {} : { api }) }),
  );

async function createToken(api?: 'read' | 'admin'): Promise<string> {
  const { token } = strictAnswer('createPersonalToken', await orderToken(api));
  noteSecret(token);
  return token;
}

/** Sends an operation to the admin listener. */
async function askListener(id: OperationId, request: Readonly<Record<string, unknown>>, token: string) {
  const { method, path, body } = requestOf(id, request as never);
  const response = await fetch(`${adminUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: await response.json() };
}

describe('each operation', () => {
  it('is tested here, but for the list of brokers, which a broker alone does not have', () => {
    const tested = [...Object.keys(REQUESTS), 'createPersonalToken', 'listBrokers'];

    expect(tested.toSorted()).toEqual([...OPERATION_IDS].toSorted());
  });

  it.each(Object.entries(REQUESTS))('answers strictly by its schema on the control socket: %s', async (id, request) => {
    const operation = id as OperationId;

    strictAnswer(operation, await askRunningBroker(socket, requestOf(operation, request as never)));
  });

  it('answers the same on the admin listener to a token with the limit admin', async () => {
    const token = await createToken('admin');

    for (const [id, request] of Object.entries(REQUESTS)) {
      strictAnswer(id as OperationId, await askListener(id as OperationId, request, token));
    }
    expect(await askListener('listBrokers', {}, token)).toMatchObject({
      status: 409,
      json: { code: 'not-configured' },
    });
    expect(await askListener('createPersonalToken', { user: 'alice', name: 'x' }, token)).toMatchObject({
      status: 403,
    });
  });

  it('that changes something is refused to a token with the limit read, and each to one without', async () => {
    const [read, none] = [await createToken('read'), await createToken()];

    for (const [id, request] of Object.entries(REQUESTS)) {
      const { access } = operations[id as OperationId];
      const statuses = [read, none].map(async (token) => (await askListener(id as OperationId, request, token)).status);
      expect({ id, statuses: await Promise.all(statuses) }).toEqual({
        id,
        statuses: [access === 'read' ? 200 : 403, 403],
      });
    }
  });
});

describe('a token of the API', () => {
  it('is refused with the next request when its owner is gone', async () => {
    const token = await createToken('admin');
    const before = await askListener('flush', {}, token);

    await broker.write('users.yaml', JSON.stringify({ users: {} }));
    await waitFor('alice to be gone', async () => (await askListener('getStatus', {}, token)).status === 401);
    await broker.write('users.yaml', await usersYaml());
    await waitFor('alice to be back', async () => (await orderToken()).status === 200);

    expect(before.status).toBe(200);
  });

  it('is refused when it is unknown, and when there is none, with the same answer', async () => {
    const unknown = await askListener('getStatus', {}, personalTokenSecrets.make().reveal());
    const none = await askListener('getStatus', {}, '');

    const { requestId: _id, ...body } = unknown.json as Readonly<Record<string, unknown>>;
    expect([unknown.status, none]).toEqual([401, { status: 401, json: expect.objectContaining(body) }]);
  });

  it('is audited with its owner where it changes something, and never in clear', async () => {
    const token = await createToken('admin');

    await askListener('revokeTokens', { user: 'nobody' }, token);
    const line = await broker.waitForLine(
      ({ event, operation, via }) => event === 'api' && operation === 'revokeTokens' && via === 'personal-token',
    );

    expect(line).toMatchObject({ message: 'API operation done', user: 'alice', personalToken: expect.any(String) });
    expect(broker.process.output()).not.toContain(token);
  });
});

describe.skipIf(findPart(CURL) === undefined)('config/api.md', () => {
  it('shows commands that work as they are written', async () => {
    const page = await readFile(join(import.meta.dirname, '../../config/api.md'), 'utf8');
    const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block);
    const script = blocks
      .join('\n')
      .replaceAll('/etc/fairlead/broker.yaml', join(broker.folder, 'broker.yaml'))
      .replaceAll('/var/lib/fairlead/control/*.sock', socket)
      .replaceAll('http://127.0.0.1:9090', adminUrl)
      .replaceAll(/\bfairlead (?=api|tokens)/g, `"${process.execPath}" "${MAIN}" `);

    const { code, stdout, stderr } = await run('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: broker.folder,
      env: { ...process.env, FAIRLEAD_CONFIG: join(broker.folder, 'broker.yaml') },
    });

    expect({ code, stderr: stderr.replaceAll(/^fairlead: token .*$/gm, '').trim() }).toEqual({ code: 0, stderr: '' });
    expect(blocks.length).toBeGreaterThan(3);
    expect(stdout).not.toContain(ALICE.password);
  });
});
