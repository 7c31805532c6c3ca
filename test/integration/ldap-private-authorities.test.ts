/** Chains of certificates that Go programs accept with the same file (crypto/x509), and some that nobody may accept. */
import { execFile } from 'node:child_process';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deadlineIn } from '../../src/core/deadline.ts';
import { dial } from '../../src/backends/ldap/wire/dial.ts';
import { parseEndpoint } from '../../src/backends/ldap/wire/endpoint.ts';
import { faultText } from '../../src/backends/ldap/wire/fault-text.ts';
import { loadTlsContext } from '../../src/backends/ldap/wire/tls-context.ts';
import { realClock } from '../support/fakes.ts';

const resources = new AsyncDisposableStack();
let folder = '';
const file = (name: string): string => join(folder, name);
const CA = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n';
const SERVER = 'subjectAltName=DNS:localhost\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n';

async function openssl(...args: readonly string[]): Promise<void> {
  await promisify(execFile)('openssl', [...args], { cwd: folder });
}

/** @param issuer undefined: self-signed */
async function issue(name: string, extensions: string, issuer?: string): Promise<void> {
  await writeFile(file(`${name}.ext`), extensions);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
  await openssl('req', '-new', ...key, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
  const signer =
    issuer === undefined ? ['-signkey', `${name}.key`] : ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`];
  const request = ['x509', '-req', '-in', `${name}.csr`, ...signer, '-days', '2'];
  await openssl(...request, '-extfile', `${name}.ext`, '-out', `${name}.pem`);
}

beforeAll(async () => {
  folder = resources.use(await mkdtempDisposable(join(tmpdir(), 'fairlead-chains-'))).path;
  await issue('root', CA);
  await issue('issuing', CA, 'root');
  await issue('server', SERVER, 'issuing');
  await issue('alone', SERVER);
  await issue('other', CA);
});
afterAll(() => resources.disposeAsync());

/**
 * @param sent the certificates that the server sends
 * @param trusted the certificates in tls.caFile
 * @returns `connected`, or the text of the fault
 */
async function connect(
  sent: readonly string[],
  trusted: readonly string[],
  host = 'localhost',
  serverName?: string,
): Promise<string> {
  const pem = async (names: readonly string[]): Promise<string> =>
    (await Promise.all(names.map((name) => readFile(file(`${name}.pem`), 'utf8')))).join('');
  const server = createServer({ cert: await pem(sent), key: await readFile(file(`${sent[0] ?? ''}.key`)) });
  server.on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket) => {
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    await writeFile(file('trusted.pem'), await pem(trusted));
    const endpoint = parseEndpoint(`ldaps://${host}:${port}`);
    if (typeof endpoint === 'string') throw new Error(endpoint);
    const tlsContext = await loadTlsContext({ caFile: file('trusted.pem'), certFile: undefined, keyFile: undefined });
    const options = {
      mode: 'ldaps',
      tlsContext,
      serverName,
      timeout: 5000,
      hasOwnAuthorities: true,
    } as const;
    const socket = await dial({ ...endpoint, host }, options, deadlineIn(realClock, 5000));
    socket.destroy();
    return 'connected';
  } catch (error) {
    return faultText(error);
  } finally {
    server.close();
  }
}

it.each<[string, readonly string[], readonly string[]]>([
  ['the root', ['server', 'issuing'], ['root']],
  ['the issuing authority without the root', ['server', 'issuing'], ['issuing']],
  ['the issuing authority, where the server sends the whole chain', ['server', 'issuing', 'root'], ['issuing']],
  ['the issuing authority, where the server sends its certificate only', ['server'], ['issuing']],
  ['the root and the issuing authority, where the server sends its certificate only', ['server'], ['root', 'issuing']],
  ['the certificate of the server', ['server', 'issuing'], ['server']],
  ['the self-signed certificate of the server', ['alone'], ['alone']],
])('trusts a server when tls.caFile has %s', async (_what, sent, trusted) => {
  expect(await connect(sent, trusted)).toBe('connected');
});

it.each<[string, readonly string[], readonly string[]]>([
  ['another authority', ['server', 'issuing'], ['other']],
  ['the certificate of another server', ['server', 'issuing'], ['alone']],
  ['the root, where the server does not send its intermediate authority', ['server'], ['root']],
])('refuses a server when tls.caFile has %s, and says what to add', async (_what, sent, trusted) => {
  const text = await connect(sent, trusted);

  expect(text).toContain('tls.caFile does not have the authority that issued the certificate of the server');
  expect(text).toContain('an intermediate authority which the server does not send');
  expect(text).not.toContain('use-system-ca');
});

it('refuses a pinned certificate that is for another name', async () => {
  expect(await connect(['alone'], ['alone'], '127.0.0.1')).toContain('set tls.serverName');
});

it('verifies a host with the dot of the DNS root by the name without it', async () => {
  expect(await connect(['server', 'issuing'], ['root'], '127.0.0.1', 'localhost.')).toBe('connected');
});
