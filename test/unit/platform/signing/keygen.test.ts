import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hasLeadingZeroCoordinate } from '../../../../src/platform/signing/key-ids.ts';
import { makeKey } from '../../../../src/platform/signing/keygen.ts';

const YEAR_MS = 365.25 * 24 * 3600 * 1000;

describe('keygen', () => {
  it.each([
    ['ES256', 'ec'],
    ['RS256', 'rsa'],
    ['EdDSA', 'ed25519'],
  ] as const)('makes a key for %s and its certificate for ten years', async (algorithm, type) => {
    const { key, certificate } = await makeKey(algorithm, 'blue');

    const privateKey = createPrivateKey(key);
    const leaf = new X509Certificate(certificate);
    expect(privateKey.asymmetricKeyType).toBe(type);
    expect(leaf.subject).toBe('CN=Fairlead token signing key blue');
    expect(leaf.ca).toBe(false);
    expect(leaf.checkPrivateKey(privateKey)).toBe(true);
    expect(leaf.verify(createPublicKey(privateKey))).toBe(true);
    expect(leaf.validFromDate.getTime()).toBeLessThan(Date.now());
    expect((leaf.validToDate.getTime() - Date.now()) / YEAR_MS).toBeCloseTo(10, 1);
  });

  it('makes RSA keys without blocking the event loop', async () => {
    const before = performance.eventLoopUtilization();

    await makeKey('RS256', 'blue');

    expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.9);
  });

  it('never makes a key whose thumbprint distribution 3.1 computes wrongly', async () => {
    // Without the filter, the chance of none in 400 would be one in twenty.
    const made = await Promise.all(Array.from({ length: 400 }, () => makeKey('ES256', 'a')));

    const named = made.map(({ certificate }) => hasLeadingZeroCoordinate(new X509Certificate(certificate).publicKey));
    expect(named).not.toContain(true);
  });
});
