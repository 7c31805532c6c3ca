/** When keys are fetched, how often, and how long they are used. */
import type { JWK } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { createKeySet } from '../../../../src/backends/oidc/key-set.ts';
import type { Keys, KeySet } from '../../../../src/backends/oidc/key-set.ts';
import { fixedClock, recordingLog } from '../../../support/fakes.ts';

const KEY: JWK = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', kid: 'one' };
const HOUR = 3600;

let fetches: number;
let answer: () => Promise<readonly JWK[]>;
let clock: ReturnType<typeof fixedClock>;
let log: ReturnType<typeof recordingLog>;
let keySet: KeySet;

beforeEach(() => {
  fetches = 0;
  answer = async () => [KEY];
  clock = fixedClock();
  log = recordingLog();
  const fetchKeys = (): Promise<readonly JWK[]> => {
    fetches += 1;
    return answer();
  };
  keySet = createKeySet({ backend: 'ci', fetchKeys, clock, log });
});

const signal = (milliseconds = 5000): AbortSignal => AbortSignal.timeout(milliseconds);
const down = async (): Promise<never> => {
  throw new Error('the endpoint answered 500');
};
const hanging = (): Promise<never> => Promise.withResolvers<never>().promise;
const current = (): Promise<Keys> => keySet.current(signal());

describe('keys', () => {
  it('are fetched once, and by all who need them together', async () => {
    await Promise.all([current(), current(), current()]);
    await current();

    expect(fetches).toBe(1);
  });

  it('are renewed after ten minutes, and not before', async () => {
    const first = await current();
    clock.advance(600);
    expect(await current()).toBe(first);

    clock.advance(1);
    expect(await current()).not.toBe(first);
    expect(fetches).toBe(2);
  });

  it.each([
    ['answers an error', down],
    ['does not answer', hanging],
  ])('are used for at most a day while the issuer %s', async (_what, outage) => {
    const first = await current();
    answer = outage;

    clock.advance(HOUR);
    const started = performance.now();
    expect(await current()).toBe(first);
    expect(performance.now() - started).toBeLessThan(3000);
    clock.advance(22 * HOUR);
    expect(await current()).toBe(first);

    clock.advance(2 * HOUR);
    await expect(keySet.current(signal(200))).rejects.toMatchObject({ code: 'backend_unavailable' });
  });

  it('are not available until the issuer is reached for the first time', async () => {
    answer = down;
    await expect(current()).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: 'the keys of the issuer are not available: the endpoint answered 500',
    });

    answer = async () => [KEY];
    await expect(current()).resolves.toBeDefined();
  });

  it('are fetched at most four times a minute for unknown keys', async () => {
    let keys = await current();
    for (let asked = 0; asked < 3; asked++) keys = (await keySet.newerThan(keys, signal())) ?? keys;
    expect(fetches).toBe(4);

    for (let asked = 0; asked < 20; asked++) expect(await keySet.newerThan(keys, signal())).toBeUndefined();
    expect(fetches).toBe(4);

    clock.advance(60);
    expect(await keySet.newerThan(keys, signal())).toBeDefined();
    expect(fetches).toBe(5);
  });

  it('that another login has fetched in the meantime are newer ones', async () => {
    const old = await current();
    const newer = await keySet.newerThan(old, signal());

    expect(await keySet.newerThan(old, signal())).toBe(newer);
    expect(fetches).toBe(2);
  });

  it('are not available for an unknown key while the issuer is down', async () => {
    const keys = await current();
    answer = down;

    for (let asked = 0; asked < 10; asked++) {
      await expect(keySet.newerThan(keys, signal())).rejects.toMatchObject({ code: 'backend_unavailable' });
    }
    expect(fetches).toBe(4);
  });

  it('are fetched again when they are to expire', async () => {
    const first = await current();
    keySet.expire();

    expect(await current()).not.toBe(first);
    await current();
    expect(fetches).toBe(2);
  });

  it('are waited for no longer than the login has time', async () => {
    answer = hanging;

    await expect(keySet.current(signal(20))).rejects.toMatchObject({
      code: 'backend_unavailable',
      message: 'the keys of the issuer did not arrive in time',
    });
  });

  it('that are not available are logged once, and so is their return', async () => {
    await current();
    answer = down;
    for (let minutes = 0; minutes < 3; minutes++) {
      clock.advance(HOUR);
      await current();
    }
    answer = async () => [KEY];
    clock.advance(HOUR);
    await current();

    expect(log.lines.map(({ level, message }) => [level, message])).toEqual([
      ['error', 'keys of the issuer not available'],
      ['info', 'keys of the issuer available again'],
    ]);
  });
});

it('a login that joined a fetch of an earlier one tries once more when it fails: the issuer may answer again', async () => {
  const first = Promise.withResolvers<readonly JWK[]>();
  answer = () => first.promise;
  const earlier = current();
  const later = current();
  answer = async () => [KEY];

  first.reject(new Error('the endpoint did not answer'));

  await expect(earlier).rejects.toMatchObject({ code: 'backend_unavailable' });
  expect((await later).list).toEqual([KEY]);
  expect(fetches).toBe(2);
});
