import { describe, expect, it } from 'vitest';
import { fixedClock } from '../../support/fakes.ts';
import { openHttpApp } from '../../support/http-app.ts';

const FORWARDED = { headers: { 'x-forwarded-for': '203.0.113.9' } };

describe('X-Forwarded-For from a peer that is not trusted', () => {
  it('leaves one warning an hour, which names the peer and the missing setting', async () => {
    const clock = fixedClock();
    await using app = await openHttpApp({ clock });

    for (let n = 0; n < 5; n += 1) await app.send('/token', FORWARDED);
    const early = [...app.log.lines];
    clock.advance(3600);
    await app.send('/healthz', FORWARDED);

    expect(early).toEqual([
      {
        level: 'warn',
        message: expect.stringContaining('add it to trustedProxies'),
        fields: { peer: '127.0.0.1', setting: 'trustedProxies' },
      },
    ]);
    expect(app.log.lines).toHaveLength(2);
  });

  it('leaves no warning when the peer is trusted, or when there is no such header', async () => {
    await using trusting = await openHttpApp({
      addressSource: { header: 'x-forwarded-for', isTrustedProxy: () => true },
    });
    await using app = await openHttpApp();

    await trusting.send('/token', FORWARDED);
    await app.send('/token');

    expect([trusting.log.lines, app.log.lines]).toEqual([[], []]);
  });
});
