/** The keys and tokens of the token server of tests. */
import { createHmac, createPublicKey, generateKeyPairSync, randomUUID, sign, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { libtrustId, thumbprint } from '../../src/conformance/tokens/key-ids.ts';
import { ecKeyWithLeadingZero, makeCertificate, namedEcKey } from './signing-certificate.ts';
import type { FaultName } from './token-server-faults.ts';
import type { Scope } from './token-server-scopes.ts';

export const ISSUER = 'conformance tests';
/** Seconds for which a token is valid. */
export const LIFETIME = 300;

export interface Keys {
  readonly signing: KeyObject;
  readonly certificate: string;
}

export async function makeKeys(fault: FaultName | undefined): Promise<Keys> {
  if (fault === 'short-rsa-key') {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    return { signing: privateKey, certificate: '' };
  }
  const signing = fault === 'leading-zero' ? ecKeyWithLeadingZero() : namedEcKey();
  const days = fault === 'expired-certificate' ? -0.5 : fault === 'certificate-ends' ? 3 : 365;
  return { signing, certificate: await makeCertificate({ key: signing, fromDays: -100, untilDays: days }) };
}

interface TokensOptions {
  /** Whether the server has a fault. */
  readonly has: (name: FaultName) => boolean;
  readonly keys: Keys;
  /** The login that the fault `password-in-token` reveals. */
  readonly login: string;
}

export function createTokens({ has, keys, login }: TokensOptions) {
  function tokenFor(user: string, service: string, access: readonly Scope[], parameters: URLSearchParams): string {
    const now = Math.floor(Date.now() / 1000);
    const issued = now - (has('not-backdated') ? 0 : 30) + (has('future') ? 120 : 0);
    const lifetime = has('year-long') ? 366 * 86_400 : LIFETIME + (has('no-margin') ? 0 : 60);
    const account = parameters.get('account');
    const fraction = has('float-times') ? 0.5 : 0;
    const claims = {
      iss: has('issuer') ? 'somebody' : ISSUER,
      sub: subject(user, account),
      aud: has('audience') ? 'somebody' : has('audience-list') ? [service] : service,
      exp: (has('expired') ? now - 10 : now + lifetime) + fraction,
      nbf: issued + fraction,
      iat: issued + fraction,
      ...(has('no-token-id') ? {} : { jti: has('one-token-id') ? 'one' : randomUUID() }),
      access: has('access-texts') ? access.map(({ type, name }) => `${type}:${name}`) : access,
      ...(has('password-in-token') ? { login } : {}),
      ...(has('large-token') ? { groups: 'g'.repeat(8 * 1024) } : {}),
    };
    return signed(headerOf(), claims);
  }

  function subject(user: string, account: string | null): string {
    if (user === '') return has('anonymous-named') ? 'anonymous' : '';
    if (has('subject-of-account') && account !== null) return account;
    return has('subject-id') ? 'id-17' : user;
  }

  function headerOf(): Readonly<Record<string, unknown>> {
    const key = createPublicKey(keys.signing);
    const chain = keys.certificate === '' ? '' : new X509Certificate(keys.certificate).raw.toString('base64');
    const hasChain = has('expired-certificate') || has('certificate-ends') || has('chain-base64url');
    const kid = has('wrong-kid')
      ? 'key-1'
      : has('kid-rfc7638') || has('kid-of-3.1') || keys.certificate === ''
        ? thumbprint(key)
        : libtrustId(key);
    return {
      ...(has('no-type') ? {} : { typ: 'JWT' }),
      alg: has('hmac') ? 'HS256' : keys.certificate === '' ? 'RS256' : 'ES256',
      ...(has('no-kid') ? {} : { kid }),
      ...(hasChain
        ? { x5c: [has('chain-base64url') ? Buffer.from(chain, 'base64').toString('base64url') : chain] }
        : {}),
      ...(has('embedded-key') ? { jwk: { ...key.export({ format: 'jwk' }), kid } } : {}),
    };
  }

  function signed(header: Readonly<Record<string, unknown>>, claims: object): string {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const data = `${part(header)}.${part(claims)}`;
    if (has('hmac')) return `${data}.${createHmac('sha256', 'secret').update(data).digest('base64url')}`;
    const key = has('foreign-key') ? namedEcKey() : keys.signing;
    return `${data}.${sign('sha256', Buffer.from(data), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }

  return { tokenFor };
}
