import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createDiscovery } from '../../../../../src/backends/oidc/client/discovery.ts';
import type { ProviderMetadata } from '../../../../../src/backends/oidc/client/metadata.ts';
import { fixedClock } from '../../../../support/fakes.ts';

const FOREVER = new AbortController().signal;

/** A provider whose answers the test gives by hand. */
function scripted() {
  const clock = fixedClock();
  const asked: PromiseWithResolvers<ProviderMetadata>[] = [];
  const discovery = createDiscovery({
    clock,
    fetchMetadata: () => {
      const answer = Promise.withResolvers<ProviderMetadata>();
      asked.push(answer);
      return answer.promise;
    },
  });
  return { clock, asked, discovery };
}

const metadata = (name: string): ProviderMetadata => ({
  issuer: `https://${name}.example`,
  endpoints: { token_endpoint: `https://${name}.example/token` },
  tokenEndpointName: `https://${name}.example/token`,
  idTokenAlgorithms: ['RS256'],
  userinfoAlgorithms: ['RS256'],
  browser: {},
  namesIssuer: false,
  offersOfflineAccess: false,
});
const DOWN = new Error('down');

describe('discovery', () => {
  it('fetches nothing until metadata are needed, and then once for all callers', async () => {
    const { asked, discovery } = scripted();
    expect(asked).toHaveLength(0);

    const waiting = [discovery.current(FOREVER), discovery.current(FOREVER)];
    asked[0]?.resolve(metadata('a'));
    const found = await Promise.all([...waiting, discovery.current(FOREVER)]);

    expect(found).toEqual([metadata('a'), metadata('a'), metadata('a')]);
    expect(asked).toHaveLength(1);
  });

  it('uses old metadata once more, and renews them in the background', async () => {
    const { clock, asked, discovery } = scripted();
    const first = discovery.current(FOREVER);
    asked[0]?.resolve(metadata('a'));
    await first;

    clock.advance(601);
    const old = await discovery.current(FOREVER);
    asked[1]?.resolve(metadata('b'));
    await expect.poll(() => discovery.current(FOREVER)).toEqual(metadata('b'));

    expect(old).toEqual(metadata('a'));
    expect(asked).toHaveLength(2);
  });

  it('uses old metadata while they cannot be renewed', async () => {
    const { clock, asked, discovery } = scripted();
    const first = discovery.current(FOREVER);
    asked[0]?.resolve(metadata('a'));
    await first;

    clock.advance(601);
    await discovery.current(FOREVER);
    asked[1]?.reject(DOWN);
    const found = await discovery.current(FOREVER);

    expect(found).toEqual(metadata('a'));
  });

  it('repeats a failed request for callers that joined it, and not for the caller that began it', async () => {
    const { clock, asked, discovery } = scripted();
    const maker = discovery.current(FOREVER);
    const joiner = discovery.current(FOREVER);

    asked[0]?.reject(DOWN);
    await expect(maker).rejects.toBe(DOWN);
    clock.advance(1);
    await expect.poll(() => asked.length).toBe(2);
    asked[1]?.resolve(metadata('a'));

    expect(await joiner).toEqual(metadata('a'));
  });

  it('waits before the next request after a failure', async () => {
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
    expect(await second).toEqual(metadata('a'));
  });

  it('ends the wait of a caller at its deadline, and continues for the others', async () => {
    const { asked, discovery } = scripted();
    const impatient = new AbortController();
    const first = discovery.current(impatient.signal);
    const second = discovery.current(FOREVER);

    impatient.abort(DOWN);
    await expect(first).rejects.toBe(DOWN);
    asked[0]?.resolve(metadata('a'));

    expect(await second).toEqual(metadata('a'));
  });

  it('asks again after a flush', async () => {
    const { asked, discovery } = scripted();
    const first = discovery.current(FOREVER);
    asked[0]?.resolve(metadata('a'));
    await first;

    discovery.flush();
    const second = discovery.current(FOREVER);
    asked[1]?.resolve(metadata('b'));

    expect(await second).toEqual(metadata('b'));
  });

  it('refreshes at most every few seconds', async () => {
    const { clock, asked, discovery } = scripted();
    const first = discovery.refresh(FOREVER);
    asked[0]?.resolve(metadata('a'));
    await first;
    await discovery.refresh(FOREVER);
    expect(asked).toHaveLength(1);

    clock.advance(6);
    const second = discovery.refresh(FOREVER);
    asked[1]?.resolve(metadata('b'));

    expect(await second).toEqual(metadata('b'));
  });
});
