import { deadlineIn } from '../../src/core/deadline.ts';
import { copyFile, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realClock } from '../support/fakes.ts';
import { createLdap, identityOf, logIn } from '../support/ldap-backend.ts';
import type { LdapInput } from '../support/ldap-backend.ts';
import { createLoopbackCertificate } from '../support/loopback-certificate.ts';
import type { LoopbackCertificate } from '../support/loopback-certificate.ts';
import { PEOPLE } from '../support/slapd-entries.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { startTcpStandIn } from '../support/tcp-stand-in.ts';

const absent = !canRunSlapd();
const { alice } = PEOPLE;
const START_TLS_OK = Buffer.from('300c02010178070a010004000400', 'hex');
const START_TLS_REFUSED = Buffer.from('300c02010178070a010204000400', 'hex');

describe.skipIf(absent)('the ldap backend over TLS', () => {
  let slapd: Slapd;
  let other: LoopbackCertificate;
  beforeAll(async () => {
    slapd = await startSlapd({ tls: true });
    other = await createLoopbackCertificate();
  });
  afterAll(async () => {
    await slapd[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
  });

  const trusted = (): string => slapd.caFile ?? '';
  const ldaps = (): string => slapd.ldapsUrl ?? '';
  const byName = (url: string): string => url.replace('127.0.0.1', 'localhost');

  /** The cause of a failed login of alice. */
  async function faultOf(input: LdapInput): Promise<string> {
    await using backend = await createLdap({ timeouts: { connect: '500ms' }, ...input });
    const error: unknown = await logIn(backend, 'alice', alice.password).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'BrokerError', code: 'backend_unavailable' });
    expect((await backend.probe(deadlineIn(realClock, 2000))).state).toBe('down');
    return error instanceof Error ? String(error.cause) : '';
  }

  it.each<[string, () => LdapInput]>([
    ['ldaps by address', () => ({ urls: [ldaps()], tls: { caFile: trusted() } })],
    ['ldaps by name', () => ({ urls: [byName(ldaps())], tls: { caFile: trusted() } })],
    ['StartTLS by address', () => ({ urls: [slapd.url], tls: { mode: 'starttls', caFile: trusted() } })],
    ['StartTLS by name', () => ({ urls: [byName(slapd.url)], tls: { mode: 'starttls', caFile: trusted() } })],
    ['a configured server name', () => ({ urls: [ldaps()], tls: { caFile: trusted(), serverName: 'localhost' } })],
  ])('logs in with %s', async (_way, input) => {
    await using backend = await createLdap(input());

    expect((await identityOf(backend, alice)).username).toBe('alice');
    expect(await backend.probe(deadlineIn(realClock, 2000))).toEqual({ state: 'up' });
  });

  it.each<[string, Buffer[], string]>([
    ['refuses StartTLS', [START_TLS_REFUSED], 'no StartTLS: it answers 2'],
    ['sends more than its answer before TLS', [START_TLS_OK, START_TLS_OK], 'it sends more than its answer before TLS'],
    ['stalls in the handshake', [START_TLS_OK], 'no answer in time'],
    ['answers another request', [Buffer.from('300c02010161070a010004000400', 'hex')], 'it answers something else'],
    ['answers in HTTP', [Buffer.from('HTTP/1.1 400\r\n\r\n')], 'not LDAP'],
    ['does not answer', [], 'no answer in time'],
  ])('never sends a password to a server that %s', async (_what, answers, problem) => {
    await using standIn = await startTcpStandIn((socket) => {
      socket.once('data', () => socket.write(Buffer.concat(answers)));
    });

    const fault = await faultOf({ urls: [standIn.url], tls: { mode: 'starttls', caFile: trusted() } });

    expect(fault).toContain(problem);
    expect(standIn.received().includes(slapd.bindPassword)).toBe(false);
  });

  it('reads the authorities again on reload, and keeps the last valid ones', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'fairlead-ldap-ca-'));
    const caFile = join(folder.path, 'ca.pem');
    await copyFile(other.caFile, caFile);
    await using backend = await createLdap({ urls: [ldaps()], tls: { caFile } });
    await expect(logIn(backend, 'alice', alice.password)).rejects.toMatchObject({ code: 'backend_unavailable' });

    await copyFile(trusted(), caFile);
    await backend.reload?.();
    const first = await identityOf(backend, alice);
    await writeFile(caFile, 'no certificate');

    await expect(backend.reload?.()).rejects.toThrow(caFile);
    expect(backend.watches).toEqual([caFile]);
    expect(first.username).toBe('alice');
    expect((await identityOf(backend, alice)).username).toBe('alice');
  });

  it('names a missing file of authorities when it is opened', async () => {
    await expect(createLdap({ urls: [ldaps()], tls: { caFile: '/nowhere/ca.pem' } })).rejects.toThrow(
      '/nowhere/ca.pem: cannot be read',
    );
  });
});

describe.skipIf(absent)('a directory that requires encryption', () => {
  it('fails logins without encryption, says what to set, and works with StartTLS', async () => {
    await using slapd = await startSlapd({ tls: true, databaseConfig: 'security tls=1' });
    await using clear = await createLdap({ urls: [slapd.url] });
    await using secure = await createLdap({ urls: [slapd.url], tls: { mode: 'starttls', caFile: slapd.caFile ?? '' } });

    const error: unknown = await logIn(clear, 'alice', alice.password).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: 'backend_unavailable' });
    expect(error instanceof Error ? String(error.cause) : '').toContain('set tls.mode to ldaps or starttls');
    expect((await identityOf(secure, alice)).username).toBe('alice');
  });
});
