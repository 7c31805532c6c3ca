/** Parts of the suite: the choice of checks, the pace, secrets, the measurement, and the server file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKS } from '../../../src/conformance/checks/index.ts';
import { judge } from '../../../src/conformance/checks/timing.ts';
import { loadDescription } from '../../../src/conformance/description/load.ts';
import { SAMPLE } from '../../../src/conformance/description/sample.ts';
import { escapeQuery } from '../../../src/conformance/exchange/encode.ts';
import { createPace } from '../../../src/conformance/pace.ts';
import { containsPassword, createRedaction } from '../../../src/conformance/secrets.ts';
import { selectChecks } from '../../../src/conformance/select.ts';
import { libtrustId, thumbprint, thumbprint30, thumbprint31 } from '../../../src/conformance/tokens/key-ids.ts';
import { Secret } from '../../../src/core/identity.ts';
import { createPublicKey } from 'node:crypto';
import { waitFor } from '../../support/wait.ts';
import { ecKey, ecKeyWithLeadingZero, makeCertificate, namedEcKey } from '../../support/signing-certificate.ts';

describe('the choice of checks', () => {
  const ids = (only: readonly string[], skip: readonly string[] = []): readonly string[] =>
    selectChecks(CHECKS, { only, skip }).map(({ id }) => id);

  it('is all of them without a pattern', () => {
    expect(ids([])).toHaveLength(CHECKS.length);
  });

  it('takes ids and patterns, in which a dot is a dot', () => {
    expect(ids(['answer.token', 'keys.chain-*'])).toEqual([
      'answer.token',
      'keys.chain-form',
      'keys.chain-dates',
      'keys.chain-remaining',
    ]);
    expect(() => ids(['answerxtoken'])).toThrow('no check is called "answerxtoken"; --list prints their ids');
  });

  it('leaves out what is skipped, also of the chosen ones', () => {
    expect(ids(['keys.*'], ['keys.distribution-*']).filter((id) => id.startsWith('keys.distribution'))).toEqual([]);
    expect(() => ids([], ['nothing.*'])).toThrow('no check is called "nothing.*"');
  });
});

describe('the pace', () => {
  it('runs as many tasks at once as allowed and no more, and counts all of them', async () => {
    const pace = createPace({ rate: 1_000_000, parallel: 3, deadline: Infinity });
    const gate = Promise.withResolvers<void>();
    let running = 0;
    let most = 0;
    const task = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await gate.promise;
      running -= 1;
    };

    const tasks = Array.from({ length: 20 }, () => pace.take(task));
    await waitFor('three tasks', () => running === 3);
    await setImmediate();
    gate.resolve();
    await Promise.all(tasks);

    expect(most).toBe(3);
    expect(pace.count()).toBe(20);
  });

  it('leaves at least the interval of the rate between the starts of two tasks', async () => {
    const pace = createPace({ rate: 100, parallel: 10, deadline: Infinity });
    const started = performance.now();

    await Promise.all(Array.from({ length: 6 }, () => pace.take(async () => undefined)));

    expect(performance.now() - started).toBeGreaterThanOrEqual(45);
  });

  it('starts nothing after the deadline', async () => {
    const pace = createPace({ rate: 1_000_000, parallel: 1, deadline: performance.now() - 1 });

    await expect(pace.take(async () => 'late')).rejects.toThrow('the time of --timeout is over');
    expect(pace.count()).toBe(0);
  });

  it('goes on after a task that fails', async () => {
    const pace = createPace({ rate: 1_000_000, parallel: 1, deadline: Infinity });

    await expect(pace.take(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await pace.take(async () => 'next')).toBe('next');
  });
});

describe('secrets', () => {
  const login = { name: 'alice', password: new Secret('pass word/ä"') };

  it('are removed from a text in every form in which they were sent', () => {
    const redact = createRedaction([login]);
    const basic = Buffer.from('alice:pass word/ä"').toString('base64');

    expect(redact(`a pass word/ä" b ${encodeURIComponent('pass word/ä"')} c ${basic} d`)).toBe(
      'a [password] b [password] c [password] d',
    );
    expect(redact(JSON.stringify({ a: 'pass word/ä"' }))).toBe('{"a":"[password]"}');
    expect(redact(new URLSearchParams({ a: 'pass word/ä"' }).toString())).toBe('a=[password]');
    expect(redact('eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl\nnext')).toBe('[token] next');
  });

  it('are found in a text in every form', () => {
    expect(containsPassword('x pass word/ä" y', login)).toBe(true);
    expect(containsPassword(JSON.stringify({ x: 'pass word/ä"' }), login)).toBe(true);
    expect(containsPassword(new URLSearchParams({ x: 'pass word/ä"' }).toString(), login)).toBe(true);
    expect(containsPassword('another text', login)).toBe(false);
  });
});

describe('the measurement of refusals', () => {
  const differences = (later: number, by: number): readonly number[] =>
    Array.from({ length: 24 }, (_, index) => (index < later ? by : -by));

  it('fails when the same one of the two is later in 20 of 24 pairs', () => {
    expect(judge(differences(20, 30))).toEqual({
      outcome: 'fail',
      text: 'the refusal of the user is later in 20 of 24 pairs, by 30.0 ms in the median',
    });
    expect(judge(differences(4, 30)).outcome).toBe('fail');
  });

  it('passes when each is later in some pairs, or by less than the network hides', () => {
    expect(judge(differences(19, 30)).outcome).toBe('pass');
    expect(judge(differences(5, 30)).outcome).toBe('pass');
    expect(judge(differences(24, 4)).outcome).toBe('pass');
  });
});

describe('key ids', () => {
  it('are those of the example in RFC 7638, section 3.1', () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
    const key = createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' });

    expect(thumbprint(key)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
    expect(thumbprint30(key)).toBe(thumbprint(key));
  });

  it('are that of the example in distribution docs/spec/auth/jwt.md, for libtrust', () => {
    const x = 'm7zUpx3b-zmVE5cymSs64POG9QcyEpJaYCD82-549_Q';
    const y = 'dU3biz8sZ_8GPB-odm8Wxz3lNDr1xcAQQPQaOcr1fmc';
    const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });

    expect(libtrustId(key)).toBe('PYYO:TEWU:V7JH:26JV:AQTZ:LJC3:SXVJ:XGHA:34F2:2LAQ:ZRMK:Z7Q6');
  });

  it('are one for all EC keys of a curve in distribution 3.0, and differ for leading zeros in 3.1', () => {
    const [one, other, zero] = [namedEcKey(), ecKey(), ecKeyWithLeadingZero()].map((key) => createPublicKey(key)) as [
      ReturnType<typeof createPublicKey>,
      ReturnType<typeof createPublicKey>,
      ReturnType<typeof createPublicKey>,
    ];

    expect(thumbprint30(one)).toBe(thumbprint30(other));
    expect(thumbprint31(one)).toBe(thumbprint(one));
    expect(thumbprint31(zero)).not.toBe(thumbprint(zero));
  });
});

describe('the encoding of queries', () => {
  it('is that of Go', () => {
    expect(escapeQuery("a b+&=%/:,*'()!~-_.ä")).toBe('a+b%2B%26%3D%25%2F%3A%2C%2A%27%28%29%21~-_.%C3%A4');
  });
});

describe('the server file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-server-file-'));
    await writeFile(join(folder, 'token.crt'), await makeCertificate({ key: namedEcKey() }));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function load(text: string, environment = { ALICE_PASSWORD: 'one' }) {
    await writeFile(join(folder, 'server.yaml'), text);
    return loadDescription(join(folder, 'server.yaml'), environment);
  }

  /** @returns the message with which the file is refused */
  async function problemOf(text: string): Promise<string> {
    try {
      await load(text);
      return 'no problem';
    } catch (error) {
      return error instanceof Error ? error.message : '';
    }
  }

  it('is read from the sample', async () => {
    const { users, anonymous, registries, supports, trust } = await load(SAMPLE);

    expect(users[0].name).toBe('alice');
    expect(String(users[0].password)).toBe('[secret]');
    expect([...(anonymous ?? [])]).toEqual([['public/app', ['pull']]]);
    expect(registries).toEqual(['distribution-2.8', 'distribution-3.1']);
    expect(supports).toEqual({ post: true, refreshTokens: false });
    expect(trust.certificates).toHaveLength(1);
  });

  it('is refused with the place of every problem, and without a password that stands in it', async () => {
    const text = SAMPLE.replace('version: 1', 'version: 7')
      .replace('{ env: ALICE_PASSWORD }', 'secret-password')
      .replace('supports:', 'suports:');

    const message = await problemOf(text);
    expect(message.split('\n').map((line) => line.slice(folder.length + 1))).toEqual([
      'server.yaml:2:1: version: expected 1, the version of this format',
      expect.stringMatching(/^server\.yaml:\d+:5: users\.0\.password: expected \{ file: PATH \} or \{ env: NAME \}/),
      expect.stringMatching(/^server\.yaml:\d+:1: suports: is not a key of this file$/),
    ]);
    expect(message).not.toContain('secret-password');
  });

  it.each([
    ['users: [', /^server\.yaml:\d+:\d+: /],
    [SAMPLE.replace('issuer: my-issuer\n', ''), /^server\.yaml:\d+:\d+: issuer: is missing$/],
    [SAMPLE.replace('bundle: token.crt', 'bundle: missing.crt'), /missing\.crt: cannot be read \(ENOENT\)$/],
    [
      SAMPLE.replace('team/app: [pull, push]', 'team/app: [pull]').replace('team/lib: [pull, push]', ''),
      /expected a repository with \[pull, push\]$/,
    ],
  ])('is refused with a sentence that says what to do: %#', async (text, expected) => {
    const message = await problemOf(text);

    expect(message.replaceAll(`${folder}/`, '')).toMatch(expected);
  });

  it('names the variable of a password that is not set', async () => {
    await expect(load(SAMPLE, { ALICE_PASSWORD: '' })).rejects.toThrow(
      'the password of alice is expected in the variable ALICE_PASSWORD',
    );
  });
});
