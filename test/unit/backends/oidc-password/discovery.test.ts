import { setImmediate } from 'node:timers/promises';
import type { ServerMetadata } from 'openid-client';
import { describe, expect, it } from 'vitest';
import { createDiscovery } from '../../../../src/backends/oidc-password/discovery.ts';
import { fixedClock } from '../../../support/fakes.ts';

const FOREVER = new AbortController().signal;
const KEYS = { jwks: { keys: [] }, uat: 1 };

/** A provider whose answers the test gives by hand. */
function scripted() {
  const clock = fixedClock();
  const asked: PromiseWithResolvers<ServerMetadata>[] = [];
  const discovery = createDiscovery({
    clock,
    fetchMetadata: () => {
      const answer = Promise.withResolvers<ServerMetadata>();
      asked.push(answer);
      return answer.promise;
    },
  });
  return { clock, asked, discovery };
}

const metadata = (name: string): ServerMetadata => ({
  issuer: `https://${name}.example`,
  jwks_uri: `https://${name}/keys`,
});
const DOWN = new Error('down');

describe('discovery', () => {
  it('asks nothing until it is needed, and then once for all who need it', async () => {
    const { asked, discovery } = scripted();
    expect(asked).toHaveLength(0);

    const waiting = [discovery.current(FOREVER), discovery.current(FOREVER)];
    asked[0]?.resolve(metadata('a'));
    const found = await Promise.all([...waiting, discovery.current(FOREVER)]);

    expect(found.map((entry) => entry.metadata)).toEqual([metadata('a'), metadata('a'), metadata('a')]);
    expect(asked).toHaveLength(1);
  });

  it('uses what has grown old once more and renews it behind that', async () => {
    const { clock, asked, discovery } = scripted();
    const first = discovery.current(FOREVER);
    asked[0]?.resolve(metadata('a'));
    await first;

    clock.advance(601);
    const old = await discovery.current(FOREVER);
    asked[1]?.resolve(metadata('b'));
    await expect.poll(async () => (await discovery.current(FOREVER)).metadata).toEqual(metadata('b'));

    expect(old.metadata).toEqual(metadata('a'));
    expect(asked).toHaveLength(2);
  });

  it('keeps what has grown old when it cannot be renewed', async () => {
    const { clock, asked, discovery } = scripted();
    const first = discovery.current(FOREVER);
    asked[0]?.resolve(metadata('a'));
    await first;

    clock.advance(601);
    await discovery.current(FOREVER);
    asked[1]?.reject(DOWN);
    const found = await discovery.current(FOREVER);

    expect(found.metadata).toEqual(metadata('a'));
  });

  it('asks again for those who joined a request that failed, and not for the one who made it', async () => {
    const { clock, asked, discovery } = scripted();
    const maker = discovery.current(FOREVER);
    const joiner = discovery.current(FOREVER);

    asked[0]?.reject(DOWN);
    await expect(maker).rejects.toBe(DOWN);
    clock.advance(1);
    await expect.poll(() => asked.length).toBe(2);
    asked[1]?.resolve(metadata('a'));

    expect((await joiner).metadata).toEqual(metadata('a'));
  });

  it('waits a little before it asks again after a failure', async () => {
    const { asked, discovery } = scripted();
    const first = discovery.current(FOREVER);
    asked[0]?.reject(DOWN);
    await expect(first).rejects.toBe(DOWN);

    const second = discovery.current(FOREVER);
    await setImmediate();
    const askedAtOnce = asked.length;
    await expect.poll(() => asked.length).toBe(2);
    asked[1]?.resolve(metadata('a'));

    expect(askedAtOnce).toBe(1);
    expect((await second).metadata).toEqual(metadata('a'));
  });

  it('lets a caller go when their time is up, and goes on for the others', async () => {
    const { asked, discovery } = scripted();
    const impatient = new AbortController();
    const first = discovery.current(impatient.signal);
    const second = discovery.current(FOREVER);

    impatient.abort(DOWN);
    await expect(first).rejects.toBe(DOWN);
    asked[0]?.resolve(metadata('a'));

    expect((await second).metadata).toEqual(metadata('a'));
  });

  it('asks anew after it was told to forget', async () => {
    const { asked, discovery } = scripted();
    const first = discovery.current(FOREVER);
    asked[0]?.resolve(metadata('a'));
    (await first).keys = KEYS;

    discovery.forget();
    const second = discovery.current(FOREVER);
    asked[1]?.resolve(metadata('a'));

    expect((await second).keys).toBeUndefined();
  });

  it('refreshes at most every few seconds, and keeps the keys of the same address', async () => {
    const { clock, asked, discovery } = scripted();
    const first = discovery.refresh(FOREVER);
    asked[0]?.resolve(metadata('a'));
    (await first).keys = KEYS;
    await discovery.refresh(FOREVER);
    expect(asked).toHaveLength(1);

    clock.advance(6);
    const second = discovery.refresh(FOREVER);
    asked[1]?.resolve(metadata('a'));
    expect((await second).keys).toBe(KEYS);

    clock.advance(6);
    const third = discovery.refresh(FOREVER);
    asked[2]?.resolve(metadata('b'));
    expect((await third).keys).toBeUndefined();
  });
});
