import { deadlineIn } from '../../src/core/deadline.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realClock, recordingLog } from '../support/fakes.ts';
import { createLdap, identityOf, logIn } from '../support/ldap-backend.ts';
import { PEOPLE } from '../support/slapd-entries.ts';
import { canRunSlapd, startSlapd } from '../support/slapd.ts';
import type { Slapd } from '../support/slapd.ts';
import { startTcpStandIn } from '../support/tcp-stand-in.ts';

const absent = !canRunSlapd();
const { alice } = PEOPLE;
const UNAVAILABLE = { name: 'BrokerError', code: 'backend_unavailable' };

describe.skipIf(absent)('the service account of an LDAP directory', () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd();
  });
  afterAll(() => slapd[Symbol.asyncDispose]());

  it('tries a wrong password of the service account once, fails all logins, and logs an error', async () => {
    const log = recordingLog();
    await using backend = await createLdap({ urls: [slapd.url] }, { password: () => 'not-the-password', log });
    const before = (await slapd.settled()).binds.length;

    const results = await Promise.allSettled([...Array(40).keys()].map(() => logIn(backend, 'alice', alice.password)));
    const state = await backend.probe(deadlineIn(realClock, 2000));

    for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: UNAVAILABLE });
    expect(results.at(-1)).toMatchObject({ reason: { retryAfter: 5 } });
    expect(state.state).toBe('down');
    expect((await slapd.settled()).binds.slice(before)).toEqual([slapd.bindDn]);
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(JSON.stringify(log.lines)).not.toContain('not-the-password');
  });

  it('tries a new password of the service account at once after a refused one', async () => {
    let password = 'not-the-password';
    await using backend = await createLdap({ urls: [slapd.url] }, { password: () => password });
    await expect(logIn(backend, 'alice', alice.password)).rejects.toMatchObject(UNAVAILABLE);

    password = slapd.bindPassword;

    expect((await identityOf(backend, alice)).username).toBe('alice');
  });

  it('tries a refused password of the service account again after 5 s, and then after 10 s', async () => {
    let elapsed = 0;
    const clock = { now: () => realClock.now(), monotonic: () => realClock.monotonic() + elapsed };
    await using backend = await createLdap({ urls: [slapd.url] }, { password: () => 'not-the-password', clock });
    const tries = async (): Promise<number> => {
      const before = (await slapd.settled()).binds.length;
      const deadline = deadlineIn(clock, 8000);
      await expect(backend.lookup?.('alice', deadline)).rejects.toMatchObject(UNAVAILABLE);
      return (await slapd.settled()).binds.length - before;
    };

    const counts = [await tries(), await tries()];
    elapsed += 5001;
    counts.push(await tries(), await tries());
    elapsed += 5001;
    counts.push(await tries());
    elapsed += 5001;
    counts.push(await tries());

    // 5 s after the first refusal, 10 s after the second.
    expect(counts).toEqual([1, 0, 1, 0, 0, 1]);
  });

  it('fails logins without a request when the password of the service account is empty', async () => {
    await using standIn = await startTcpStandIn();
    await using backend = await createLdap({ urls: [standIn.url] }, { password: () => '' });

    await expect(logIn(backend, 'alice', alice.password)).rejects.toMatchObject(UNAVAILABLE);
    expect(standIn.received()).toHaveLength(0);
  });

  it('fails logins instead of reporting an unknown user when the service account may not see the base', async () => {
    await using backend = await createLdap({ urls: [slapd.url], users: { base: 'ou=nowhere,dc=example,dc=org' } });

    const error: unknown = await logIn(backend, 'alice', alice.password).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject(UNAVAILABLE);
    expect(error instanceof Error ? String(error.cause) : '').toContain('the base does not exist');
  });
});
