/** A private certificate authority and a certificate it gave to 127.0.0.1 and localhost, for servers of tests. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Part } from './parts.ts';
import { runOk } from './process.ts';

export interface LoopbackCertificate extends AsyncDisposable {
  /** PEM, of the server. */
  readonly cert: string;
  /** PEM, of the server. */
  readonly key: string;
  /** The authority's certificate, as a file that is removed with this. */
  readonly caFile: string;
  /** A certificate of the same authority for the client `CN=fairlead`, and its key, as files. */
  readonly clientCertFile: string;
  readonly clientKeyFile: string;
}

export const OPENSSL: Part = { program: 'openssl', debian: 'openssl' };

const EXTENSIONS = [
  'subjectAltName = IP:127.0.0.1, DNS:localhost',
  'basicConstraints = critical, CA:FALSE',
  'extendedKeyUsage = serverAuth',
].join('\n');

/** Of all keys. Elliptic curves are quick to make; Windows makes RSA keys for its domain controllers by default. */
export type KeyType = 'P-256' | 'RSA 2048';

const NEW_KEY: Readonly<Record<KeyType, string>> = {
  'P-256': '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes',
  'RSA 2048': '-newkey rsa:2048 -nodes',
};

/** @param state of the server's certificate */
export async function createLoopbackCertificate(
  state: 'valid' | 'expired' = 'valid',
  keyType: KeyType = 'P-256',
): Promise<LoopbackCertificate> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-ca-'));
  const file = (name: string): string => join(folder, name);
  const openssl = (command: string, ...more: readonly string[]) =>
    runOk('openssl', [...command.split(' '), ...more], { cwd: folder });
  const newKey = NEW_KEY[keyType];
  await openssl(
    `req -x509 ${newKey} -keyout ca.key -out ca.pem -days 2 -addext keyUsage=critical,keyCertSign,cRLSign`,
    '-subj',
    '/CN=Authority of the tests',
  );
  await openssl(`req -new ${newKey} -keyout server.key -out server.csr -subj /CN=127.0.0.1`);
  await writeFile(file('extensions'), EXTENSIONS);
  const days = state === 'valid' ? 2 : -1;
  await openssl(`x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days ${days} -extfile extensions -out server.pem`);
  await openssl(`req -new ${newKey} -keyout client.key -out client.csr -subj /CN=fairlead`);
  await openssl('x509 -req -in client.csr -CA ca.pem -CAkey ca.key -days 2 -out client.pem');
  return {
    cert: await readFile(file('server.pem'), 'utf8'),
    key: await readFile(file('server.key'), 'utf8'),
    caFile: file('ca.pem'),
    clientCertFile: file('client.pem'),
    clientKeyFile: file('client.key'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
