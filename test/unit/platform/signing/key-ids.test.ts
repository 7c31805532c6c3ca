import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hasLeadingZeroCoordinate, libtrustKeyId, thumbprint } from '../../../../src/platform/signing/key-ids.ts';
import { ecKeyWithLeadingZero } from '../../../support/signing-certificate.ts';

/** The key of distribution's spec/auth/jwt.md, "Getting a Bearer Token". */
const SPEC_KEY = createPublicKey({
  format: 'jwk',
  key: {
    kty: 'EC',
    crv: 'P-256',
    x: 'm7zUpx3b-zmVE5cymSs64POG9QcyEpJaYCD82-549_Q',
    y: 'dU3biz8sZ_8GPB-odm8Wxz3lNDr1xcAQQPQaOcr1fmc',
  },
});
/** RFC 7638, section 3.1. */
const RSA = createPublicKey({
  format: 'jwk',
  key: {
    kty: 'RSA',
    e: 'AQAB',
    n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  },
});
/** RFC 8037, appendix A.3. */
const ED25519 = createPublicKey({
  format: 'jwk',
  key: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
});

describe('key ids', () => {
  it('of libtrust match the example in the specification', () => {
    expect(libtrustKeyId(SPEC_KEY)).toBe('PYYO:TEWU:V7JH:26JV:AQTZ:LJC3:SXVJ:XGHA:34F2:2LAQ:ZRMK:Z7Q6');
  });

  it.each([
    ['RSA', RSA],
    ['Ed25519', ED25519],
  ])('of libtrust are twelve groups of four base32 characters for %s', (_name, key) => {
    expect(libtrustKeyId(key)).toMatch(/^([A-Z2-7]{4}:){11}[A-Z2-7]{4}$/);
  });

  it('of RFC 7638 match the examples in the specifications', () => {
    expect(thumbprint(RSA)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
    expect(thumbprint(ED25519)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });

  it('detect the keys whose thumbprint distribution 3.1 computes wrongly', () => {
    expect(hasLeadingZeroCoordinate(createPublicKey(ecKeyWithLeadingZero()))).toBe(true);
    expect(hasLeadingZeroCoordinate(SPEC_KEY)).toBe(false);
    expect(hasLeadingZeroCoordinate(RSA)).toBe(false);
  });
});
