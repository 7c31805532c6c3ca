/** Whether registries find the key of a token and accept its signature. */
import { ensureDescribed, fail, pass, skip, verdict } from '../check.ts';
import type { Check } from '../check.ts';
import { isCurrent, readChain } from '../tokens/chain.ts';
import { libtrustId, thumbprint, thumbprint30, thumbprint31 } from '../tokens/key-ids.ts';
import { REGISTRIES, signatureProblem } from '../tokens/registries.ts';
import type { Registry } from '../tokens/registries.ts';
import { isSignedBy } from '../tokens/signature.ts';
import { isSignedByTrusted } from '../tokens/trusted-signature.ts';
import { trustedKeys } from '../tokens/trust.ts';

const TOKEN_GO = 'registry/auth/token/token.go';
const DAY_MS = 86_400_000;
const MIN_RSA_BITS = 2048;

const SOURCES: Readonly<Record<Registry, string>> = {
  'distribution-2.8': `distribution 2.8.3, ${TOKEN_GO}`,
  'distribution-3.0': `distribution 3.0.0, ${TOKEN_GO}; distribution#4683`,
  'distribution-3.1': `distribution 3.1.1, ${TOKEN_GO}`,
  zot: 'zot 2.1.20, pkg/api/bearer.go',
};

const acceptedBy = (registry: Registry): Check => ({
  id: `keys.${registry}`,
  level: 'must',
  title: `${registry} finds the key and accepts the signature`,
  source: SOURCES[registry],
  breaks: `A registry of this version refuses every token, in its log "token signed by untrusted key" or "unable to verify certificate chain".`,
  // zot looks at nothing but the signature.
  after:
    registry === 'zot' ? ['keys.signature'] : ['keys.signature', 'keys.key-id', 'keys.chain-form', 'keys.chain-dates'],
  needs: ({ description }) =>
    ensureDescribed(description.registries.includes(registry), `registries: [${description.registries.join(', ')}]`),
  run: async (server) => {
    const { trust } = server.description;
    const problem = signatureProblem(registry, await server.token(), trust, Date.now());
    return problem === undefined ? pass() : fail(problem);
  },
});

export const keyChecks: readonly Check[] = [
  {
    id: 'keys.signature',
    level: 'must',
    title: 'The signature is of a trusted key',
    source: 'RFC 7515, section 5.2',
    breaks: 'No registry accepts a token.',
    after: ['answer.token', 'claims.algorithm'],
    run: async (server) => {
      const token = await server.token();
      const isKnown = isSignedByTrusted(token, server.description.trust);
      return verdict(
        isKnown,
        'no key of the bundle and the key set made it, and no key that x5c traces to the bundle; is trust in the server file current?',
      );
    },
  },
  {
    id: 'keys.key-id',
    level: 'must',
    title: 'The header names the key by x5c, or by a kid that a registry knows',
    source: `distribution 2.8.3 and 3.1.1, ${TOKEN_GO}; distribution#4299, #4470`,
    breaks: 'The registry refuses every token: "token signed by untrusted key with ID".',
    after: ['keys.signature'],
    run: async (server) => {
      const token = await server.token();
      const { kid, x5c } = token.header;
      if (Array.isArray(x5c) && x5c.length > 0) return pass('by x5c');
      const { trust } = server.description;
      const signing = trustedKeys(trust).filter((key) => isSignedBy(token, key));
      const ids = [
        ...signing.flatMap((key) => [libtrustId(key), thumbprint(key), thumbprint30(key), thumbprint31(key)]),
        ...(trust.keySet ?? []).map((entry) => entry.kid),
      ];
      if (kid === undefined) return fail('the header has neither kid nor x5c');
      return verdict(
        typeof kid === 'string' && ids.includes(kid),
        `kid is ${JSON.stringify(kid)}: neither the libtrust id nor the thumbprint of the key, nor a kid of the key set`,
      );
    },
  },
  ...REGISTRIES.map(acceptedBy),
  {
    id: 'keys.chain-form',
    level: 'must',
    title: 'x5c, if present, is a list of certificates in standard base64, the signing one first',
    source: 'RFC 7515, section 4.1.6',
    breaks: 'Registries do not fall back to kid: they refuse every token.',
    after: ['keys.signature'],
    run: async (server) => {
      const token = await server.token();
      if (token.header['x5c'] === undefined) return pass('there is no x5c');
      const chain = readChain(token.header['x5c']);
      if (typeof chain === 'string') return fail(chain);
      return verdict(isSignedBy(token, chain[0].publicKey), 'the first certificate is not of the key that signed');
    },
  },
  {
    id: 'keys.chain-dates',
    level: 'must',
    title: 'No certificate in x5c has expired',
    source: `distribution 2.8.3 and 3.1.1, ${TOKEN_GO}, verify the dates of x5c, and not those of the bundle`,
    breaks: 'From one second to the next, the registry refuses every token.',
    after: ['keys.chain-form'],
    run: async (server) => {
      const chain = readChain((await server.token()).header['x5c']);
      if (typeof chain === 'string') return pass('there is no x5c');
      const expired = chain.find((certificate) => !isCurrent(certificate, Date.now()));
      return verdict(
        expired === undefined,
        `the certificate is valid from ${expired?.validFrom ?? ''} to ${expired?.validTo ?? ''}`,
      );
    },
  },
  {
    id: 'keys.chain-remaining',
    level: 'should',
    title: 'The certificates in x5c are valid for 14 more days',
    source: 'operation: an expired certificate stops all pulls',
    breaks: 'All pulls stop within two weeks.',
    after: ['keys.chain-dates'],
    run: async (server) => {
      const chain = readChain((await server.token()).header['x5c']);
      if (typeof chain === 'string') return pass('there is no x5c');
      // One that is renewed every day, as of an authority with short-lived certificates, is shorter by design.
      const [leaf] = chain;
      const whole = leaf.validToDate.getTime() - leaf.validFromDate.getTime();
      if (whole < 30 * DAY_MS) return pass('the certificate is short-lived');
      return verdict(leaf.validToDate.getTime() - Date.now() > 14 * DAY_MS, `the certificate ends ${leaf.validTo}`);
    },
  },
  {
    id: 'keys.no-embedded-key',
    level: 'should',
    title: 'The header has no key of its own (jwk)',
    source: `distribution 2.8.3 requires a libtrust kid in it, 3.1.1 looks that kid up (${TOKEN_GO})`,
    breaks: 'No such token satisfies both versions, and a verifier that trusts the key accepts tokens of anybody.',
    after: ['answer.token'],
    run: async (server) => verdict((await server.token()).header['jwk'] === undefined, 'there is a jwk'),
  },
  {
    id: 'keys.set-public',
    level: 'must',
    title: 'The key set has no private keys',
    source: 'RFC 7517, section 9.2',
    breaks: 'Everybody can make tokens.',
    after: [],
    run: async (server) => {
      const { keySet } = server.description.trust;
      if (keySet === undefined) return skip('the server file has no jwks');
      const count = keySet.filter(({ isPrivate }) => isPrivate).length;
      return verdict(count === 0, `${count} keys have private members`);
    },
  },
  {
    id: 'keys.strength',
    level: 'should',
    title: 'RSA keys have at least 2048 bits',
    source: 'RFC 7518, section 3.3',
    breaks: 'The key can be computed, and Go 1.24 and newer refuse keys below 1024 bits.',
    after: [],
    run: async (server) => {
      const sizes = trustedKeys(server.description.trust).map(
        (key) => key.asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS,
      );
      return verdict(Math.min(...sizes) >= MIN_RSA_BITS, `a key has ${Math.min(...sizes)} bits`);
    },
  },
  {
    id: 'keys.leading-zero',
    level: 'should',
    title: 'No coordinate of an EC key begins with a zero byte',
    source: `distribution 3.1.1, ${TOKEN_GO}, drops the byte from the thumbprint`,
    breaks:
      'distribution 3.1 computes another kid than everybody else and refuses tokens that are named by thumbprint.',
    after: [],
    run: async (server) => {
      const keys = trustedKeys(server.description.trust).filter(({ asymmetricKeyType }) => asymmetricKeyType === 'ec');
      return verdict(
        keys.every((key) => thumbprint(key) === thumbprint31(key)),
        'a key has such a coordinate: make another key',
      );
    },
  },
];
